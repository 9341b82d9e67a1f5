import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { shortestFloat32 } from "../../../csv-cell.js";
import type { LatentVector } from "../../protocol.js";
import controls from "../controls.module.css";
import { fetchLatentVector } from "../latent/latent-requests.js";
import { save } from "../server-requests.js";
import { description, failure } from "../state.js";
import styles from "./data-vector.module.css";

const vector = signal<{ readonly row: number; readonly values: LatentVector }>();
const problem = signal<string>();
const isCopied = signal(false);

/** The data of a point with all digits: its latent vector, or its values in the input dimensions. */
export function DataVector({ row }: { row: number }) {
  useEffect(() => {
    const abort = new AbortController();
    problem.value = undefined;
    isCopied.value = false;
    if (vector.peek()?.row === row) return;
    fetchLatentVector(row, abort.signal)
      .then((values) => {
        vector.value = { row, values };
      })
      .catch((error: Error) => {
        if (!abort.signal.aborted) problem.value = error.message;
      });
    return () => abort.abort();
  }, [row]);
  const title = description.value?.model ? "Latent vector" : "Data";
  if (problem.value) return <p class={controls.note}>The data of this point were not loaded: {problem.value}</p>;
  const known = vector.value?.row === row ? vector.value.values : undefined;
  const sigma = known?.standardDeviation;
  return (
    <section aria-label={title}>
      <div class={controls.rowHead}>
        <h3>
          {title} {known && <small>{known.mean.length} dimensions</small>}
        </h3>
        <span class={styles.actions}>
          <button type="button" disabled={!known} onClick={() => known && copy(row, known)}>
            {isCopied.value ? "Copied" : "Copy"}
          </button>
          <button type="button" disabled={!known} onClick={() => known && saveVector(row, known)}>
            Save
          </button>
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls has to be reached by the keyboard */}
      <section class={styles.values} tabIndex={0} aria-label={`${title}, all values`}>
        <table>
          <thead>
            <tr>
              <th scope="col">{description.value?.model ? "z" : "Dimension"}</th>
              <th scope="col">{sigma ? "Mean" : "Value"}</th>
              {sigma && <th scope="col">Sigma</th>}
            </tr>
          </thead>
          <tbody>
            {known?.mean.map((value, dimension) => (
              <tr key={dimension}>
                <th scope="row">{dimension + 1}</th>
                <td>{digits(value)}</td>
                {sigma && <td>{digits(sigma[dimension])}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

/** The shortest text that converts back to the same number, in single precision if the number is a float32. */
const digits = (value: number): string => (Math.fround(value) === value ? shortestFloat32(value) : String(value));

async function copy(row: number, { mean, standardDeviation }: LatentVector): Promise<void> {
  const list = (values: readonly number[]) => `[${values.map(digits).join(", ")}]`;
  const parts = [`"row": ${row}`, `"mean": ${list(mean)}`];
  if (standardDeviation) parts.push(`"sigma": ${list(standardDeviation)}`);
  try {
    await navigator.clipboard.writeText(`{${parts.join(", ")}}`);
    isCopied.value = true;
  } catch {
    // Browsers only allow access to the clipboard on localhost and over HTTPS.
    failure.value = "The browser does not allow this page to copy. “Save” writes the same values into a file.";
  }
}

function saveVector(row: number, { mean, standardDeviation }: LatentVector): void {
  const head = standardDeviation ? "dimension,mean,sigma" : "dimension,value";
  const lines = mean.map((value, dimension) =>
    [dimension + 1, digits(value), ...(standardDeviation ? [digits(standardDeviation[dimension])] : [])].join(","),
  );
  save(new Blob([`${[head, ...lines].join("\n")}\n`], { type: "text/csv" }), `row-${row}.csv`);
}
