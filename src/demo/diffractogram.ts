import type { FloatArray } from "../matrix.js";

/** Measures the diffractograms of images of one size. */
export interface Diffractometer {
  /** Number of spatial frequencies in a diffractogram. */
  readonly length: number;
  /**
   * @param image `size * size` pixels, not all 0
   * @param dose electrons per pixel for the image value 1; Infinity for an image without shot noise
   * @param output array of `length` numbers that is overwritten
   */
  measure(image: FloatArray, dose: number, output: FloatArray): void;
}

/**
 * Creates a function that measures diffractograms. A diffractogram is the power of an image at every spatial frequency,
 * independent of where the structure is in the image. Microscopists read the periods and directions of a specimen from
 * it.
 *
 * The image is multiplied by a Hann window. The power is divided by the expected power of white noise whose standard
 * deviation equals the mean of the image. Counting electrons adds the same expected power at every frequency,
 * sum(window^2 image) / dose. This power is subtracted, so that at any dose the expected power equals that of the image
 * without noise. Finally asinh compresses the power: it is linear near 0 and logarithmic for large values, and also
 * defined for the negative estimates that noise causes.
 *
 * @param size pixels per side
 * @param resolution highest spatial frequency in periods per side. The frequencies k and -k have equal power, so only
 *   one of them is measured.
 */
export function createDiffractometer(size: number, resolution: number): Diffractometer {
  const window = hannWindow(size);
  const windowSum = window.reduce((sum, weight) => sum + weight, 0);
  const windowPower = window.reduce((sum, weight) => sum + weight * weight, 0);
  const waves = tabulateWaves(size, resolution + 1);
  const { cos, sin } = waves;
  const frequencies = halfPlane(resolution);
  // One-dimensional transforms of the rows: all rows for the first wave, then for the second wave, and so on.
  const real = new Float64Array(cos.length);
  const imaginary = new Float64Array(cos.length);
  const measure = (image: FloatArray, dose: number, output: FloatArray) => {
    let mean = 0;
    let noise = 0;
    for (let at = 0; at < window.length; at++) {
      const weight = window[at];
      mean += (weight * image[at]) / windowSum;
      noise += (weight * weight * image[at]) / dose;
    }
    transformRows(image, window, waves, real, imaginary);
    frequencies.forEach(([kx, ky], index) => {
      const row = Math.abs(kx) * size;
      // The image is real, so the transform of a row at -k is the complex conjugate of the transform at k.
      const sign = kx < 0 ? -1 : 1;
      let re = 0;
      let im = 0;
      for (let y = 0; y < size; y++) {
        const a = real[row + y];
        const b = sign * imaginary[row + y];
        const c = cos[ky * size + y];
        const s = sin[ky * size + y];
        re += a * c + b * s;
        im += b * c - a * s;
      }
      output[index] = Math.asinh((re * re + im * im - noise) / (mean * mean * windowPower));
    });
  };
  return { length: frequencies.length, measure };
}

function hannWindow(size: number): Float64Array {
  const hann = Float64Array.from({ length: size }, (_, x) => Math.sin((Math.PI * (x + 0.5)) / size) ** 2);
  return Float64Array.from({ length: size * size }, (_, at) => hann[Math.floor(at / size)] * hann[at % size]);
}

/** Cosines and sines of the waves with 0 to `count` - 1 periods per side, at every pixel of a line: count x size. */
interface Waves {
  cos: Float64Array;
  sin: Float64Array;
  size: number;
  count: number;
}

function tabulateWaves(size: number, count: number): Waves {
  const angle = (at: number) => (2 * Math.PI * ((Math.floor(at / size) * (at % size)) % size)) / size;
  const length = count * size;
  return {
    cos: Float64Array.from({ length }, (_, at) => Math.cos(angle(at))),
    sin: Float64Array.from({ length }, (_, at) => Math.sin(angle(at))),
    size,
    count,
  };
}

function transformRows(
  image: FloatArray,
  window: Float64Array,
  { cos, sin, size, count }: Waves,
  real: Float64Array,
  imaginary: Float64Array,
): void {
  const line = new Float64Array(size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) line[x] = image[y * size + x] * window[y * size + x];
    for (let k = 0; k < count; k++) {
      let re = 0;
      let im = 0;
      for (let x = 0; x < size; x++) {
        re += line[x] * cos[k * size + x];
        im -= line[x] * sin[k * size + x];
      }
      real[k * size + y] = re;
      imaginary[k * size + y] = im;
    }
  }
}

function halfPlane(resolution: number): [kx: number, ky: number][] {
  const frequencies: [number, number][] = [];
  for (let ky = 0; ky <= resolution; ky++) {
    for (let kx = ky === 0 ? 2 : -resolution; kx <= resolution; kx++) {
      // Next to frequency 0, the Hann window mixes in the mean of the image, so these frequencies are left out. All
      // other frequencies are not affected by the mean.
      const isLobe = Math.max(Math.abs(kx), ky) <= 1;
      if (!isLobe && kx * kx + ky * ky <= resolution * resolution) frequencies.push([kx, ky]);
    }
  }
  return frequencies;
}
