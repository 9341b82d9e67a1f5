import { signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { describeBytes } from "../../byte-size.js";
import { paths } from "../../protocol.js";
import { Toggle } from "../controls.js";
import controls from "../controls.module.css";
import { icons } from "../icons.js";
import { mapViews } from "../map/map-views.js";
import { saveAgain } from "../offline/save-again.js";
import { isOffline } from "../server-requests.js";
import { description, selected } from "../state.js";
import styles from "./export-menu.module.css";
import { savePng, saveSvg } from "./picture.js";
import { saveSelection, selectionFormats } from "./selection.js";

/** The menu with all exports. */
export function ExportMenu() {
  const menu = useRef<HTMLDetailsElement>(null);
  const close = () => menu.current?.removeAttribute("open");
  const has = mapViews.value.length > 0;
  const run = (act: () => unknown) => () => {
    close();
    act();
  };
  return (
    <details
      ref={menu}
      class={styles.menu}
      onKeyDown={(event) => event.key === "Escape" && close()}
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) close();
      }}
    >
      <summary class={controls.plain} title="Save">
        {icons.download}
        <span>Save</span>
      </summary>
      {/* It can have the focus, so that a click on a text in it does not close the menu. */}
      <div class={styles.menuItems} tabIndex={-1}>
        <button type="button" disabled={!has} onClick={run(savePng)}>
          Picture <small>PNG, as on the screen</small>
        </button>
        <button type="button" disabled={!has} onClick={run(saveSvg)}>
          Picture <small>SVG, scalable</small>
        </button>
        <hr />
        {selectionFormats.map((format) => (
          <button key={format} type="button" disabled={!selected.value} onClick={run(() => saveSelection(format))}>
            Selection <small>{format === "csv" ? "CSV" : "Parquet"}</small>
          </button>
        ))}
        <hr />
        {isOffline ? (
          <button type="button" onClick={run(saveAgain)}>
            Explorer <small>this file, with the maps computed in it</small>
          </button>
        ) : (
          <SaveExplorer close={close} />
        )}
      </div>
    </details>
  );
}

/** Whether the saved file will contain the data; undefined until the user decides. */
const hasData = signal<boolean>();

/** The link that saves the explorer as a file, and the choice whether the file contains the data. */
function SaveExplorer({ close }: { close: () => void }) {
  const recomputation = description.value?.recomputation;
  const includesData = recomputation?.obstacle === null && (hasData.value ?? recomputation.isDefault);
  return (
    <>
      <a
        href={paths.offline(includesData)}
        download=""
        title="Layouts that were not shown yet are computed first"
        onClick={close}
      >
        Explorer <small>one HTML file that needs no server</small>
      </a>
      {recomputation && (
        <div class={styles.data}>
          {recomputation.obstacle === null && (
            <Toggle
              label={`With the data (${describeBytes(recomputation.bytes)})`}
              isOn={includesData}
              onChange={(isOn) => {
                hasData.value = isOn;
              }}
            />
          )}
          <p class={controls.note}>
            {recomputation.obstacle === null
              ? includesData
                ? "The file can compute maps with other settings. Everybody who has it can read the data."
                : "The file shows these maps, but cannot compute others."
              : `The file cannot compute maps. ${recomputation.obstacle}`}
          </p>
        </div>
      )}
    </>
  );
}
