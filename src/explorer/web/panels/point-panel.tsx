import { effect, signal } from "@preact/signals";
import type { PointDescription } from "../../protocol.js";
import { EmptyState } from "../controls.js";
import controls from "../controls.module.css";
import { InterpolationButton } from "../latent/interpolation-card.js";
import { Reconstruction } from "../latent/reconstruction.js";
import { ColumnValue } from "../map/column-value.js";
import { formatNumber, pointText } from "../map/column-values.js";
import { goTo } from "../map/map-views.js";
import { describePoint } from "../map/point-descriptions.js";
import { isOffline } from "../server-requests.js";
import { click, clicked, description, hovered } from "../state.js";
import { DataVector } from "./data-vector.js";
import factsList from "./facts-list.module.css";
import pointGrid from "./point-grid.module.css";
import { PointImage } from "./point-image.js";
import styles from "./point-panel.module.css";

/** Width of an image in pixels. Image and reconstruction are shown side by side. */
const SIDE = 128;

const facts = signal<PointDescription>();
const problem = signal<string>();
effect(() => {
  const row = clicked.value;
  problem.value = undefined;
  if (row === undefined || isOffline) {
    facts.value = undefined;
    return;
  }
  const abort = new AbortController();
  describePoint(row, abort.signal)
    .then((come) => {
      facts.value = come;
    })
    .catch((error: Error) => {
      if (!abort.signal.aborted) problem.value = error.message;
    });
  return () => abort.abort();
});

/** All information about the point that was chosen last. */
export function PointPanel() {
  const row = clicked.value;
  if (row === undefined) {
    return (
      <>
        <h2>Point</h2>
        <EmptyState title="No point chosen">
          Click a point in the map, or go to one with the arrow keys and press Enter.
        </EmptyState>
      </>
    );
  }
  const columns = description.value?.columns ?? [];
  const known = facts.value?.index === row ? facts.value : undefined;
  return (
    <>
      <h2>Row {row.toLocaleString("en")}</h2>
      <div class={styles.pointHead}>
        {description.value?.images && (
          <figure>
            <PointImage row={row} size={SIDE} />
            <figcaption class={controls.note}>Image</figcaption>
          </figure>
        )}
        {description.value?.abilities.decode && (
          <figure>
            <Reconstruction row={row} size={SIDE} />
            <figcaption class={controls.note}>Reconstruction</figcaption>
          </figure>
        )}
      </div>
      <div class={controls.buttons}>
        <button type="button" onClick={() => goTo(row)}>
          Go to this point
        </button>
        <InterpolationButton />
      </div>
      <dl class={factsList.factsList}>
        {columns.map((column) => (
          <div key={column.id}>
            <dt>{column.title}</dt>
            <dd>
              <ColumnValue column={column} text={pointText(column, row, known)} />
            </dd>
          </div>
        ))}
        {known?.sigma && (
          <div>
            <dt>σ, smallest to largest</dt>
            <dd>
              {formatNumber(known.sigma.min)} to {formatNumber(known.sigma.max)}
            </dd>
          </div>
        )}
      </dl>
      {description.value?.abilities.search && <DataVector row={row} />}
      {known && known.neighbors.length > 0 && (
        <>
          <h3>Nearest neighbors</h3>
          <p class={controls.note}>
            Nearest by their {known.neighborsIn === "data" ? "codes" : "positions in the map"}.
          </p>
          <PointGrid
            rows={known.neighbors.map(({ index }) => index)}
            captions={known.neighbors.map(({ distance }) => formatNumber(distance))}
          />
        </>
      )}
      {problem.value && <p class={controls.note}>The neighbors could not be loaded: {problem.value}</p>}
    </>
  );
}

/** A grid of points that can be hovered over and chosen. */
export function PointGrid({ rows, captions }: { rows: readonly number[]; captions?: readonly string[] }) {
  const hasImages = description.value?.images != null;
  return (
    <ul class={hasImages ? pointGrid.pointGrid : `${pointGrid.pointGrid} ${pointGrid.plainRows}`}>
      {rows.map((row, at) => (
        <li key={row}>
          <button
            type="button"
            aria-label={`Row ${row.toLocaleString("en")}`}
            onPointerEnter={() => (hovered.value = row)}
            onPointerLeave={() => (hovered.value = undefined)}
            onFocus={() => (hovered.value = row)}
            onBlur={() => (hovered.value = undefined)}
            onClick={() => click(row)}
          >
            {hasImages ? <PointImage row={row} size={52} /> : <span>Row {row.toLocaleString("en")}</span>}
            {captions && <small>{captions[at]}</small>}
          </button>
        </li>
      ))}
    </ul>
  );
}
