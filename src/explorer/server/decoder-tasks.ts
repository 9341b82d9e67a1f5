import type { ErrorCode } from "../../errors.js";
import type { BackendChoice } from "../../vae/backends/index.js";
import type { GifOptions } from "../../vae/figures/index.js";
import type { ImageShape } from "../../vae/without-tensorflow.js";

/** Which model a decoder opens, and what it computes with. */
export interface DecoderOptions {
  /** Folder of a run, or of a model alone. */
  readonly path: string;
  /** Default `auto`, as the command line has it. */
  readonly backend?: BackendChoice | undefined;
  /** 1 to 1024. Default: all processors. */
  readonly threads?: number | undefined;
}

/** What a decoder tells of its model. */
export interface DecoderModel extends ImageShape {
  readonly name: string;
  /** Numbers of a code. */
  readonly latent: number;
  /** Share of the values that was cut off at either end as the contrast of each training image was stretched; undefined for none. */
  readonly stretch: number | undefined;
  /** One sentence on what it computes with. */
  readonly backend: string;
}

/** Images in rows on one PNG. */
export interface SheetLayout {
  /** Images in a row, >= 1. */
  readonly columns: number;
  /** Images that stand before the decoded ones, as values 0 to 1; none by default. */
  readonly before?: Float32Array | undefined;
}

/** Means and standard deviations, n x latent, as bare arrays. */
export interface EncodedImages {
  readonly means: Float32Array;
  readonly sigma: Float32Array | undefined;
}

/** What a decoder does, by name: what it is given, what it answers. Latent vectors are n x latent, row by row. */
export interface DecoderTasks {
  decode: { given: { codes: Float32Array }; answer: Float32Array };
  encode: { given: { images: Float32Array }; answer: EncodedImages };
  drawSheet: { given: { codes: Float32Array; layout: SheetLayout }; answer: Uint8Array };
  drawGif: { given: { codes: Float32Array; options: GifOptions }; answer: Uint8Array };
}

export type TaskName = keyof DecoderTasks;

/** A task on its way to the thread. */
export type DecoderRequest = { [T in TaskName]: { id: number; name: T; given: DecoderTasks[T]["given"] } }[TaskName];

/** What comes back: first, once, the model or why there is none; then an answer a request. */
export type DecoderReply =
  | { id: "model"; answer: DecoderModel }
  | { id: number; answer: DecoderTasks[TaskName]["answer"] }
  | { id: number | "model"; failure: DecoderFailure };

/** An error as it crosses the border of a thread, where classes are lost. */
export interface DecoderFailure {
  /** Undefined for what was not thrown on purpose. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly stack: string | undefined;
}
