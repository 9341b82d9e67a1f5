import { describe, expect, it } from "vitest";
import { createDiffractometer } from "../../src/demo/diffractogram.js";
import { generateMicrographs } from "../../src/vae/datasets/index.js";

/**
 * Computes a diffractogram from its definition after subtracting the mean: one sum over all pixels for every frequency
 * of the upper half plane.
 */
function measureByDefinition(image: ArrayLike<number>, size: number, dose: number, resolution: number): number[] {
  const pixels = Array.from({ length: size * size }, (_, at) => ({ x: at % size, y: Math.floor(at / size), at }));
  const hann = (x: number) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (x + 0.5)) / size);
  const window = pixels.map(({ x, y }) => hann(x) * hann(y));
  const sum = (term: (weight: number, value: number, x: number, y: number) => number) =>
    pixels.reduce((total, { x, y, at }) => total + term(window[at], image[at], x, y), 0);
  const mean = sum((w, v) => w * v) / sum((w) => w);
  const spectrum: number[] = [];
  for (let ky = 0; ky <= resolution; ky++) {
    for (let kx = -resolution; kx <= resolution; kx++) {
      if ((ky === 0 && kx <= 0) || Math.hypot(kx, ky) > resolution || Math.hypot(kx, ky) < 1.5) continue;
      const phase = (x: number, y: number) => (-2 * Math.PI * (kx * x + ky * y)) / size;
      const re = sum((w, v, x, y) => w * (v - mean) * Math.cos(phase(x, y)));
      const im = sum((w, v, x, y) => w * (v - mean) * Math.sin(phase(x, y)));
      const noise = sum((w, v) => (w * w * v) / dose);
      spectrum.push(Math.asinh((re ** 2 + im ** 2 - noise) / (mean ** 2 * sum((w) => w * w))));
    }
  }
  return spectrum;
}

describe("createDiffractometer", () => {
  it.each([6, 7])("agrees with the sum over all pixels, resolution %i", (resolution) => {
    const { images, size, dose } = generateMicrographs({ count: 3, size: 33 });
    const { length, measure } = createDiffractometer(size, resolution);
    const output = new Float64Array(length);
    for (let i = 0; i < 3; i++) {
      measure(images.row(i), dose[i], output);
      const expected = measureByDefinition(images.row(i), size, dose[i], resolution);
      expect(length).toBe(expected.length);
      expected.forEach((value, f) => {
        expect(output[f]).toBeCloseTo(value, 9);
      });
    }
  });

  it("is unbiased at any dose: shot noise only adds variance", () => {
    const { scenes, size, ...set } = generateMicrographs({ count: 8, dose: 15, drift: 0 });
    const { length, measure } = createDiffractometer(size, 8);
    const repeats = 100;
    const powers = Array.from({ length: repeats }, (_, number) => {
      const images = set.acquire(number);
      return Array.from({ length: 8 }, (_, i) => {
        const output = new Float64Array(length);
        measure(images.row(i), 15, output);
        return output.map(Math.sinh);
      });
    });
    const truth = new Float64Array(length);
    let squares = 0;
    for (let i = 0; i < 8; i++) {
      measure(scenes.row(i), Number.POSITIVE_INFINITY, truth);
      for (let f = 0; f < length; f++) {
        const values = powers.map((images) => images[i]?.[f]);
        const mean = values.reduce((sum, value) => sum + value, 0) / repeats;
        const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (repeats - 1);
        squares += (mean - Math.sinh(truth[f])) ** 2 / (variance / repeats) / (8 * length);
      }
    }
    // The squared error of an unbiased mean, in units of its variance, is 1 on average.
    expect(squares).toBeGreaterThan(0.8);
    expect(squares).toBeLessThan(1.25);
  });

  it("does not depend on the position of a periodic structure", () => {
    const size = 32;
    const { length, measure } = createDiffractometer(size, 10);
    const wave = (phase: number) =>
      Float32Array.from({ length: size * size }, (_, at) => 0.3 + 0.1 * Math.cos((Math.PI * (at % size)) / 2 + phase));
    const [here, there] = [new Float64Array(length), new Float64Array(length)];
    measure(wave(0), Number.POSITIVE_INFINITY, here);
    measure(wave(1), Number.POSITIVE_INFINITY, there);
    here.forEach((value, f) => {
      expect(there[f]).toBeCloseTo(value, 2);
    });
    // The structure has eight periods per side along x and is constant along y.
    expect(here.indexOf(Math.max(...here))).toBe(6);
  });
});
