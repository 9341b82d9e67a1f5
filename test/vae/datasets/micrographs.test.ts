import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/errors.js";
import type { Matrix } from "../../../src/matrix.js";
import { generateMicrographs, MICROGRAPH_CLASSES, type MicrographOptions } from "../../../src/vae/datasets/index.js";

const range = (matrix: Matrix) => {
  const sorted = matrix.data.slice().sort();
  return [sorted[0], sorted.at(-1)];
};

describe("generateMicrographs", () => {
  it("gives the same bytes for the same seed, and other bytes for another seed", () => {
    const [one, same, other] = [7, 7, 8].map((seed) => generateMicrographs({ count: 16, seed }));
    expect(same?.images.data).toEqual(one?.images.data);
    expect(same?.scenes.data).toEqual(one?.scenes.data);
    expect(same?.dose).toEqual(one?.dose);
    expect(same?.acquire(3).data).toEqual(one?.acquire(3).data);
    expect(other?.images.data).not.toEqual(one?.images.data);
    expect(other?.scenes.data).not.toEqual(one?.scenes.data);
  });

  it("distinguishes seeds that differ only above 32 bits", () => {
    const [low, high] = [5, 5 + 2 ** 32].map((seed) => generateMicrographs({ count: 1, seed }).scenes.data);
    expect(low).not.toEqual(high);
  });

  it("takes the scenes of all sets from one series, wherever a set begins and ends", () => {
    const whole = generateMicrographs({ count: 20 });
    const part = generateMicrographs({ count: 5, first: 11 });
    expect(part.images.data).toEqual(whole.images.slice(11, 16).data);
    expect(part.acquire(2).data).toEqual(whole.acquire(2).slice(11, 16).data);
    expect(part.labels).toEqual(whole.labels.slice(11, 16));
    expect(part.dose).toEqual(whole.dose.subarray(11, 16));
  });

  it("shows every class equally often", () => {
    const { labels } = generateMicrographs({ count: 80, size: 32 });
    for (const name of MICROGRAPH_CLASSES) expect(labels.filter((label) => label === name)).toHaveLength(10);
  });

  it("keeps images within 0 to 1, scenes within 0 to 0.5 and doses within their range, at every size", () => {
    for (const size of [32, 33, 48, 96]) {
      const { images, scenes, dose } = generateMicrographs({ count: 24, size, dose: [2, 20] });
      expect(images.shape).toEqual([24, size * size]);
      expect(scenes.shape).toEqual([24, size * size]);
      const [imageLow = -1, imageHigh = 2] = range(images);
      const [sceneLow = -1, sceneHigh = 2] = range(scenes);
      expect(imageLow).toBeGreaterThanOrEqual(0);
      expect(imageHigh).toBeLessThanOrEqual(1);
      expect(sceneLow).toBeGreaterThanOrEqual(0);
      expect(sceneHigh).toBeLessThanOrEqual(0.5);
      expect(dose.every((electrons) => electrons >= 2 && electrons <= 20)).toBe(true);
    }
  });

  it("makes scenes that differ within a class", () => {
    const { scenes } = generateMicrographs({ count: 64 });
    for (let i = 0; i < 56; i++) expect(scenes.row(i)).not.toEqual(scenes.row(i + 8));
  });

  it("draws doses log-uniformly", () => {
    const { dose } = generateMicrographs({ count: 1000, size: 32, dose: [1, 100] });
    expect(dose.filter((electrons) => electrons < 10).length / 1000).toBeCloseTo(0.5, 1);
  });

  it.each([
    ["below 10 electrons per pixel", 20],
    ["from 10 electrons per pixel on", 400],
  ])("draws electron counts with the mean, variance and third moment of a Poisson distribution %s", (_, dose) => {
    const { images, scenes } = generateMicrographs({ count: 64, dose });
    const moments = [0, 0, 0];
    let pixels = 0;
    let fraction = 0;
    scenes.data.forEach((scene, at) => {
      const mean = dose * scene;
      if (mean < 2 || (dose > 100 && mean < 10)) return;
      const count = dose * images.data[at];
      fraction = Math.max(fraction, Math.abs(count - Math.round(count)));
      pixels++;
      [1, 2, 3].forEach((power, m) => {
        moments[m] += (count - mean) ** power / mean;
      });
    });
    const [first = 1, second = 0, third = 0] = moments.map((sum) => sum / pixels);
    expect(fraction).toBeLessThan(1e-3);
    expect(pixels).toBeGreaterThan(50_000);
    expect(first).toBeCloseTo(0, 2);
    expect(second).toBeCloseTo(1, 1);
    expect(third).toBeGreaterThan(0.8);
    expect(third).toBeLessThan(1.2);
  });

  it("has noise of variance scene / dose", () => {
    const { scenes, dose, ...set } = generateMicrographs({ count: 8, drift: 0, dose: [20, 200] });
    const repeats = Array.from({ length: 50 }, (_, number) => set.acquire(number));
    for (let i = 0; i < 8; i++) {
      let observed = 0;
      let expected = 0;
      scenes.row(i).forEach((scene, at) => {
        expected += scene / dose[i];
        for (const images of repeats) observed += (images.row(i)[at] - scene) ** 2 / repeats.length;
      });
      expect(observed / expected).toBeCloseTo(1, 1);
    }
  });

  it("repeats acquisitions with independent noise", () => {
    const { scenes, ...set } = generateMicrographs({ count: 8, drift: 0, dose: 50 });
    const [one, other] = [set.acquire(1), set.acquire(2)];
    let product = 0;
    let square = 0;
    scenes.data.forEach((scene, at) => {
      product += (one.data[at] - scene) * (other.data[at] - scene);
      square += (one.data[at] - scene) ** 2;
    });
    expect(Math.abs(product / square)).toBeLessThan(0.03);
  });

  it("displaces repeated acquisitions by whole pixels, at most by the drift, and does not displace the first one", () => {
    const drift = 3;
    const { images, scenes, size, ...set } = generateMicrographs({ count: 16, drift, dose: 1e6 });
    const difference = (image: Matrix, i: number, dy: number, dx: number) => {
      let largest = 0;
      for (let y = drift; y < size - drift; y++) {
        for (let x = drift; x < size - drift; x++) {
          const scene = scenes.at(i, (y + dy) * size + x + dx);
          largest = Math.max(largest, Math.abs(image.at(i, y * size + x) - scene));
        }
      }
      return largest;
    };
    const found = new Set<string>();
    const moved = set.acquire(1);
    for (let i = 0; i < 16; i++) {
      expect(difference(images, i, 0, 0)).toBeLessThan(0.005);
      for (let dy = -drift; dy <= drift; dy++) {
        for (let dx = -drift; dx <= drift; dx++)
          if (difference(moved, i, dy, dx) < 0.005) found.add(`${i}: ${dy}, ${dx}`);
      }
    }
    expect(found.size).toBe(16);
    expect(new Set([...found].map((place) => place.split(": ")[1])).size).toBeGreaterThan(8);
  });

  it("gives empty matrices for no scenes, and one row for one scene", () => {
    const none = generateMicrographs({ count: 0 });
    expect(none.images.shape).toEqual([0, 48 * 48]);
    expect(none.acquire(1).rows).toBe(0);
    expect(none.labels).toEqual([]);
    expect(generateMicrographs({ count: 1 }).images.shape).toEqual([1, 48 * 48]);
  });

  it.each<[string, string, object]>([
    ["count", "OUT_OF_RANGE", { count: -1 }],
    ["count", "OUT_OF_RANGE", { count: 1.5 }],
    ["count", "INVALID_ARGUMENT", { count: "many" }],
    ["size", "OUT_OF_RANGE", { size: 31 }],
    ["size", "OUT_OF_RANGE", { size: 97 }],
    ["seed", "OUT_OF_RANGE", { seed: 2 ** 53 }],
    ["seed", "OUT_OF_RANGE", { seed: Number.NaN }],
    ["first", "OUT_OF_RANGE", { first: -1 }],
    ["drift", "OUT_OF_RANGE", { drift: 9 }],
    ["dose", "OUT_OF_RANGE", { dose: 0 }],
    ["dose", "OUT_OF_RANGE", { dose: [10, 5] }],
    ["dose", "OUT_OF_RANGE", { dose: Number.NaN }],
    ["dose", "OUT_OF_RANGE", { dose: [1, Number.POSITIVE_INFINITY] }],
    ["dose", "INVALID_ARGUMENT", { dose: [1, 2, 3] }],
    ["dose", "INVALID_ARGUMENT", { dose: "high" }],
    ["doses", "UNKNOWN_OPTION", { doses: 10 }],
  ])("rejects an invalid %s with %s: %j", (argument, code, options) => {
    const generate = () => generateMicrographs(options as MicrographOptions);
    expect(generate).toThrow(ArgumentError);
    expect(generate).toThrow(expect.objectContaining({ argument, code }));
  });

  it("rejects an invalid number of an acquisition", () => {
    const { acquire } = generateMicrographs({ count: 1 });
    expect(() => acquire(-1)).toThrow(expect.objectContaining({ argument: "number", code: "OUT_OF_RANGE" }));
    expect(() => acquire(0.5)).toThrow(ArgumentError);
  });
});
