import { batch, effect, signal } from "@preact/signals";
import type { LatentVector } from "../../protocol.js";
import { clicked, description, failure, panel } from "../state.js";
import { decodeNewest, fetchLatentVector } from "./latent-requests.js";
import { latestOnly } from "./latest-only.js";

/** The latent vector at which the sliders began. */
export interface Origin extends LatentVector {
  /** The row of the point; undefined for the mean of all codes. */
  readonly row: number | undefined;
}
export const origin = signal<Origin>();
/** The code at the current slider positions. */
export const code = signal<readonly number[]>([]);
/** The image of the code. While a new image is loading, this is the previous image. */
export const decoded = signal<ImageBitmap>();

export function moveTo(values: readonly number[]): void {
  code.value = values;
}

export function moveOne(dimension: number, value: number): void {
  code.value = code.value.map((old, j) => (j === dimension ? value : old));
}

function begin(from: Origin): void {
  batch(() => {
    origin.value = from;
    code.value = from.mean;
  });
}

const isShown = () => panel.value === "latent" && description.value?.model != null;

// Loads the code of the point that was chosen last while the panel is open.
effect(() => {
  const row = clicked.value;
  const model = description.value?.model;
  if (!isShown() || !model) return;
  const known = origin.peek();
  if (known && known.row === row && known.mean.length === model.latentDimensions) return;
  if (row === undefined) {
    begin({ row, mean: model.mean, standardDeviation: null });
    return;
  }
  const abort = new AbortController();
  fetchLatentVector(row, abort.signal)
    .then((come) => begin({ row, ...come }))
    .catch((error: Error) => {
      if (!abort.signal.aborted) failure.value = `The code of row ${row} was not loaded: ${error.message}`;
    });
  return () => abort.abort();
});

const decode = latestOnly(async (values: readonly number[]) => {
  try {
    decoded.value = await decodeNewest(values);
  } catch (error) {
    failure.value = `The code was not decoded: ${(error as Error).message}`;
  }
});

effect(() => {
  if (isShown() && code.value.length > 0) decode(code.value);
});
