import * as tf from "@tensorflow/tfjs-core";
import { throwIfAborted } from "../../abort.js";
import type { Images } from "../datasets/dataset.js";
import { range } from "../models/images.js";
import { type Model, pause } from "../models/model.js";
import { Pass, SERIES } from "../models/pass.js";
import { Random } from "../random.js";

/** Options of {@link measureStatistics}. */
export interface StatisticsOptions {
  /** Number of images per batch, the same as in training, because each batch is normalized by its own statistics. */
  readonly batchSize: number;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Replaces the running averages of the batch normalizations, and of the normalization of the codes, by the mean and
 * variance over all these images ("precise batch normalization": Wu & Johnson 2021, "Rethinking batch in batch
 * normalization", arXiv 2105.07576, section 3). Running averages are less precise: they contain contributions from
 * earlier weights and, after a short training, from the initial values of the averages. Models without such statistics
 * are not changed.
 *
 * @throws {AbortError} if `signal` is aborted
 */
export async function measureStatistics(model: Model, images: Images, options: StatisticsOptions): Promise<void> {
  if (!model.hasRunningStatistics) return;
  const { batchSize, seed, signal } = options;
  const { height, width, channels } = model.configuration;
  const batches = Math.ceil(images.count / batchSize);
  const border = (i: number) => Math.floor((i * images.count) / batches);
  for (let i = 0; i < batches; i++) {
    throwIfAborted(signal);
    const values = await images.read(range(border(i), border(i + 1)));
    const random = new Random(seed, SERIES.statistics, i);
    const pass = new Pass(random, { training: true, batchWeight: 1 / (i + 1) });
    tf.tidy(() => {
      const x = tf.tensor4d(values, [values.length / model.pixels, height, width, channels]);
      model.loss(x, x, pass);
    });
    await pause();
  }
}
