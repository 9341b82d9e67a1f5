import { reject, rejectUnknown, requireOptions } from "../../arguments.js";
import { ArgumentError, SigmaTsneError } from "../../errors.js";
import type { Computation, FilterOptions, ReportUnusable } from "../../filter/index.js";
import { decodeImage } from "../../io/index.js";
import type { IpcBatch, IpcField } from "../../io/ipc/index.js";
import type { FloatArray } from "../../matrix.js";
import { encodeImages, type UncertaintyOptions } from "../code-uncertainty/index.js";
import type { Images } from "../datasets/dataset.js";
import { stretchContrast } from "../datasets/images.js";
import { ENCODE_OPTIONS } from "../models/declarations.js";
import type { EncodeOptions, Model } from "../models/model.js";

/**
 * Options of {@link encodeStream}. If `uncertainty` is given, the column code_sigma contains the standard deviations
 * from {@link encodeWithUncertainty}.
 */
export interface EncodeStreamOptions
  extends FilterOptions,
    Pick<EncodeOptions, "draws" | "seed" | "batchSize">,
    Pick<UncertaintyOptions, "uncertainty" | "extrapolate" | "views" | "shift" | "addPosterior"> {
  /**
   * Standard deviation of the pixels' noise: one number for all images, or `"estimated"` from each image. Default
   * `"estimated"`.
   */
  readonly noise?: "estimated" | number | undefined;
  /** Name of the column that contains the images. Default "image". */
  readonly imageColumn?: string | undefined;
  /**
   * Stretches the contrast of every image. The number is the fraction of the image's values that are cut off at each
   * end of the range. Default: no stretching.
   */
  readonly stretch?: number | undefined;
}

const KEYS: Record<keyof EncodeStreamOptions, true> = {
  strict: true,
  prefix: true,
  drop: true,
  name: true,
  signal: true,
  onProgress: true,
  draws: true,
  seed: true,
  batchSize: true,
  imageColumn: true,
  stretch: true,
  uncertainty: true,
  noise: true,
  extrapolate: true,
  views: true,
  shift: true,
  addPosterior: true,
};

/** Number of batches of images that are encoded by one call of `encodeImages`. */
const BLOCK_BATCHES = 8;

/**
 * Encodes the images of an Arrow IPC stream as they arrive. The output is the same stream, with new columns appended to
 * each batch: code and, if the codes have standard deviations, code_sigma. Both columns contain lists of zDim float32
 * numbers. All other columns, whatever their types, are passed through unchanged, except those of `options.drop`, such
 * as the images. There is one output batch per input batch. The result for a row is bit for bit the same, no matter how
 * the rows are divided into batches: images are always computed `batchSize` at a time, filled up with black images, and
 * all images use the same draws if the weights are distributions.
 *
 * An image can be a PNG, JPEG, TIFF, WebP or GIF file, in a column of type binary or of structs with a binary field
 * `bytes`. These images are cropped and scaled to the model's size. Alternatively, an image can be height x width x
 * channels pixel values in a column of type fixed-size binary or list. Pixel values are uint8, where 255 becomes 1, or
 * floating-point numbers from 0 to 1. If a row is null or cannot be decoded, the new columns are null there.
 *
 * @param input bytes of an Arrow IPC stream (or file), in pieces of any size
 * @throws {ArgumentError} if the column is missing or does not contain images of the model's size
 * @throws {FileError} FILE_FORMAT if the input is not an Arrow IPC stream or is cut off. The output up to the error is
 *   an incomplete stream.
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function* encodeStream(
  model: Model,
  input: AsyncIterable<Uint8Array>,
  options: EncodeStreamOptions = {},
): AsyncGenerator<Uint8Array> {
  requireOptions(options);
  rejectUnknown(options, Object.keys(KEYS));
  const { imageColumn = "image", stretch } = options;
  const { batchSize: declared } = ENCODE_OPTIONS;
  if (typeof options.noise === "object") reject("noise", options.noise, 'a number or "estimated" in streams');
  const batchSize = declared.check(options.batchSize ?? declared.default, "batchSize");
  const ipc = await import("../../io/ipc/index.js");
  const { filterStream } = await import("../../filter/filter-stream.js");
  const toImages = imagesOf(model, stretch);
  const { draws, seed, uncertainty, noise, extrapolate, views, shift, addPosterior } = options;
  const how = { draws, seed, uncertainty, noise, extrapolate, views, shift, addPosterior };
  // Whether the model gives standard deviations is known only from a result, so one black image is encoded first.
  const trial = await encodeImages(
    model,
    toImages(1, async () => new Float32Array(model.pixels)),
    how,
  );
  const { zDim } = model.configuration;
  const open = (fields: readonly IpcField[]): Computation => {
    const field = ipc.findField(fields, imageColumn, "imageColumn");
    const readPixels = pixelReader(ipc, field, model, stretch !== undefined);
    const readBatch = batchReader(model.pixels, batchSize);
    return {
      columns: ["code", ...(trial.sigma ? ["code_sigma"] : [])].map((name) => ({ name, width: zDim })),
      blockRows: BLOCK_BATCHES * batchSize,
      async compute(batches, refuse, signal) {
        const rows = await listRows(batches, readPixels);
        const count = Math.ceil(rows.length / batchSize) * batchSize;
        const images = toImages(count, (indices) => readBatch(rows, indices, refuse));
        const { means, sigma } = await encodeImages(model, images, { ...how, batchSize, signal, commonDraws: true });
        return [means, ...(sigma ? [sigma] : [])].map(({ data }) =>
          (data as Float32Array).subarray(0, rows.length * zDim),
        );
      },
    };
  };
  yield* filterStream(input, open, options);
}

/** Images of a model's size that `read` provides, with stretched contrast if requested. */
const imagesOf =
  ({ configuration: { height, width, channels } }: Model, stretch: number | undefined) =>
  (count: number, read: Images["read"]): Images => {
    const images: Images = { count, height, width, channels, labels: undefined, read };
    return stretch === undefined ? images : stretchContrast(images, stretch);
  };

async function listRows(
  batches: readonly IpcBatch[],
  readPixels: (batch: IpcBatch) => Promise<FillPixels>,
): Promise<ImageRow[]> {
  const rows: ImageRow[] = [];
  for (const batch of batches) {
    const fill = await readPixels(batch);
    for (let row = 0; row < batch.rows; row++) rows.push({ batch, row, fill });
  }
  return rows;
}

/**
 * Returns a function that reads the images of a batch. The function uses two arrays in turn, so it overwrites a batch
 * two batches later.
 */
function batchReader(pixels: number, batchSize: number) {
  // One array is filled while the other is encoded. New arrays for every batch would cause constant garbage collection.
  const memory = [0, 1].map(() => new Float32Array(batchSize * pixels));
  let turn = 0;
  return async (rows: readonly ImageRow[], indices: ArrayLike<number>, refuse: ReportUnusable) => {
    turn = 1 - turn;
    const out = memory[turn] as Float32Array;
    const settle = ({ batch, row }: ImageRow, image: Float32Array, reason: string | undefined) => {
      if (reason === undefined) return;
      image.fill(0);
      refuse(batch, row, reason);
    };
    const files: [ImageRow, Float32Array, Promise<string | undefined>][] = [];
    for (let k = 0; k < indices.length; k++) {
      const imageRow = rows[indices[k]];
      const image = out.subarray(k * pixels, (k + 1) * pixels);
      // Black images fill up the last batch.
      if (!imageRow) {
        image.fill(0);
        continue;
      }
      const found = imageRow.fill(imageRow.row, image);
      if (found instanceof Promise) files.push([imageRow, image, found]);
      else settle(imageRow, image, found);
    }
    for (const [imageRow, image, found] of files) settle(imageRow, image, await found);
    return out;
  };
}

/**
 * Describes an invalid value of an image, if there is one. Images that will be stretched may have any finite values.
 */
function findWrong(values: FloatArray, isStretched: boolean): string | undefined {
  const [least, most] = isStretched ? [-Number.MAX_VALUE, Number.MAX_VALUE] : [0, 1];
  for (let j = 0; j < values.length; j++) {
    const value = values[j];
    // The check uses the number in float32, as the network does; the message reports the number in the stream.
    const narrow = Math.fround(value);
    if (narrow >= least && narrow <= most) continue;
    return `contains ${value}: expected ${isStretched ? "finite values of float32" : "values from 0 to 1"}`;
  }
  return undefined;
}

/** Pixel value of each byte. A table is used because a division for every pixel takes longer than a small network. */
const SHADES = Float32Array.from({ length: 256 }, (_, value) => value / 255);

function fillFromBytes(bytes: Uint8Array, image: Float32Array): void {
  for (let j = 0; j < image.length; j++) image[j] = SHADES[bytes[j]];
}

/** The row of a batch that contains an image. */
interface ImageRow {
  readonly batch: IpcBatch;
  readonly row: number;
  readonly fill: FillPixels;
}

/** Reads the pixel values of the image in a row, or returns the reason why the row has no valid image. */
type FillPixels = (row: number, image: Float32Array) => Promise<string | undefined> | string | undefined;

type Ipc = typeof import("../../io/ipc/index.js");

/** @throws {ArgumentError} if the column does not contain images of the model's size */
function pixelReader(
  ipc: Ipc,
  field: IpcField,
  model: Model,
  isStretched: boolean,
): (batch: IpcBatch) => Promise<FillPixels> {
  const { height, width, channels } = model.configuration;
  const { pixels } = model;
  const kind = ipc.imageKind(field);
  const isFitting = field.type.width === 0 || field.type.width === pixels;
  if (kind === "files") return (batch) => readFiles(ipc, batch, field, model, isStretched);
  if (kind === "pixels" && isFitting) return (batch) => readBytes(ipc, batch, field);
  if (ipc.listItem(field) && isFitting) return (batch) => readNumbers(ipc, batch, field, pixels, isStretched);
  const shape = `${height} x ${width} x ${channels}`;
  const accepted = `image files as binary or as structs with bytes, or ${shape} pixels as fixed-size binary or lists of uint8, float32 or float64`;
  throw new ArgumentError("INVALID_ARGUMENT", {
    argument: "imageColumn",
    received: field.name,
    accepted,
    message: `imageColumn: expected ${accepted}, but column ${JSON.stringify(field.name)} is ${ipc.describeType(field)}`,
  });
}

async function readFiles(
  ipc: Ipc,
  batch: IpcBatch,
  field: IpcField,
  { configuration: { height, width, channels } }: Model,
  isStretched: boolean,
): Promise<FillPixels> {
  const shape = { height, width, channels: channels === 1 ? 1 : 3 } as const;
  const files = await ipc.readBinary(batch, field);
  return async (row, image) => {
    const bytes = files.value(row);
    if (!bytes) return "is null";
    try {
      image.set(await decodeImage(bytes, shape, "the image"));
    } catch (error) {
      if (error instanceof SigmaTsneError && error.code === "DEPENDENCY_MISSING") throw error;
      return `cannot be decoded: ${error instanceof Error ? error.message : error}`;
    }
    return findWrong(image, isStretched);
  };
}

async function readBytes(ipc: Ipc, batch: IpcBatch, field: IpcField): Promise<FillPixels> {
  const values = await ipc.readBinary(batch, field);
  return (row, image) => {
    const bytes = values.value(row);
    if (!bytes) return "is null";
    fillFromBytes(bytes, image);
    return undefined;
  };
}

async function readNumbers(
  ipc: Ipc,
  batch: IpcBatch,
  field: IpcField,
  pixels: number,
  isStretched: boolean,
): Promise<FillPixels> {
  const { data, start } = await ipc.readLists(batch, field, pixels);
  return (row, image) => {
    const from = start(row);
    if (from === undefined) return "is null, or contains a null";
    const own = data.subarray(from, from + pixels);
    if (own instanceof Uint8Array) {
      fillFromBytes(own, image);
      return undefined;
    }
    image.set(own);
    return findWrong(own, isStretched);
  };
}
