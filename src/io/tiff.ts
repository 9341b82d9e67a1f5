import type { GeoTIFF, GeoTIFFImage } from "geotiff";
import { loadPackage } from "../dependency.js";

/** One page of a TIFF file at full resolution. */
export interface TiffPage {
  /** Index of the page among all directories of the file. The directories of reduced copies are counted, too. */
  readonly page: number;
  /** Height as the image is displayed, after applying {@link orientation}. */
  readonly height: number;
  readonly width: number;
  /** The orientation of the stored image as in EXIF, 1 to 8; 1 means upright. */
  readonly orientation: number;
  readonly samples: number;
  readonly colors: "gray" | "rgb" | "other";
  readonly numbers: "uint" | "int" | "float";
  /** Bits per sample. */
  readonly bits: number;
}

/**
 * Number of color samples per pixel for each photometric interpretation, a number in the TIFF file. All further samples
 * of a pixel are extra samples.
 */
const COLOR_SAMPLES: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 3, 3: 1, 4: 1, 5: 4, 6: 3, 8: 3, 9: 3, 10: 3 };
const WHITE_IS_ZERO = 0;
const BLACK_IS_ZERO = 1;
const RGB = 2;
/** Values of the TIFF field ExtraSamples that mean transparency. */
const ALPHA = [1, 2];
const NUMBERS: Readonly<Record<number, TiffPage["numbers"]>> = { 1: "uint", 2: "int", 3: "float" };

/** Whether the first bytes are those of a TIFF or BigTIFF file. */
export const isTiff = (bytes: Uint8Array): boolean =>
  ["II*\0", "II+\0", "MM\0*", "MM\0+"].includes(Buffer.from(bytes.subarray(0, 4)).toString("latin1"));

/**
 * Describes the pages of a TIFF file, except reduced copies and masks.
 *
 * @throws {Error} for a damaged file. For a page whose channels cannot be identified, the message of the error begins
 *   with "holds".
 */
export async function describeTiff(bytes: Uint8Array): Promise<TiffPage[]> {
  const file = await open(bytes);
  const count = await file.getImageCount();
  const pages: TiffPage[] = [];
  for (let page = 0; page < count; page++) {
    const image = await file.getImage(page);
    const isFull = (Number(image.fileDirectory.getValue("NewSubfileType") ?? 0) & 0b101) === 0;
    if (isFull) pages.push(await describePage(image, page));
  }
  await checkStack(await file.getImage(0), pages.length);
  return pages;
}

async function describePage(image: GeoTIFFImage, page: number): Promise<TiffPage> {
  const directory = image.fileDirectory;
  const photometric = Number(directory.getValue("PhotometricInterpretation") ?? BLACK_IS_ZERO);
  const samples = image.getSamplesPerPixel();
  const own = COLOR_SAMPLES[photometric] ?? samples;
  const extra = Array.from((directory.getValue("ExtraSamples") as ArrayLike<number> | undefined) ?? []);
  const alphas = extra.filter((value) => ALPHA.includes(value)).length;
  if (samples - own - alphas > 0) {
    const found = `holds ${samples} channels, of which ${alphas} ${alphas === 1 ? "is" : "are"} marked as transparency`;
    throw new Error(
      `${found}: expected one gray channel, or red, green and blue. Save each channel as an image of its own`,
    );
  }
  const orientation = Number((await directory.loadValue("Orientation")) ?? 1);
  const [across, down] = [image.getWidth(), image.getHeight()];
  const isTurned = orientation >= 5 && orientation <= 8;
  const isGray = photometric === WHITE_IS_ZERO || photometric === BLACK_IS_ZERO;
  return {
    page,
    height: isTurned ? across : down,
    width: isTurned ? down : across,
    orientation,
    samples,
    colors: isGray ? "gray" : photometric === RGB ? "rgb" : "other",
    numbers: NUMBERS[image.getSampleFormat(0)] ?? "uint",
    bits: image.getBitsPerSample(0),
  };
}

/**
 * Rejects stacks whose pages are not separate images. Microscopes write the channels of a stack as pages, and ImageJ
 * writes only the directory of the first page of a large stack.
 *
 * @throws {Error} for several channels, and for pages without a directory
 */
async function checkStack(first: GeoTIFFImage, pages: number): Promise<void> {
  const description = String((await first.fileDirectory.loadValue("ImageDescription")) ?? "");
  const samples = first.getSamplesPerPixel();
  const ome = /<Pixels\b[^>]*\bSizeC="(\d+)"/.exec(description)?.[1];
  const imageJ = description.startsWith("ImageJ=") ? description : "";
  const channels = Number(ome ?? /^channels=(\d+)/m.exec(imageJ)?.[1] ?? 1) / (ome === undefined ? 1 : samples);
  if (channels > 1) {
    throw new Error(
      `holds ${channels} channels as pages of a stack: expected one channel. Save each channel as a file of its own`,
    );
  }
  const promised = Number(/^images=(\d+)/m.exec(imageJ)?.[1] ?? 1);
  if (promised > pages || /"truncated": *true/.test(description)) {
    const count = promised > pages ? `${promised} images` : "several images";
    throw new Error(
      `holds ${count} but lists only ${pages} of them as pages: expected one page per image. Save each image as a page`,
    );
  }
}

/**
 * Reads one page as it is displayed.
 *
 * @returns height x width x samples
 * @throws {Error} for a damaged file
 */
export async function readTiffPage(bytes: Uint8Array, { page, orientation, samples }: TiffPage): Promise<Float64Array> {
  const image = await (await open(bytes)).getImage(page);
  await checkExtent(image, bytes.length);
  const raster = await image.readRasters({ interleave: true });
  const values = Float64Array.from(raster as unknown as ArrayLike<number>);
  return turnUpright(values, image.getHeight(), image.getWidth(), samples, orientation);
}

/** @throws {Error} if strips or tiles are beyond the end of the file; the library would read them as zeros */
async function checkExtent(image: GeoTIFFImage, size: number): Promise<void> {
  const kind = image.isTiled ? "Tile" : "Strip";
  const directory = image.fileDirectory;
  const offsets = Array.from((await directory.loadValue(`${kind}Offsets`)) as ArrayLike<number>);
  const lengths = Array.from((await directory.loadValue(`${kind}ByteCounts`)) as ArrayLike<number>);
  if (offsets.some((offset, i) => !(offset + lengths[i] <= size)))
    throw new Error("the file is cut off: it ends before its last pixels");
}

/**
 * Turns an image upright. `orientation` is the value that a camera or scanner has stored: 1 means upright, 2 to 4 mean
 * flipped or rotated by 180 degrees, 5 to 8 mean transposed.
 */
function turnUpright(
  values: Float64Array,
  height: number,
  width: number,
  samples: number,
  orientation: number,
): Float64Array {
  if (!(orientation >= 2 && orientation <= 8)) return values;
  const isTransposed = orientation >= 5;
  const [rows, columns] = isTransposed ? [width, height] : [height, width];
  // Whether columns and rows of the stored image are in reverse order.
  const flipsColumns = [2, 3, 7, 8].includes(orientation);
  const flipsRows = [3, 4, 6, 7].includes(orientation);
  const upright = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [y, x] = isTransposed ? [column, row] : [row, column];
      const from = (flipsRows ? height - 1 - y : y) * width + (flipsColumns ? width - 1 - x : x);
      const to = row * columns + column;
      for (let s = 0; s < samples; s++) upright[to * samples + s] = values[from * samples + s];
    }
  }
  return upright;
}

async function open(bytes: Uint8Array): Promise<GeoTIFF> {
  const { fromArrayBuffer } = await loadPackage("geotiff", () => import("geotiff"));
  const { buffer, byteOffset, byteLength } = bytes;
  return fromArrayBuffer(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
}
