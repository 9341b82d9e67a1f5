import type { Dataset, Images } from "../datasets/dataset.js";
import { drawSheet } from "../figures/sheet.js";
import { range } from "../models/images.js";
import type { Model } from "../models/model.js";
import { openEventFile, writeProjector } from "../tensorboard/index.js";
import { labelNames } from "./codes.js";
import { describeGraph } from "./model-graph.js";

/** Log of a training for TensorBoard. */
export interface TrainingLog {
  scalars(step: number, values: Readonly<Record<string, number>>): Promise<void>;
  /** Writes distributions of the weights, and reconstructions. */
  epoch(step: number): Promise<void>;
  close(): Promise<void>;
}

/** Number of images that are reconstructed for the log. */
const SHOWN = 12;
/** Largest number of images in the projector. */
const PROJECTED = 2000;

/**
 * Begins or continues the log of a training in `folder`.
 *
 * @param step step at which the training begins. If the folder has an earlier log, its later steps are dropped.
 * @throws {FileError} FILE_WRITE
 */
export async function openTrainingLog(
  folder: string,
  model: Model,
  dataset: Dataset,
  step: number,
): Promise<TrainingLog> {
  const part = dataset.test.count > 0 ? dataset.test : dataset.train;
  const chosen = range(0, Math.min(SHOWN, part.count));
  const shown = await part.read(chosen);
  // TensorBoard drops the records of earlier files from this step on. The scalars of the last finished step are kept.
  const file = await openEventFile(folder, { resumeStep: step === 0 ? 0 : step + 1 });
  if (step === 0) await file.writeGraph(describeGraph(model));
  return {
    scalars: (at, values) => file.write(at, { scalars: values }),
    async epoch(at) {
      const histograms = Object.fromEntries([...(await model.weights())].map(([name, { values }]) => [name, values]));
      const reconstructions = await model.reconstruct(shown);
      const pairs = new Float32Array(shown.length * 2);
      pairs.set(shown);
      pairs.set(reconstructions, shown.length);
      const sheet = await drawSheet(pairs, model.configuration, {
        columns: chosen.length,
        rowLabels: ["image", "reconstruction"],
      });
      await file.write(at, { histograms, images: { reconstructions: sheet } });
    },
    close: () => file.close(),
  };
}

/**
 * Writes the codes of up to 2000 test images for TensorBoard's projector, with their labels and the images themselves.
 *
 * @throws {FileError} FILE_WRITE
 */
export async function projectCodes(
  folder: string,
  model: Model,
  dataset: Dataset,
  signal: AbortSignal | undefined,
): Promise<void> {
  const part = dataset.test.count > 0 ? dataset.test : dataset.train;
  const images = firstImages(part, PROJECTED);
  const data = await images.read(range(0, images.count));
  const { means } = await model.encode(data, { signal });
  const labels = labelNames(images.labels, dataset.classes);
  const { height, width, channels } = images;
  const isDrawable = channels === 1 || channels === 3;
  const embedding = {
    name: "codes",
    points: means,
    metadata: labels && { label: labels },
    images: isDrawable ? { data, height, width, channels } : undefined,
  };
  await writeProjector(folder, [embedding], { signal });
}

const firstImages = (images: Images, most: number): Images => ({
  ...images,
  count: Math.min(images.count, most),
  labels: images.labels?.slice(0, most),
});
