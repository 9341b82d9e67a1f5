import * as tf from "@tensorflow/tfjs-core";
import { throwIfAborted } from "../../abort.js";
import { reject } from "../../arguments.js";
import { Matrix } from "../../matrix.js";
import { type CheckedValues, checkOptions, type OptionValues } from "../../options/index.js";
import { augmentImages } from "../datasets/augmentation.js";
import type { Images } from "../datasets/dataset.js";
import { type ImagesLike, range, toImages } from "../models/images.js";
import { type Codes, type Model, pause, take } from "../models/model.js";
import { Pass, SERIES } from "../models/pass.js";
import { MODEL_SETTINGS, MODELS } from "../models/settings.js";
import { Random } from "../random.js";
import { UNCERTAINTY_OPTIONS, type Uncertainty } from "./declarations.js";
import { Displacement } from "./displacement.js";
import { addPixelNoise, type NoiseLevel, noiseLevels } from "./pixel-noise.js";

/**
 * Options of {@link encodeWithUncertainty}. `uncertainty` is required.
 *
 * @interface
 */
export type UncertaintyOptions = Readonly<OptionValues<typeof UNCERTAINTY_OPTIONS>>;

/** Codes whose standard deviations measure one source of uncertainty. */
export interface UncertainCodes extends Codes {
  readonly sigma: Matrix;
  /**
   * Standard deviation of the pixel noise of each image: n numbers. If the noise differs between pixels, each number is
   * a root mean square over the pixels. Undefined for sources of uncertainty other than noise.
   */
  readonly noise: Float32Array | undefined;
}

/**
 * Encodes images and measures how far their codes move because of one source of uncertainty. The means are the same as
 * the means from {@link Model.encode}. Sigma is the root mean square, over `draws` draws, of the difference between the
 * mean of the code with a random change and the mean of the code without this change. If all draws shift the code in
 * the same direction, sigma includes this shift. The sources of uncertainty are:
 *
 * - `uncertainty: "noise"`: the noise of the pixels. Gaussian noise is added to the image, which is noisy already.
 *   Sigma therefore estimates how far the noise of the image has moved the code. The option `noise` is the standard
 *   deviation of the noise; by default, it is estimated from each image.
 * - `uncertainty: "weights"`: the weights of a model whose weights are distributions. Each image has its own draws.
 * - `uncertainty: "augmentation"`: the view of the image. The image is shifted by whole pixels. With `views: "flips"`,
 *   it is also flipped and turned.
 *
 * With `extrapolate`, the mean shift that the draws of noise cause is subtracted from the means: the added noise shifts
 * a code about as far as the noise of the image did (simulation and extrapolation of Cook & Stefanski 1994, with a
 * straight line). With `addPosterior`, the variance from {@link Model.encode} is added to the square of sigma.
 *
 * @param images n images
 * @throws {ArgumentError} INVALID_ARGUMENT if the options need distributions of weights or of codes and the model does
 *   not have them, SHAPE_MISMATCH for images or noise of another size
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function encodeWithUncertainty(
  model: Model,
  images: ImagesLike,
  options: UncertaintyOptions,
): Promise<UncertainCodes> {
  assertUncertainty(model, options);
  const settings = checkOptions(UNCERTAINTY_OPTIONS, options);
  const uncertainty = UNCERTAINTY_OPTIONS.uncertainty.check(settings.uncertainty, "uncertainty");
  const { addPosterior, extrapolate, draws, seed, commonDraws, batchSize, signal, onProgress } = settings;
  const checked = toImages(images, model.configuration);
  const source = SOURCES[uncertainty](model, checked, settings);
  const rounds = draws + 1;
  const codes = await model.encode(checked, {
    ...{ draws, seed, commonDraws, batchSize, signal },
    onProgress: (fraction) => onProgress?.(fraction / rounds),
  });
  const { rows, cols } = codes.means;
  const sigma = new Float32Array(rows * cols);
  const own = codes.means.data as Float32Array;
  const means = own.slice();
  await model.forEachBatch(checked, { batchSize, signal }, async (x, start) => {
    const [count] = x.shape;
    const drawCodes = await source.open(x, start);
    // For sources other than the weights, images are encoded with the means of the weights, if weights are random.
    const isOwn = uncertainty === "weights" || !model.parts.weightPosterior;
    const origin = isOwn ? own.subarray(start * cols, (start + count) * cols) : await take(inferMeans(model, x));
    const displacement = new Displacement(origin);
    for (let draw = 0; draw < draws; draw++) {
      throwIfAborted(signal);
      displacement.add(await take(await drawCodes(draw)));
      const done = (start + (count * (draw + 1)) / draws) / rows;
      onProgress?.((1 + draws * done) / rounds);
      await pause();
    }
    sigma.set(displacement.rootMeanSquares(), start * cols);
    if (!extrapolate) return;
    for (const [i, shift] of displacement.means().entries()) means[start * cols + i] -= shift;
  });
  if (addPosterior) addVariances(sigma, model, codes, uncertainty);
  return { means: new Matrix(means, rows, cols), sigma: new Matrix(sigma, rows, cols), noise: source.noise };
}

/**
 * Encodes images like {@link encodeWithUncertainty} if `options.uncertainty` is given, otherwise like {@link
 * Model.encode}.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT for an option that needs `uncertainty`
 */
export async function encodeImages(
  model: Model,
  images: ImagesLike,
  options: UncertaintyOptions = {},
): Promise<Codes & Partial<Pick<UncertainCodes, "noise">>> {
  if (options.uncertainty !== undefined) return encodeWithUncertainty(model, images, options);
  assertUncertainty(model, options);
  const { draws, seed, commonDraws, batchSize, signal, onProgress } = options;
  return model.encode(images, { draws, seed, commonDraws, batchSize, signal, onProgress });
}

/**
 * Checks options of {@link encodeImages} before any image is read, including whether the model supports them.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT, OUT_OF_RANGE or UNKNOWN_OPTION
 */
export function assertUncertainty(model: Model, options: UncertaintyOptions): void {
  const { uncertainty, views, shift, addPosterior } = checkOptions(UNCERTAINTY_OPTIONS, options);
  for (const [name, owner] of Object.entries(OWNERS) as [keyof typeof OWNERS, Uncertainty][]) {
    if (options[name] === undefined || options[name] === false || owner === uncertainty) continue;
    reject(name, options[name], `no value without uncertainty "${owner}", the only source that uses this option`);
  }
  if (addPosterior && uncertainty === undefined) {
    reject(
      "addPosterior",
      true,
      "nothing, because without uncertainty the standard deviations are those of the model alone",
    );
  }
  if (uncertainty === "weights" && !model.parts.weightPosterior) {
    const accepted = `noise or augmentation, because the weights of ${model.name} are single numbers (${BAYESIAN_MODELS} have distributions over their weights)`;
    reject("uncertainty", uncertainty, accepted);
  }
  if (uncertainty === "augmentation" && views === "shifts" && shift === 0) {
    reject("shift", 0, 'at least 1 pixel, or views "flips", because all views are the same otherwise', "OUT_OF_RANGE");
  }
}

/** Options that apply to only one source of uncertainty, each with the name of this source. */
const OWNERS = { noise: "noise", extrapolate: "noise", views: "augmentation", shift: "augmentation" } as const;

const BAYESIAN_MODELS = MODELS.filter((name) => "priorSigma" in MODEL_SETTINGS[name].options).join(", ");

type Settings = CheckedValues<typeof UNCERTAINTY_OPTIONS>;

/** A source of uncertainty, which gives different codes in every draw. */
interface Source {
  /** See {@link UncertainCodes.noise}. */
  readonly noise?: Float32Array;
  /**
   * Prepares a batch whose first image has the index `start`. Returns a function that computes the means of the codes
   * for one draw.
   */
  open(x: tf.Tensor4D, start: number): Promise<(draw: number) => Promise<tf.Tensor2D>>;
}

const SOURCES: Readonly<Record<Uncertainty, (model: Model, images: Images, settings: Settings) => Source>> = {
  noise(model, images, { noise, seed, commonDraws }) {
    const levelOf = noiseLevels(noise, images);
    const rootMeanSquares = new Float32Array(images.count);
    return {
      noise: rootMeanSquares,
      async open(x, start) {
        const values = await x.data<"float32">();
        const streams = streamsOf(x, start, commonDraws);
        const levels = Array.from(streams, (_, k) => {
          const level = levelOf(values.subarray(k * model.pixels, (k + 1) * model.pixels), start + k);
          rootMeanSquares[start + k] = rootMeanSquare(level, model.pixels);
          return level;
        });
        return async (draw) => meansOf(model, addPixelNoise(values, levels, { seed, draw, streams }), x);
      },
    };
  },
  weights: (model, _, { seed, commonDraws }) => ({
    async open(x, start) {
      const pass = new Pass(new Random(seed, SERIES.encoding, commonDraws ? 0 : start), { commonDraws });
      return async () => tf.tidy(() => model.posterior(x, pass).mean);
    },
  }),
  augmentation: (model, images, { views, shift, seed, commonDraws }) => ({
    async open(x, start) {
      const values = await x.data<"float32">();
      const batch: Images = { ...images, read: async () => values.slice() };
      const symmetry = views === "flips" ? "dihedral" : "none";
      return async (draw) => {
        const moved = augmentImages(batch, { symmetry, shift, seed, epoch: draw });
        return meansOf(model, await moved.read(streamsOf(x, start, commonDraws)), x);
      };
    },
  }),
};

/**
 * Numbers of the random streams for the images of a batch: the indices of the images, or 0 for every image if all
 * images use the same draws.
 */
function streamsOf({ shape: [count] }: tf.Tensor4D, start: number, commonDraws: boolean): Int32Array {
  return commonDraws ? new Int32Array(count) : range(start, start + count);
}

/** Computes the means of the codes. If the weights are distributions, the means of the weights are used. */
const inferMeans = (model: Model, x: tf.Tensor4D): tf.Tensor2D =>
  tf.tidy(() => model.parts.encoder.infer(x)[0] as tf.Tensor2D);

const meansOf = (model: Model, values: Float32Array, { shape }: tf.Tensor4D): tf.Tensor2D =>
  tf.tidy(() => inferMeans(model, tf.tensor4d(values, shape)));

function rootMeanSquare(level: NoiseLevel, length: number): number {
  let squares = 0;
  for (let j = 0; j < length; j++) squares += level(j) ** 2;
  return Math.sqrt(squares / length);
}

/**
 * Adds the variances that the model gives to its codes. If the source of uncertainty is the weights, these variances
 * already include the spread over the weights, so the standard deviations from the model replace sigma.
 */
function addVariances(sigma: Float32Array, model: Model, { sigma: own }: Codes, uncertainty: Uncertainty): void {
  if (!own) {
    reject("addPosterior", true, `false, because ${model.name} has no standard deviations of its codes`);
  }
  const isContained = uncertainty === "weights";
  for (let i = 0; i < sigma.length; i++) sigma[i] = isContained ? own.data[i] : Math.hypot(sigma[i], own.data[i]);
}
