import { useEffect, useRef, useState } from "preact/hooks";
import { EmptyState, Toggle } from "../controls.js";
import controls from "../controls.module.css";
import { formatNumber } from "../map/column-values.js";
import factsList from "../panels/facts-list.module.css";
import { PointGrid } from "../panels/point-panel.js";
import { clicked, description, layoutOf } from "../state.js";
import { DecodedImage } from "./decoded-image.js";
import pictures from "./pictures.module.css";
import { forgetSearch, type Search, search, searchBy } from "./search.js";
import styles from "./search-panel.module.css";

/** Search by example: by the point that was chosen last, or by an image file. */
export function SearchPanel() {
  const abilities = description.value?.abilities;
  const row = clicked.value;
  const shown = search.value;
  if (!abilities?.search) return null;
  return (
    <>
      <h2>Search by example</h2>
      {abilities.encode && <DropZone />}
      <div class={controls.buttons}>
        <button type="button" disabled={row === undefined} onClick={() => row !== undefined && searchBy({ row })}>
          {row === undefined ? "Search from the chosen point" : `Search from row ${row.toLocaleString("en")}`}
        </button>
        {shown && (
          <button type="button" onClick={forgetSearch}>
            Clear
          </button>
        )}
      </div>
      {shown ? (
        <Result shown={shown} />
      ) : (
        <EmptyState title="No search yet">
          The search finds the points with the nearest codes
          {abilities.place ? ", and the position of the example in the map" : ""}.
        </EmptyState>
      )}
    </>
  );
}

/** The area on which an image is dropped, chosen or pasted. */
function DropZone() {
  const [isOver, setOver] = useState(false);
  const [isInverted, setInverted] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const take = (file: File | null | undefined) => {
    if (file) void searchBy({ file, isInverted });
  };
  const invert = (isOn: boolean) => {
    setInverted(isOn);
    const example = search.value?.example;
    if (example && "file" in example) void searchBy({ file: example.file, isInverted: isOn });
  };
  useEffect(() => {
    // Without this, the browser would open a file that is dropped outside the zone.
    const ignore = (event: DragEvent) => event.preventDefault();
    const paste = (event: ClipboardEvent) => take(event.clipboardData?.files[0]);
    document.addEventListener("dragover", ignore);
    document.addEventListener("drop", ignore);
    document.addEventListener("paste", paste);
    return () => {
      document.removeEventListener("dragover", ignore);
      document.removeEventListener("drop", ignore);
      document.removeEventListener("paste", paste);
    };
  });
  return (
    <>
      <button
        type="button"
        class={isOver ? `${styles.dropZone} ${styles.over}` : styles.dropZone}
        onClick={() => input.current?.click()}
        onDragEnter={() => setOver(true)}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          setOver(false);
          take(event.dataTransfer?.files[0]);
          event.preventDefault();
        }}
      >
        <strong>Drop an image here</strong>
        <span>or click to choose one, or paste it</span>
        <small>PNG, JPEG, TIFF, WebP or GIF; scaled to the size of the model’s images</small>
      </button>
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg,image/tiff,image/webp,image/gif"
        hidden
        onChange={(event) => {
          take(event.currentTarget.files?.[0]);
          // Resetting the value lets the user choose the same file again.
          event.currentTarget.value = "";
        }}
      />
      <Toggle label="Invert the brightness, for example for ink on paper" isOn={isInverted} onChange={invert} />
    </>
  );
}

function Result({ shown: { example, result, shown, problem } }: { shown: Search }) {
  const name = "row" in example ? `row ${example.row.toLocaleString("en")}` : example.file.name || "the image";
  if (problem) {
    return (
      <p class={styles.problem} role="alert">
        The search from {name} failed: {problem}
      </p>
    );
  }
  if (!result) {
    return (
      <p class={controls.note} aria-live="polite">
        <span class={controls.spinner} /> Searching from {name}
      </p>
    );
  }
  const { latent, neighbors } = result;
  const sigma = latent.standardDeviation;
  return (
    <section class={styles.searchResult} aria-label="Search result">
      {shown && (
        <div class={pictures.pictures}>
          <figure>
            <DecodedImage picture={shown} size={104} title="The image as the model received it" />
            <figcaption>Input of the model</figcaption>
          </figure>
          <figure>
            <DecodedImage picture={shown} index={1} size={104} title="Its reconstruction" />
            <figcaption>Reconstruction</figcaption>
          </figure>
        </div>
      )}
      {sigma && (
        <dl class={factsList.factsList}>
          <div>
            <dt>σ of the code</dt>
            <dd>
              {formatNumber(Math.min(...sigma))} to {formatNumber(Math.max(...sigma))}
            </dd>
          </div>
        </dl>
      )}
      <Positions result={result} />
      <h3>Nearest to {name}</h3>
      <PointGrid
        rows={neighbors.map(({ index }) => index)}
        captions={neighbors.map(({ distance }) => formatNumber(distance))}
      />
    </section>
  );
}

/** The known positions of the example in the maps. */
function Positions({ result }: { result: NonNullable<Search["result"]> }) {
  const positions = Object.entries(result.positions);
  if (positions.length === 0) return null;
  return (
    <>
      <h3>Position in the maps</h3>
      <dl class={factsList.factsList}>
        {positions.map(([id, { x, y, covariance }]) => (
          <div key={id}>
            <dt>{layoutOf(id)?.title ?? id}</dt>
            <dd>
              {formatNumber(x)}, {formatNumber(y)}
              {covariance && ` ± ${formatNumber(Math.sqrt((covariance[0] + covariance[2]) / 2))}`}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
