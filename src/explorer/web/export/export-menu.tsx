import { useRef } from "preact/hooks";
import { paths } from "../../protocol.js";
import controls from "../controls.module.css";
import { icons } from "../icons.js";
import { mapViews } from "../map/map-views.js";
import { isOffline } from "../server-requests.js";
import { selected } from "../state.js";
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
      <div class={styles.menuItems}>
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
        {!isOffline && (
          <>
            <hr />
            <a
              href={paths.offline}
              download=""
              title="Layouts that were not shown yet are computed first"
              onClick={close}
            >
              Explorer <small>one HTML file that needs no server</small>
            </a>
          </>
        )}
      </div>
    </details>
  );
}
