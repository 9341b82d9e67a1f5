import type { DatasetOptions, Images } from "./dataset.js";

/** Images as a file or a simulation gives them, before classes, contrast and parts are chosen. */
export interface Collection {
  readonly name: string;
  /** With the values of the file. */
  readonly images: Images;
  /** Where the data set has a test part of its own; `images` is then its training part. */
  readonly test?: Images | undefined;
  /** Images of the validation part, by default, where there is an own test part. */
  readonly validation?: number | undefined;
  readonly classes?: readonly string[] | undefined;
  /** What becomes 0 and 1; undefined where the type of the values does not say. */
  readonly range: readonly [low: number, high: number] | undefined;
  /** The likelihood that is customary for these images; undefined where their values have to decide. */
  readonly likelihood?: "bernoulli" | "learned-gaussian" | undefined;
  /** How many files of a folder were skipped. */
  readonly skipped?: number | undefined;
  close(): Promise<void>;
}

/** Options that only some data sets use. */
export type LoaderOption = "labels" | "count" | "size" | "channels" | "strict";

/** A kind of data set: one file of this folder each. */
export interface DatasetLoader {
  readonly name: string;
  /** In a few words, for lists of data sets. */
  readonly description: string;
  readonly accepts: readonly LoaderOption[];
  /** @param path file or folder, for loaders of files and folders */
  open(options: DatasetOptions & { readonly seed: number }, path: string): Promise<Collection>;
}
