export type { Aae, AaeConfiguration } from "./aae/model.js";
export type { Ae, AeConfiguration } from "./ae/model.js";
export type { BetaTcVae, BetaTcVaeConfiguration } from "./beta-tc-vae/model.js";
export type { BnnAe, BnnAeConfiguration } from "./bnn-ae/model.js";
export type { BnnVae, BnnVaeConfiguration } from "./bnn-vae/model.js";
export type { BnnVaeArtificial, BnnVaeArtificialConfiguration } from "./bnn-vae-artificial/model.js";
export { Gmvae, type GmvaeConfiguration, type GmvaeSampleOptions } from "./gmvae/model.js";
export type { ImageShape, ImagesLike } from "./images.js";
export type { Iwae, IwaeConfiguration } from "./iwae/model.js";
export { loadModel } from "./load.js";
export { MICROGRAPH_VAE_EXPERIMENTS, type MicrographVaeConfiguration } from "./micrograph-vae/configuration.js";
export type { MicrographVae } from "./micrograph-vae/model.js";
export {
  type BatchOptions,
  type Codes,
  type EncodeOptions,
  Model,
  type ModelConfiguration,
  type SampleOptions,
} from "./model.js";
export type { Recipe } from "./recipe.js";
export {
  createModel,
  type ModelOf,
  type ModelOptions,
  modelTitle,
  type RunNameOptions,
  runName,
} from "./registry.js";
export type { NamedTensor } from "./safetensors.js";
export { MODELS, type ModelName } from "./settings.js";
export type { Vae, VaeConfiguration } from "./vae/model.js";
