export { type AugmentationOptions, addNoise, augmentImages, type NoiseOptions } from "./augmentation.js";
export type { Dataset, DatasetOptions, DatasetOrigin, DatasetProgress, Images } from "./dataset.js";
export { imagesInMemory, selectClass, selectImages, stretchContrast } from "./images.js";
export { type SuitableLikelihood, suitableLikelihood } from "./likelihood.js";
export {
  generateMicrographs,
  MICROGRAPH_CLASSES,
  type MicrographClass,
  type MicrographOptions,
  type Micrographs,
} from "./micrographs.js";
export { DATASETS, type OpenedImages, type OpenImagesOptions, openDataset, openImages } from "./open.js";
