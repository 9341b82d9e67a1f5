import { EmptyState } from "../controls.js";
import controls from "../controls.module.css";
import { valueText } from "../map/column-values.js";
import { drawnLayout } from "../map/loaded-layouts.js";
import { goTo } from "../map/map-views.js";
import { chooseView } from "../map/view-bar.js";
import { click, description, firstLayout, hovered, layoutOf, mostMovedRows, secondLayout, view } from "../state.js";
import styles from "./moved-panel.module.css";
import { PointImage } from "./point-image.js";

/** The points that moved most between the two maps. */
export function MovedPanel() {
  if (view.value === "one") {
    return (
      <>
        <h2>Moved most</h2>
        <EmptyState title="One map is shown">
          With two maps, the points whose positions differ most are listed here and numbered in the maps.
        </EmptyState>
        <div class={controls.buttons}>
          <button type="button" class={controls.primary} onClick={() => chooseView("beside")}>
            Two maps side by side
          </button>
          <button type="button" onClick={() => chooseView("morph")}>
            Morph
          </button>
        </div>
      </>
    );
  }
  const [start, end] = [drawnLayout(firstLayout.value), drawnLayout(secondLayout.value)];
  const label = description.value?.columns.find(({ id }) => id === "label");
  const rows = mostMovedRows.value;
  const length = (row: number) => {
    if (!start || !end) return Number.NaN;
    const at = (axis: 0 | 1) => end.xy[2 * row + axis] - start.xy[2 * row + axis];
    return Math.hypot(at(0), at(1));
  };
  return (
    <>
      <h2>Moved most</h2>
      <p class={controls.note}>
        Distances from “{layoutOf(firstLayout.value)?.title}” to “{layoutOf(secondLayout.value)?.title}”, in units of
        half the width of the map. If neighboring points moved together, only the one that moved most is listed.
      </p>
      {rows.length === 0 && start && end && <EmptyState title="No point moved" />}
      <ol class={styles.moved}>
        {rows.map((row, at) => (
          <li key={row}>
            <button
              type="button"
              onPointerEnter={() => (hovered.value = row)}
              onPointerLeave={() => (hovered.value = undefined)}
              onFocus={() => (hovered.value = row)}
              onBlur={() => (hovered.value = undefined)}
              onClick={() => {
                click(row);
                goTo(row);
              }}
            >
              <b>{at + 1}</b>
              {description.value?.images && <PointImage row={row} size={36} />}
              <span class={controls.name}>
                Row {row.toLocaleString("en")}
                {label && <small>{valueText(label, row)}</small>}
              </span>
              <span class={controls.number}>{length(row).toFixed(2)}</span>
            </button>
          </li>
        ))}
      </ol>
    </>
  );
}
