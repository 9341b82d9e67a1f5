/** The shape of an image in memory. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Scales an image to another height and width with a triangle filter. Enlarging interpolates linearly. Shrinking
 * computes a weighted mean over the covered pixels. Results never exceed the range of the image's values.
 */
export function resample(values: Float64Array, shape: ImageShape, height: number, width: number): Float64Array {
  const { channels } = shape;
  const across = filterWeights(shape.width, width);
  const narrow = new Float64Array(shape.height * width * channels);
  for (let y = 0; y < shape.height; y++) {
    for (const [x, { first, weights }] of across.entries()) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (const [i, weight] of weights.entries())
          sum += weight * values[(y * shape.width + first + i) * channels + c];
        narrow[(y * width + x) * channels + c] = sum;
      }
    }
  }
  const line = width * channels;
  const result = new Float64Array(height * line);
  for (const [y, { first, weights }] of filterWeights(shape.height, height).entries()) {
    for (const [i, weight] of weights.entries()) {
      for (let j = 0; j < line; j++) result[y * line + j] += weight * narrow[(first + i) * line + j];
    }
  }
  return result;
}

/**
 * For a line of `from` pixels that is scaled to `to` pixels, returns for each new pixel the index of the first old
 * pixel that contributes to it, and the weights of the contributing old pixels. The sum of the weights is 1.
 */
function filterWeights(from: number, to: number): { first: number; weights: number[] }[] {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, at) => {
    const center = (at + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.ceil(center - reach));
    const last = Math.min(from - 1, Math.floor(center + reach));
    const weights = Array.from({ length: last - first + 1 }, (_, i) =>
      Math.max(0, reach - Math.abs(first + i - center)),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Crops the central part of an image. */
export function cropMiddle(values: Float64Array, shape: ImageShape, height: number, width: number): Float64Array {
  const { channels } = shape;
  const [top, left] = [(shape.height - height) >> 1, (shape.width - width) >> 1];
  const result = new Float64Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * shape.width + left) * channels;
    result.set(values.subarray(from, from + width * channels), y * width * channels);
  }
  return result;
}
