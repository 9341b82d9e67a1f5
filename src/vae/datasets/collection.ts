import type { DatasetOptions, Images } from "./dataset.js";

/** Images from a file or a simulation, before a class, the contrast and the parts are chosen. */
export interface Collection {
  readonly name: string;
  /** The images, with the values of the file. */
  readonly images: Images;
  /** The test part, if the data set has one. `images` is then the training part. */
  readonly test?: Images | undefined;
  /** Default number of validation images, if the data set has a test part. */
  readonly validation?: number | undefined;
  readonly classes?: readonly string[] | undefined;
  /** Values that become 0 and 1; undefined if the type of the values does not determine them. */
  readonly range: readonly [low: number, high: number] | undefined;
  /** Usual likelihood for these images; undefined if it has to be chosen from their values. */
  readonly likelihood?: "bernoulli" | "learned-gaussian" | undefined;
  /** Number of files of a folder that were skipped. */
  readonly skipped?: number | undefined;
  close(): Promise<void>;
}

/** Options that only some data sets use. */
export type LoaderOption = "labels" | "count" | "size" | "channels" | "strict";

/** A kind of data set. Each kind has its own file in this folder. */
export interface DatasetLoader {
  readonly name: string;
  /** A few words for lists of data sets. */
  readonly description: string;
  readonly accepts: readonly LoaderOption[];
  /** @param path file or folder, for loaders of files and folders */
  open(options: DatasetOptions & { readonly seed: number }, path: string): Promise<Collection>;
}
