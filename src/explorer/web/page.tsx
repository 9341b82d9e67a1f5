import { useEffect, useState } from "preact/hooks";
import controls from "./controls.module.css";
import { Header } from "./header.js";
import { icons } from "./icons.js";
import { Help, listenToKeys } from "./keys.js";
import { InterpolationCard } from "./latent/interpolation-card.js";
import { MapPane } from "./map/map-pane.js";
import { MapTools } from "./map/map-tools.js";
import { mapViews } from "./map/map-views.js";
import { MorphBar } from "./map/morph-bar.js";
import { ViewBar } from "./map/view-bar.js";
import styles from "./page.module.css";
import { SideBar } from "./side-bar.js";
import { connection, description, failure, isTableOpen, layouts, view, watchedComputation } from "./state.js";
import { PointTable } from "./table/point-table.js";

/** The whole page: maps on the left, the side bar with information on the right. */
export function Page() {
  useEffect(listenToKeys, []);
  return (
    <>
      <a class={styles.skip} href="#side">
        Skip the map
      </a>
      <Header />
      <Notices />
      <main class={styles.main}>
        <section class={styles.stage} aria-label="Maps">
          <ViewBar />
          <Stage />
          <MorphBar />
          {isTableOpen.value && description.value && <PointTable />}
        </section>
        <SideBar />
      </main>
      <Help />
    </>
  );
}

/** The maps exist from the beginning, so that the browser can prepare its graphics while the server answers. */
function Stage() {
  const isBeside = view.value === "beside" && watchedComputation.value === undefined;
  return (
    <div class={isBeside ? `${styles.maps} ${styles.beside}` : styles.maps}>
      <MapPane key="first" side={0} />
      {isBeside && <MapPane key="second" side={1} />}
      {layouts.value.length > 0 || watchedComputation.value !== undefined ? <MapTools /> : <Blank />}
      <Graphics />
      <InterpolationCard />
    </div>
  );
}

/** The message while there is no map. */
function Blank() {
  if (description.value) {
    return (
      <p class={styles.blank} role="status">
        <span class={`${controls.spinner} ${controls.large}`} />
        <strong>The first map is being prepared.</strong>
        <span>
          It is shown as soon as its first positions are computed. The panel “Progress” shows how far the computation
          is.
        </span>
      </p>
    );
  }
  if (connection.value === "lost") {
    return (
      <p class={styles.blank} role="alert">
        <strong>The server does not answer.</strong>
        <span>Start it again with the same command and port; this page then continues automatically.</span>
      </p>
    );
  }
  return (
    <p class={styles.blank} role="status">
      <span class={`${controls.spinner} ${controls.large}`} />
      <span>Opening …</span>
    </p>
  );
}

/** The message if the maps are drawn without WebGL. */
function Graphics() {
  const [isDismissed, setDismissed] = useState(false);
  if (isDismissed || mapViews.value.every(({ isAccelerated }) => isAccelerated)) return null;
  return (
    <p
      class={`${controls.pill} ${controls.graphics}`}
      title="Hardware acceleration can be switched on in the settings of most browsers; chrome://gpu and about:support list what they use."
    >
      This browser has no WebGL graphics, so the processor draws the maps
      <button type="button" class={controls.plain} aria-label="Dismiss" onClick={() => setDismissed(true)}>
        {icons.close}
      </button>
    </p>
  );
}

/** Error messages above the rest of the page. */
function Notices() {
  return (
    <div class={styles.notices} aria-live="assertive">
      {connection.value === "lost" && description.value && (
        <p class={styles.notice}>
          <span class={controls.spinner} />
          <span>
            <strong>The server has stopped answering.</strong> You can still use everything that is loaded. Start the
            server again with the same command and port; the page then continues automatically.
          </span>
        </p>
      )}
      {failure.value && (
        <p class={styles.notice}>
          <span>{failure.value}</span>
          <button
            type="button"
            class={controls.plain}
            aria-label="Dismiss"
            onClick={() => {
              failure.value = undefined;
            }}
          >
            {icons.close}
          </button>
        </p>
      )}
    </div>
  );
}
