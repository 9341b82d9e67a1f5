import { computed, effect, signal } from "@preact/signals";
import type { PointDescription } from "../../protocol.js";
import { PointImage } from "../panels/point-image.js";
import { fetchPoint, isOffline } from "../server-requests.js";
import { description, hovered, theme } from "../state.js";
import { colorOf, currentColumn, formatNumber, valueText } from "./coloring.js";
import { pointed } from "./gestures.js";
import { mapViews } from "./map-pane.js";

const facts = new Map<number, PointDescription>();
const MAX_FACTS = 2000;

/** Forgets points, when what is explored has changed. */
export function forgetPoints(): void {
  facts.clear();
}

/** What the server tells of a row; what it told before, at once. */
export async function factsOf(row: number, abort: AbortSignal): Promise<PointDescription> {
  const known = facts.get(row);
  if (known) return known;
  const come = await fetchPoint(row, abort);
  if (facts.size >= MAX_FACTS) facts.clear();
  facts.set(row, come);
  return come;
}

/** Facts on the row that is pointed at, once the pointer has rested. */
const pointedFacts = signal<PointDescription>();
const pointedRow = computed(() => pointed.value?.row);
effect(() => {
  const row = pointedRow.value;
  pointedFacts.value = row === undefined ? undefined : facts.get(row);
  if (row === undefined || pointedFacts.peek() || isOffline) return;
  const abort = new AbortController();
  const timer = setTimeout(() => {
    factsOf(row, abort.signal)
      .then((come) => {
        if (pointedRow.peek() === row) pointedFacts.value = come;
      })
      // A card without its neighbors is no reason to disturb; when the server is gone, the page says so elsewhere.
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
  const known = pointedFacts.value?.index === row ? pointedFacts.value : undefined;
  const { images, columns } = description.value ?? { images: null, columns: [] };
  const column = currentColumn.value;
  const label = columns.find(({ id }) => id === "label");
  // The card stays on the map, on the side where there is room.
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
    <div class="card hover-card" ref={set} data-theme={theme.value}>
      <div class="card-head">
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
          {known?.sigma && (
            <>
              <dt>Mean σ</dt>
              <dd>{formatNumber(known.sigma.mean)}</dd>
            </>
          )}
        </dl>
      </div>
      {images && known && known.neighbors.length > 0 && (
        <div class="card-neighbors" title="Nearest neighbors">
          {known.neighbors.slice(0, 6).map(({ index }) => (
            <PointImage key={index} row={index} size={32} />
          ))}
        </div>
      )}
    </div>
  );
}

export function Swatch({ color }: { color: string }) {
  return (
    <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">
      <circle cx="5" cy="5" r="5" fill={color} />
    </svg>
  );
}
