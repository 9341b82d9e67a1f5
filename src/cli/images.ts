import { extname } from "node:path";
import { ArgumentError } from "../errors.js";
import { writeArray, writeFileAtomic } from "../io/index.js";
import type { Model, SheetOptions } from "../vae/index.js";

/** @throws {ArgumentError} INVALID_ARGUMENT for a name that does not end in .npy or .png */
export function checkImageOutput(flag: string, path: string): void {
  if ([".npy", ".png"].includes(extname(path).toLowerCase())) return;
  throw new ArgumentError("INVALID_ARGUMENT", {
    argument: flag,
    received: path,
    accepted: "a file name that ends in .npy, for an array, or .png, for one picture of all",
  });
}

/**
 * Writes the images of a model as an array of shape count x height x width (x channels, if there are several), or as
 * one picture.
 *
 * @param images the pixels of `count` images, one image after the other
 */
export async function writeImages(
  path: string,
  images: Float32Array,
  model: Model,
  options: SheetOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { signal, ...look } = options;
  const { height, width, channels } = model.configuration;
  if (extname(path).toLowerCase() === ".npy") {
    const shape = [images.length / model.pixels, height, width, ...(channels > 1 ? [channels] : [])];
    return writeArray(path, images, shape, { signal });
  }
  const { displayRange, drawSheet } = await import("../vae/index.js");
  const sheet = await drawSheet(images, model.configuration, { range: displayRange(images), ...look });
  return writeFileAtomic(path, sheet, { signal });
}
