import type { ImageSource } from "./image-source.js";

/** How images are fitted into a picture. */
export interface Fit {
  readonly width: number;
  readonly height: number;
  /** Share of the values cut off at either end; undefined to show values unchanged. */
  readonly stretch: number | undefined;
}

/** Number of values per batch. */
const BATCH = 2 ** 22;

/**
 * Reads images in batches and converts each to RGBA bytes.
 *
 * @param show called for each of `indices` in their order, with its position in `indices`
 */
export async function eachImage(
  images: ImageSource,
  indices: ArrayLike<number>,
  fit: Fit,
  show: (rgba: Uint8ClampedArray<ArrayBuffer>, index: number) => void,
): Promise<void> {
  const length = images.height * images.width * images.channels;
  const batch = Math.max(1, Math.floor(BATCH / length));
  const all = Array.from(indices);
  for (let start = 0; start < all.length; start += batch) {
    const part = all.slice(start, start + batch);
    const data = await images.read(part);
    for (let k = 0; k < part.length; k++) {
      const pixels = Float32Array.from({ length }, (_, j) => data[k * length + j]);
      show(toRgba(pixels, images, fit), start + k);
    }
  }
}

/**
 * Converts an image to RGBA bytes of another size. Every pixel is the mean of the area that it covers, so that small
 * images keep the edges of their pixels and large ones show no moiré. Without `stretch`, values from 0 to 1 are shown
 * unchanged, and images with other values are scaled from their smallest to their largest value. NaN becomes
 * transparent.
 */
export function toRgba(
  pixels: Float32Array,
  { height, width, channels }: Pick<ImageSource, "height" | "width" | "channels">,
  fit: Fit,
): Uint8ClampedArray<ArrayBuffer> {
  const [black, white] = rangeOf(pixels, fit.stretch);
  const colors = channels === 1 ? 1 : 3;
  const rgba = new Uint8ClampedArray(fit.width * fit.height * 4);
  if (fit.width === width && fit.height === height) {
    // In this case, each pixel covers exactly one pixel of the image.
    for (let p = 0; p < width * height; p++) {
      if (!Number.isFinite(pixels[p * channels])) continue;
      for (let c = 0; c < 3; c++) {
        const value = (pixels[p * channels + (colors === 1 ? 0 : c)] - black) / (white - black);
        rgba[4 * p + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
      }
      rgba[4 * p + 3] = 255;
    }
    return rgba;
  }
  const across = coverage(width, fit.width);
  const down = coverage(height, fit.height);
  const sums = [0, 0, 0];
  for (let Y = 0, at = 0; Y < fit.height; Y++) {
    for (let X = 0; X < fit.width; X++, at += 4) {
      let seen = 0;
      let covered = 0;
      sums.fill(0);
      for (let y = down.first(Y); y <= down.last(Y); y++) {
        const rowWeight = down.weight(Y, y);
        for (let x = across.first(X); x <= across.last(X); x++) {
          const weight = rowWeight * across.weight(X, x);
          const from = (y * width + x) * channels;
          covered += weight;
          if (!Number.isFinite(pixels[from])) continue;
          seen += weight;
          for (let c = 0; c < colors; c++) {
            // Values are stretched and clipped before averaging, so that an outlier does not weigh more than black or
            // white.
            const value = (pixels[from + c] - black) / (white - black);
            sums[c] = sums[c] + weight * Math.min(1, Math.max(0, value));
          }
        }
      }
      if (seen === 0) continue;
      for (let c = 0; c < 3; c++) rgba[at + c] = Math.round((255 * sums[colors === 1 ? 0 : c]) / seen);
      rgba[at + 3] = Math.round((255 * seen) / covered);
    }
  }
  return rgba;
}

/** The value that becomes black and the value that becomes white. */
function rangeOf(pixels: Float32Array, stretch: number | undefined): readonly [number, number] {
  const [black, white] = stretch ? quantilesOf(pixels, stretch) : extentOf(pixels);
  if (stretch === undefined && black >= 0 && white <= 1) return [0, 1];
  if (white > black) return [black, white];
  // If all values are equal, they are shown as gray.
  return [black - 1, black + 1];
}

/** The quantiles at `share` and 1 - `share`; 0 and 1 if there are no values. */
function quantilesOf(pixels: Float32Array, share: number): readonly [number, number] {
  const known = pixels.filter(Number.isFinite).sort();
  const end = known.length - 1;
  const cut = Math.round(share * end);
  return [known[cut] ?? 0, known[end - cut] ?? 1];
}

/** The smallest and the largest value; 0 and 1 if there are no values. */
function extentOf(pixels: Float32Array): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of pixels) {
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least <= most ? [least, most] : [0, 1];
}

/**
 * Returns, for a line of `from` pixels that is scaled to `to` pixels, the source pixels that each target pixel covers,
 * with their weights.
 */
function coverage(from: number, to: number) {
  const scale = from / to;
  return {
    first: (at: number) => Math.min(from - 1, Math.floor(at * scale)),
    last: (at: number) => Math.min(from - 1, Math.max(Math.floor(at * scale), Math.ceil((at + 1) * scale) - 1)),
    weight: (at: number, pixel: number) =>
      Math.max(1e-6, Math.min((at + 1) * scale, pixel + 1) - Math.max(at * scale, pixel)),
  };
}
