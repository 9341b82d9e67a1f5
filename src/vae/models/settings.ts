import type { Declarations } from "../../options/index.js";
import { AAE_RECIPE, aaeOptions } from "./aae/configuration.js";
import { aeOptions } from "./ae/configuration.js";
import { betaTcVaeOptions } from "./beta-tc-vae/configuration.js";
import { bnnAeOptions } from "./bnn-ae/configuration.js";
import { bnnVaeOptions } from "./bnn-vae/configuration.js";
import { bnnVaeArtificialOptions } from "./bnn-vae-artificial/configuration.js";
import { GMVAE_RECIPE, gmvaeOptions } from "./gmvae/configuration.js";
import { iwaeOptions } from "./iwae/configuration.js";
import { experimentOption, MICROGRAPH_VAE_RECIPE, micrographVaeOptions } from "./micrograph-vae/configuration.js";
import { PLAIN_RECIPE, type Recipe } from "./recipe.js";
import { vaeOptions } from "./vae/configuration.js";

/** Information about a model that is available before its network is built. */
interface ModelSettings {
  /** A description in one line. */
  readonly title: string;
  /** Beginning of a run's name (see `runName`). */
  readonly abbreviation: string;
  readonly options: Declarations;
  /** Default settings for the training. */
  readonly recipe: Recipe;
}

const settings = <const D extends Declarations>(
  title: string,
  abbreviation: string,
  options: D,
  recipe = PLAIN_RECIPE,
) => ({ title, abbreviation, options, recipe }) satisfies ModelSettings;

/** All models by name. This file does not load TensorFlow.js, so that help texts appear immediately. */
export const MODEL_SETTINGS = {
  ae: settings("plain autoencoder", "AE", aeOptions),
  "conv-ae": settings("plain autoencoder, convolutional", "AECNN", aeOptions),
  vae: settings("variational autoencoder", "V", vaeOptions),
  "conv-vae": settings("variational autoencoder, convolutional", "VCNN", vaeOptions),
  iwae: settings("importance-weighted autoencoder", "IW", iwaeOptions),
  "conv-iwae": settings("importance-weighted autoencoder, convolutional", "IWCNN", iwaeOptions),
  "beta-tc-vae": settings("variational autoencoder with a weighted total correlation", "TC", betaTcVaeOptions),
  "conv-beta-tc-vae": settings(
    "variational autoencoder with a weighted total correlation, convolutional",
    "TCCNN",
    betaTcVaeOptions,
  ),
  gmvae: settings("Gaussian mixture variational autoencoder", "GMV", gmvaeOptions, GMVAE_RECIPE),
  "conv-gmvae": settings(
    "Gaussian mixture variational autoencoder, convolutional",
    "GMVCNN",
    gmvaeOptions,
    GMVAE_RECIPE,
  ),
  "bnn-ae": settings("autoencoder with Bayesian weights", "BNNAE", bnnAeOptions),
  "conv-bnn-ae": settings("autoencoder with Bayesian weights, convolutional", "BNNAECNN", bnnAeOptions),
  "bnn-vae": settings("variational autoencoder with Bayesian weights", "BNNV", bnnVaeOptions),
  "bnn-vae-artificial": settings(
    "autoencoder with Bayesian weights and a sampled code",
    "BNNVA",
    bnnVaeArtificialOptions,
  ),
  aae: settings("adversarial autoencoder", "AAE", aaeOptions, AAE_RECIPE),
  "micrograph-vae": settings(
    "variational autoencoder for micrographs",
    "MV",
    { ...micrographVaeOptions, experiment: experimentOption },
    MICROGRAPH_VAE_RECIPE,
  ),
};

/** One of {@link MODELS}. */
export type ModelName = keyof typeof MODEL_SETTINGS;
/** The names of all models. */
export const MODELS = Object.keys(MODEL_SETTINGS) as readonly ModelName[];

/** The options of all models. Each option appears once, with its defaults for all models that have it. */
export const MODEL_OPTIONS: Declarations = describeAll();

function describeAll(): Declarations {
  const all: Record<string, Declarations[string]> = {};
  for (const model of MODELS) {
    for (const [name, option] of Object.entries<Declarations[string]>(MODEL_SETTINGS[model].options)) {
      all[name] ??= { ...option, defaultText: defaultsOf((other) => defaultOf(other, name)) };
    }
  }
  return all;
}

function defaultOf(model: ModelName, name: string): string | undefined {
  const option = (MODEL_SETTINGS[model].options as Declarations)[name];
  return option && (option.defaultText || "required");
}

/**
 * Describes in words the values that a setting has in all models, such as `20; 10 for gmvae; 64 for micrograph-vae`.
 * Convolutional models are not named, because they have the same values as the dense models.
 *
 * @param textOf returns the value of a model; undefined if the model has no such value
 */
export function defaultsOf(textOf: (model: ModelName) => unknown): string {
  const models = new Map<string, ModelName[]>();
  for (const model of MODELS) {
    const value = textOf(model);
    if (value === undefined || model.startsWith("conv-")) continue;
    models.set(String(value), [...(models.get(String(value)) ?? []), model]);
  }
  const [most, ...others] = [...models].sort((a, b) => b[1].length - a[1].length);
  if (most === undefined) return "";
  return [most[0], ...others.map(([value, names]) => `${value} for ${names.join(", ")}`)].join("; ");
}
