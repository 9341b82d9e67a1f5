import type { DatasetOptions, Images } from "./dataset.js";

/** Images as their source gives them, before classes, contrast and parts are chosen. */
export interface Collection {
  readonly name: string;
  /** With the values of the source. */
  readonly images: Images;
  /** Where the source has a test part of its own; `images` is then its training part. */
  readonly test?: Images | undefined;
  /** Images of the validation part, by default, where there is an own test part. */
  readonly validation?: number | undefined;
  readonly classes?: readonly string[] | undefined;
  /** What becomes 0 and 1; undefined where the type of the values does not say. */
  readonly range: readonly [low: number, high: number] | undefined;
  /** How many files of a folder are no images. */
  readonly skipped?: number | undefined;
  close(): Promise<void>;
}

/** Options that only some sources have a use for. */
export type SourceOption = "labels" | "count" | "size" | "channels" | "strict";

/** Where images come from: one file of this folder each. */
export interface DatasetSource {
  readonly name: string;
  /** In a few words, for lists of data sets. */
  readonly description: string;
  readonly accepts: readonly SourceOption[];
  /** @param path file or folder, for sources that have no name of their own */
  open(options: DatasetOptions & { readonly seed: number }, path: string): Promise<Collection>;
}
