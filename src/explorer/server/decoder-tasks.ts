import type { ErrorCode } from "../../errors.js";
import type { BackendChoice } from "../../vae/backends/index.js";
import type { GifOptions } from "../../vae/figures/index.js";
import type { ImageShape } from "../../vae/without-tensorflow.js";

/** The model that a decoder opens, and the backend that it computes with. */
export interface DecoderOptions {
  /** Folder of a run or of a model. */
  readonly path: string;
  /** Default `auto`, as in the command line. */
  readonly backend?: BackendChoice | undefined;
  /** 1 to 1024. Default: all processors. */
  readonly threads?: number | undefined;
}

/** Properties of the model that a decoder has opened. */
export interface DecoderModel extends ImageShape {
  readonly name: string;
  /** Number of latent dimensions, which is the length of a code. */
  readonly latent: number;
  /**
   * Share of the values that the contrast stretching of the training images cut off at either end; undefined if the
   * images were not stretched.
   */
  readonly stretch: number | undefined;
  /** One sentence about the backend of the computations. */
  readonly backend: string;
}

/** Arrangement of images on one PNG. */
export interface SheetLayout {
  /** Images per row, >= 1. */
  readonly columns: number;
  /** Images, with values from 0 to 1, that are drawn before the decoded images; none by default. */
  readonly before?: Float32Array | undefined;
}

/** Means and standard deviations, each n x latent, row by row. */
export interface EncodedImages {
  readonly means: Float32Array;
  readonly sigma: Float32Array | undefined;
}

/**
 * The tasks of a decoder by name, with their input (`given`) and result (`answer`). Latent vectors are n x latent, row
 * by row.
 */
export interface DecoderTasks {
  decode: { given: { codes: Float32Array }; answer: Float32Array };
  encode: { given: { images: Float32Array }; answer: EncodedImages };
  drawSheet: { given: { codes: Float32Array; layout: SheetLayout }; answer: Uint8Array };
  drawGif: { given: { codes: Float32Array; options: GifOptions }; answer: Uint8Array };
}

export type TaskName = keyof DecoderTasks;

/** A task that is sent to the thread. */
export type DecoderRequest = { [T in TaskName]: { id: number; name: T; given: DecoderTasks[T]["given"] } }[TaskName];

/**
 * A message from the thread. The first message contains the model, or the reason why it could not be opened. Then the
 * thread sends one answer per request.
 */
export type DecoderReply =
  | { id: "model"; answer: DecoderModel }
  | { id: number; answer: DecoderTasks[TaskName]["answer"] }
  | { id: number | "model"; failure: DecoderFailure };

/** An error in a form that can be sent between threads, because error classes are lost there. */
export interface DecoderFailure {
  /** The code of the error; undefined for unexpected errors. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly stack: string | undefined;
}
