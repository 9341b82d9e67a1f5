import { computed, effect, signal } from "@preact/signals";
import { Fragment } from "preact";
import type { PointDescription } from "../../protocol.js";
import controls from "../controls.module.css";
import { PointImage } from "../panels/point-image.js";
import { isOffline } from "../server-requests.js";
import { description, hoverColumns, hovered, theme } from "../state.js";
import { colorOf, currentColumn } from "./coloring.js";
import { formatNumber, pointText, valueText } from "./column-values.js";
import { pointed } from "./gestures.js";
import styles from "./hover-card.module.css";
import { mapViews } from "./map-views.js";
import { describePoint, knownPoint } from "./point-descriptions.js";
import { Swatch } from "./swatch.js";

/** The description of the row under the pointer. It is requested when the pointer stops. */
const pointedDescription = signal<PointDescription>();
const pointedRow = computed(() => pointed.value?.row);
effect(() => {
  const row = pointedRow.value;
  pointedDescription.value = row === undefined ? undefined : knownPoint(row);
  if (row === undefined || pointedDescription.peek() || isOffline) return;
  const abort = new AbortController();
  const timer = setTimeout(() => {
    describePoint(row, abort.signal)
      .then((loaded) => {
        if (pointedRow.peek() === row) pointedDescription.value = loaded;
      })
      // A card without neighbors needs no message, and the page reports a lost server elsewhere.
      .catch(() => undefined);
  }, 90);
  return () => {
    clearTimeout(timer);
    abort.abort();
  };
});

/** Image, label, uncertainty and neighbors of the point under the pointer. */
export function HoverCard({ side }: { side: 0 | 1 }) {
  const map = mapViews.value[side];
  const here = pointed.value;
  if (!here || here.map !== map || hovered.value !== here.row) return null;
  const { row, at } = here;
  const known = pointedDescription.value?.index === row ? pointedDescription.value : undefined;
  const { images, columns } = description.value ?? { images: null, columns: [] };
  const column = currentColumn.value;
  const label = columns.find(({ id }) => id === "label");
  // The card is on the side of the point where the map has more space.
  const isRight = at[0] < map.width / 2;
  const isBelow = at[1] < map.height / 2;
  const set = (element: HTMLElement | null) => {
    if (!element) return;
    const { style } = element;
    style.left = isRight ? `${Math.round(at[0] + 18)}px` : "auto";
    style.right = isRight ? "auto" : `${Math.round(map.width - at[0] + 18)}px`;
    style.top = isBelow ? `${Math.round(Math.max(8, at[1] - 24))}px` : "auto";
    style.bottom = isBelow ? "auto" : `${Math.round(Math.max(8, map.height - at[1] - 24))}px`;
  };
  return (
    <div class={`${controls.card} ${styles.hoverCard}`} ref={set} data-theme={theme.value}>
      <div class={styles.cardHead}>
        {images && <PointImage row={row} size={72} />}
        <dl>
          <dt>Row</dt>
          <dd>{row.toLocaleString("en")}</dd>
          {label && (
            <>
              <dt>{label.title}</dt>
              <dd>
                {label === column && <Swatch color={colorOf(row)} />}
                {valueText(label, row) || "none"}
              </dd>
            </>
          )}
          {column && column !== label && (
            <>
              <dt>{column.title}</dt>
              <dd>
                <Swatch color={colorOf(row)} />
                {valueText(column, row) || "none"}
              </dd>
            </>
          )}
          {columns
            .filter(({ id }) => hoverColumns.value.includes(id) && id !== label?.id && id !== column?.id)
            .map((one) => (
              <Fragment key={one.id}>
                <dt>{one.title}</dt>
                <dd>{pointText(one, row, known) === "" ? "none" : (pointText(one, row, known) ?? "…")}</dd>
              </Fragment>
            ))}
          {known?.sigma && (
            <>
              <dt>Mean σ</dt>
              <dd>{formatNumber(known.sigma.mean)}</dd>
            </>
          )}
        </dl>
      </div>
      {images && known && known.neighbors.length > 0 && (
        <div class={styles.cardNeighbors} title="Nearest neighbors">
          {known.neighbors.slice(0, 6).map(({ index }) => (
            <PointImage key={index} row={index} size={32} />
          ))}
        </div>
      )}
    </div>
  );
}
