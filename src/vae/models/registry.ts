import * as tf from "@tensorflow/tfjs-core";
import { requireOptions } from "../../arguments.js";
import { SigmaTsneError } from "../../errors.js";
import { hasBackend } from "../backends/selection.js";
import { aaeOptions } from "./aae/configuration.js";
import { Aae } from "./aae/model.js";
import { aeOptions } from "./ae/configuration.js";
import { Ae } from "./ae/model.js";
import { betaTcVaeOptions } from "./beta-tc-vae/configuration.js";
import { BetaTcVae } from "./beta-tc-vae/model.js";
import { bnnAeOptions } from "./bnn-ae/configuration.js";
import { BnnAe } from "./bnn-ae/model.js";
import { bnnVaeOptions } from "./bnn-vae/configuration.js";
import { BnnVae } from "./bnn-vae/model.js";
import { bnnVaeArtificialOptions } from "./bnn-vae-artificial/configuration.js";
import { BnnVaeArtificial } from "./bnn-vae-artificial/model.js";
import { requireChoice, resolve } from "./configuration.js";
import { gmvaeOptions } from "./gmvae/configuration.js";
import { Gmvae } from "./gmvae/model.js";
import { iwaeOptions } from "./iwae/configuration.js";
import { Iwae } from "./iwae/model.js";
import { resolveMicrographVae } from "./micrograph-vae/configuration.js";
import { MicrographVae } from "./micrograph-vae/model.js";
import type { Model, ModelConfiguration } from "./model.js";
import { MODEL_SETTINGS, MODELS, type ModelName } from "./settings.js";
import { vaeOptions } from "./vae/configuration.js";
import { Vae } from "./vae/model.js";

/** Functions that build a model from its options. */
const table = {
  ae: (options: unknown) => new Ae("ae", resolve(aeOptions, options), "dense"),
  "conv-ae": (options: unknown) => new Ae("conv-ae", resolve(aeOptions, options), "convolutional"),
  vae: (options: unknown) => new Vae("vae", resolve(vaeOptions, options), "dense"),
  "conv-vae": (options: unknown) => new Vae("conv-vae", resolve(vaeOptions, options), "convolutional"),
  iwae: (options: unknown) => new Iwae("iwae", resolve(iwaeOptions, options), "dense"),
  "conv-iwae": (options: unknown) => new Iwae("conv-iwae", resolve(iwaeOptions, options), "convolutional"),
  "beta-tc-vae": (options: unknown) => new BetaTcVae("beta-tc-vae", resolve(betaTcVaeOptions, options), "dense"),
  "conv-beta-tc-vae": (options: unknown) =>
    new BetaTcVae("conv-beta-tc-vae", resolve(betaTcVaeOptions, options), "convolutional"),
  gmvae: (options: unknown) => new Gmvae("gmvae", resolve(gmvaeOptions, options), "dense"),
  "conv-gmvae": (options: unknown) => new Gmvae("conv-gmvae", resolve(gmvaeOptions, options), "convolutional"),
  "bnn-ae": (options: unknown) => new BnnAe("bnn-ae", resolve(bnnAeOptions, options), "dense"),
  "conv-bnn-ae": (options: unknown) => new BnnAe("conv-bnn-ae", resolve(bnnAeOptions, options), "convolutional"),
  "bnn-vae": (options: unknown) => new BnnVae("bnn-vae", resolve(bnnVaeOptions, options)),
  "bnn-vae-artificial": (options: unknown) =>
    new BnnVaeArtificial("bnn-vae-artificial", resolve(bnnVaeArtificialOptions, options)),
  aae: (options: unknown) => new Aae("aae", resolve(aaeOptions, options)),
  "micrograph-vae": (options: unknown) => new MicrographVae("micrograph-vae", resolveMicrographVae(options)),
} satisfies Record<ModelName, (options: unknown) => Model>;

/** The class of the model with the name N. */
export type ModelOf<N extends ModelName> = (typeof table)[N] extends ((options: unknown) => infer M extends Model)
  ? M
  : never;
/** Options of a model. The size of the images is required; all other options have defaults. */
export type ModelOptions<N extends ModelName> = Partial<ModelOf<N>["configuration"]> & {
  /** micrograph-vae only: number of the published experiment, 1 to 5, whose settings become the defaults. */
  readonly experiment?: 1 | 2 | 3 | 4 | 5 | undefined;
};

/**
 * Builds a model with random weights. `height` and `width` of the images must be given, except for micrograph-vae,
 * whose default is 96 x 96. Call {@link selectBackend} first, because the weights are stored in the backend.
 *
 * @param name one of {@link MODELS}
 * @throws {ArgumentError} INVALID_ARGUMENT, UNKNOWN_OPTION or OUT_OF_RANGE, with the accepted values
 * @throws {SigmaTsneError} BACKEND_UNAVAILABLE if no backend was selected
 */
export function createModel<N extends ModelName>(name: N, options: ModelOptions<N>): ModelOf<N> {
  requireOptions(options);
  const known = requireChoice(name, "model", MODELS) as N;
  if (!hasBackend(tf)) {
    throw new SigmaTsneError(
      "BACKEND_UNAVAILABLE",
      "no backend is selected: await selectBackend() before createModel()",
    );
  }
  const build: (options: unknown) => Model = table[known];
  return build(options) as ModelOf<N>;
}

/** Returns a description of a model in one line. */
export function modelTitle(name: ModelName): string {
  return MODEL_SETTINGS[requireChoice(name, "model", MODELS)].title;
}

/** Further parts of the name of a run. All are optional. */
export interface RunNameOptions {
  /** Fraction of the input's pixel values to which noise is added. */
  readonly noise?: number | undefined;
  /** Class of the training images, if all of them have the same class. */
  readonly class?: string | number | undefined;
  /** Text that is appended to the name. Characters that are unsuitable for the name of a folder are replaced. */
  readonly extra?: string | undefined;
}

/**
 * Returns the name of a run, such as `GMV_MNIST_0001_8_2_10_64_2`. The name consists of the model, the data set, the
 * output variance without its decimal point (or the name of the likelihood if it has no fixed variance), zDim, wDim and
 * K (only for mixtures), hiddenDim, and numLayers (for micrograph-vae: the number of convolutions). Values of dropout,
 * beta, noise and class that differ from the defaults follow, such as `dropout0.3`, and then `extra`.
 *
 * @param dataset name of the data set
 */
export function runName(model: Model, dataset: string, options: RunNameOptions = {}): string {
  const { abbreviation, options: declared } = MODEL_SETTINGS[requireChoice(model.name as ModelName, "model", MODELS)];
  const c = model.configuration as ModelConfiguration & Partial<Record<string, unknown>>;
  const words = { bernoulli: "bernoulli", "learned-gaussian": "learned" } as Partial<Record<string, string>>;
  const likelihood = words[String(c.likelihood)] ?? String(c.outputVariance).replace(".", "");
  const numLayers = c.numLayers ?? (c.filters as readonly number[]).length;
  const fields = [
    abbreviation,
    dataset.toUpperCase(),
    likelihood,
    c.zDim,
    c.wDim,
    c.clusters,
    c.hiddenDim,
    numLayers,
    (c.dropout ?? 0) !== 0 && `dropout${c.dropout}`,
    "beta" in declared && c.beta !== declared.beta.default && `beta${c.beta}`,
    (options.noise ?? 0) !== 0 && `noise${options.noise}`,
    options.class !== undefined && `class${options.class}`,
    options.extra,
  ];
  return fields
    .filter((field) => field !== undefined && field !== false && field !== "")
    .map((field) => String(field).replace(/[^\p{L}\p{N}.+-]+/gu, "-"))
    .join("_");
}
