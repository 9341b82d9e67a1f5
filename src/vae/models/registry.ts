import * as tf from "@tensorflow/tfjs-core";
import { requireOptions } from "../../arguments.js";
import { SigmaTsneError } from "../../errors.js";
import { hasBackend } from "../backends/selection.js";
import { aaeFields } from "./aae/configuration.js";
import { Aae } from "./aae/model.js";
import { aeFields } from "./ae/configuration.js";
import { Ae } from "./ae/model.js";
import { bnnAeFields } from "./bnn-ae/configuration.js";
import { BnnAe } from "./bnn-ae/model.js";
import { bnnVaeFields } from "./bnn-vae/configuration.js";
import { BnnVae } from "./bnn-vae/model.js";
import { bnnVaeArtificialFields } from "./bnn-vae-artificial/configuration.js";
import { BnnVaeArtificial } from "./bnn-vae-artificial/model.js";
import { type Fields, type Resolved, requireChoice, resolve } from "./configuration.js";
import { gmvaeFields } from "./gmvae/configuration.js";
import { Gmvae } from "./gmvae/model.js";
import { resolveMicrographVae } from "./micrograph-vae/configuration.js";
import { MicrographVae } from "./micrograph-vae/model.js";
import type { Model, ModelConfiguration } from "./model.js";
import { vaeFields } from "./vae/configuration.js";
import { Vae } from "./vae/model.js";

interface Entry<M> {
  /** The model that `options` ask for. */
  create(name: string, options: unknown): M;
  /** The beginning of a run's name (see `runName`). */
  readonly abbreviation: string;
  /** What it is, in a line. */
  readonly title: string;
}

function entry<C extends ModelConfiguration, M extends Model>(
  title: string,
  abbreviation: string,
  resolveOptions: (options: unknown) => C,
  create: (name: string, configuration: C) => M,
): Entry<M> {
  return { title, abbreviation, create: (name, options) => create(name, resolveOptions(options)) };
}

const by =
  <F extends Fields>(fields: F) =>
  (options: unknown): Resolved<F> =>
    resolve(fields, options);

/** The table of models. */
const table = {
  ae: entry("plain autoencoder", "AE", by(aeFields), (n, c) => new Ae(n, c, "dense")),
  "conv-ae": entry("plain autoencoder, convolutional", "AECNN", by(aeFields), (n, c) => new Ae(n, c, "convolutional")),
  vae: entry("variational autoencoder", "V", by(vaeFields), (n, c) => new Vae(n, c, "dense")),
  "conv-vae": entry(
    "variational autoencoder, convolutional",
    "VCNN",
    by(vaeFields),
    (n, c) => new Vae(n, c, "convolutional"),
  ),
  gmvae: entry("Gaussian mixture variational autoencoder", "GMV", by(gmvaeFields), (n, c) => new Gmvae(n, c, "dense")),
  "conv-gmvae": entry(
    "Gaussian mixture variational autoencoder, convolutional",
    "GMVCNN",
    by(gmvaeFields),
    (n, c) => new Gmvae(n, c, "convolutional"),
  ),
  "bnn-ae": entry("autoencoder with Bayesian weights", "BNNAE", by(bnnAeFields), (n, c) => new BnnAe(n, c, "dense")),
  "conv-bnn-ae": entry(
    "autoencoder with Bayesian weights, convolutional",
    "BNNAECNN",
    by(bnnAeFields),
    (n, c) => new BnnAe(n, c, "convolutional"),
  ),
  "bnn-vae": entry(
    "variational autoencoder with Bayesian weights",
    "BNNV",
    by(bnnVaeFields),
    (n, c) => new BnnVae(n, c),
  ),
  "bnn-vae-artificial": entry(
    "autoencoder with Bayesian weights and a sampled code",
    "BNNVA",
    by(bnnVaeArtificialFields),
    (n, c) => new BnnVaeArtificial(n, c),
  ),
  aae: entry("adversarial autoencoder", "AAE", by(aaeFields), (n, c) => new Aae(n, c)),
  "micrograph-vae": entry(
    "variational autoencoder for micrographs",
    "MV",
    resolveMicrographVae,
    (n, c) => new MicrographVae(n, c),
  ),
};

/** One of {@link MODELS}. */
export type ModelName = keyof typeof table;
/** The names of all models. */
export const MODELS = Object.keys(table) as readonly ModelName[];
/** The model of a name. */
export type ModelOf<N extends ModelName> = ReturnType<(typeof table)[N]["create"]>;
/** The options of a model: the size of the images is needed, all else has defaults. */
export type ModelOptions<N extends ModelName> = Partial<ModelOf<N>["configuration"]> & {
  /** micrograph-vae only: the published experiment, 1 to 5, whose settings are to be the defaults. */
  readonly experiment?: 1 | 2 | 3 | 4 | 5 | undefined;
};

/**
 * Builds a model with random weights. `height` and `width` of the images must be given, except for micrograph-vae, whose default is
 * 96 x 96. Weights live where networks are computed: {@link selectBackend} comes first.
 *
 * @param name one of {@link MODELS}
 * @throws {ArgumentError} INVALID_ARGUMENT, UNKNOWN_OPTION or OUT_OF_RANGE, saying what would be accepted
 * @throws {SigmaTsneError} BACKEND_UNAVAILABLE before a backend was selected
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
  return table[known].create(known, options) as ModelOf<N>;
}

/** What a model is, in a line. */
export function modelTitle(name: ModelName): string {
  return table[requireChoice(name, "model", MODELS)].title;
}

/**
 * The name of a run, such as `GMV_MNIST_0001_8_2_10_64_2`: the model, the data set, the output variance without its point (or the likelihood's
 * name where it has no fixed one), zDim, for mixtures wDim and K, hiddenDim, and numLayers (for micrograph-vae the number of
 * convolutions), then `extra`.
 *
 * @param dataset name of the data set
 */
export function runName(model: Model, dataset: string, extra?: string): string {
  const { abbreviation } = table[requireChoice(model.name as ModelName, "model", MODELS)];
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
    extra,
  ];
  return fields
    .filter((field) => field !== undefined && field !== "")
    .map((field) => String(field).replace(/[^\p{L}\p{N}.+-]+/gu, "-"))
    .join("_");
}
