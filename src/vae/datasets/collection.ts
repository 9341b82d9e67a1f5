import type { DatasetOptions, Images } from "./dataset.js";

/**
 * Images from a file or a simulation, before one class is selected, the contrast is stretched and the images are split
 * into parts.
 */
export interface Collection {
  readonly name: string;
  /** The images, with the values as they are stored in the file. */
  readonly images: Images;
  /** The test part, if the data set has one. `images` is then the training part. */
  readonly test?: Images | undefined;
  /** Default number of validation images, if the data set has a test part. */
  readonly validation?: number | undefined;
  readonly classes?: readonly string[] | undefined;
  /**
   * The values that are scaled to 0 and to 1; undefined if the number type of the images does not determine this range.
   */
  readonly range: readonly [low: number, high: number] | undefined;
  /** Likelihood that is usually chosen for these images; undefined if the choice depends on their pixel values. */
  readonly likelihood?: "bernoulli" | "learned-gaussian" | undefined;
  /** Number of files of a folder that were skipped. */
  readonly skipped?: number | undefined;
  close(): Promise<void>;
}

/** Options that only some data sets use. */
export type LoaderOption = "labels" | "count" | "size" | "channels" | "strict";

/** A kind of data set. Each kind is implemented in its own file in this folder. */
export interface DatasetLoader {
  readonly name: string;
  /** A short description for lists of data sets. */
  readonly description: string;
  readonly accepts: readonly LoaderOption[];
  /** @param path path of the file or folder; only loaders of files and folders use it */
  open(options: DatasetOptions & { readonly seed: number }, path: string): Promise<Collection>;
}
