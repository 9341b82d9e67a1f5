import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeArray } from "../../src/io/index.js";
import { encodeWithUncertainty, estimateNoise, readPixelNoise } from "../../src/vae/code-uncertainty/index.js";
import { imagesInMemory } from "../../src/vae/datasets/index.js";
import { createModel, type Model } from "../../src/vae/models/index.js";
import { Random } from "../../src/vae/random.js";
import { train } from "../../src/vae/training/index.js";
import { bars, barsDataset, useCpuBackend } from "./tiny-dataset.js";

const shape = { height: 8, width: 8, channels: 1 } as const;
const pixels = 64;
let vae: Model;
let folder: string;
beforeAll(async () => {
  await useCpuBackend();
  folder = await mkdtemp(join(tmpdir(), "uncertainty-"));
  vae = createModel("vae", { ...shape, zDim: 3, hiddenDim: 12 });
  await train(vae, barsDataset(48), { epochs: 3, batchSize: 16, learningRate: 0.01 });
});
afterAll(() => rm(folder, { recursive: true }));

/** Gray images, far enough from black and white that noise is not cut off. */
const gray = (count: number) => imagesInMemory(new Float32Array(count * pixels).fill(0.5), [8, 8, 1]);

/**
 * A linear encoder, so that the exact standard deviations of the codes can be computed, and its kernel, inputs x zDim.
 */
async function linearModel() {
  const model = createModel("ae", { ...shape, zDim: 3, numLayers: 0 });
  const { values } = (await model.weights()).get("encoder/mean/kernel") as { values: Float32Array };
  return { model, kernel: values };
}

const relative = (found: ArrayLike<number>, expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs((found[i] as number) / value - 1)));

describe("noise", () => {
  it("gives the exact standard deviations for known noise and a linear encoder", async () => {
    const { model, kernel } = await linearModel();
    const norms = (weight: (j: number) => number) =>
      [0, 1, 2].map((k) =>
        Math.hypot(...Array.from({ length: pixels }, (_, j) => weight(j) * (kernel[3 * j + k] as number))),
      );
    const how = { uncertainty: "noise", draws: 2000 } as const;
    const equal = await encodeWithUncertainty(model, gray(1), { ...how, noise: 0.05 });
    expect(
      relative(
        equal.sigma.row(0),
        norms(() => 0.05),
      ),
    ).toBeLessThan(0.06);
    expect(equal.noise).toEqual(Float32Array.of(0.05));

    const perPixel = Float32Array.from({ length: pixels }, (_, j) => (j < 32 ? 0 : 0.05));
    const half = await encodeWithUncertainty(model, gray(2), { ...how, noise: perPixel });
    expect(
      relative(
        half.sigma.row(1),
        norms((j) => perPixel[j] as number),
      ),
    ).toBeLessThan(0.06);
    expect(half.noise?.[0]).toBeCloseTo(0.05 / Math.SQRT2, 6);

    const perImage = await encodeWithUncertainty(model, gray(2), { ...how, noise: [0, 0.02] });
    expect(Array.from(perImage.sigma.row(0))).toEqual([0, 0, 0]);
    expect(
      relative(
        perImage.sigma.row(1),
        norms(() => 0.02),
      ),
    ).toBeLessThan(0.06);

    const perValue = Float32Array.from({ length: 2 * pixels }, (_, at) => (at < pixels ? 0.02 : 0));
    const both = await encodeWithUncertainty(model, gray(2), { ...how, noise: perValue });
    expect(
      relative(
        both.sigma.row(0),
        norms(() => 0.02),
      ),
    ).toBeLessThan(0.06);
    expect(Array.from(both.sigma.row(1))).toEqual([0, 0, 0]);
    model.dispose();
  });

  it("gives intervals that contain the codes of the images without noise, if the noise is estimated", async () => {
    const { model } = await linearModel();
    const truth = new Float32Array(40 * pixels).fill(0.5);
    const random = new Random(7, 0, 0);
    const noisy = truth.map((value, at) => value + (at < 20 * pixels ? 0.02 : 0.1) * random.normal());
    const { means, sigma } = await encodeWithUncertainty(model, noisy, { uncertainty: "noise" });
    const wanted = (await model.encode(truth)).means;
    const inside = Array.from(
      means.data,
      (mean, i) => Math.abs(mean - (wanted.data[i] as number)) < 2 * (sigma.data[i] as number),
    );
    const coverage = inside.filter(Boolean).length / inside.length;
    expect(coverage).toBeGreaterThan(0.85);
    expect(coverage).toBeLessThan(1);
    model.dispose();
  });

  it("depends on the seed and the number of an image, not on batches, and keeps the means", async () => {
    const images = bars(7);
    const how = { uncertainty: "noise", noise: 0.1, draws: 4 } as const;
    const whole = await encodeWithUncertainty(vae, images, how);
    expect(whole.means).toEqual((await vae.encode(images)).means);
    expect(await encodeWithUncertainty(vae, images, { ...how, batchSize: 3 })).toEqual(whole);
    expect((await encodeWithUncertainty(vae, images, { ...how, seed: 1 })).sigma).not.toEqual(whole.sigma);
  });

  it("includes the shift that noise causes, and subtracts it from the codes if requested", async () => {
    // On black images, the noise is cut off at 0 and thus brightens them.
    const { model, kernel } = await linearModel();
    const how = { uncertainty: "noise", noise: 0.1, draws: 400 } as const;
    const black = new Float32Array(pixels);
    const { means, sigma } = await encodeWithUncertainty(model, black, how);
    const brightness = 0.1 / Math.sqrt(2 * Math.PI);
    const variance = 0.1 ** 2 / 2 - brightness ** 2;
    const columns = [0, 1, 2].map((k) => Array.from({ length: pixels }, (_, j) => kernel[3 * j + k] as number));
    const shifts = columns.map((column) => brightness * column.reduce((sum, weight) => sum + weight, 0));
    const spreads = columns.map((column) => Math.sqrt(variance) * Math.hypot(...column));
    expect(
      relative(
        sigma.row(0),
        shifts.map((shift, k) => Math.hypot(shift, spreads[k] as number)),
      ),
    ).toBeLessThan(0.15);
    const moved = await encodeWithUncertainty(model, black, { ...how, extrapolate: true });
    expect(moved.sigma).toEqual(sigma);
    for (const [k, shift] of shifts.entries()) {
      const found = (means.row(0)[k] as number) - (moved.means.row(0)[k] as number);
      expect(Math.abs(found - shift)).toBeLessThan((4 * (spreads[k] as number)) / Math.sqrt(400));
    }
    model.dispose();
  });

  it("is measured with the means of Bayesian weights", async () => {
    const model = createModel("bnn-vae", { ...shape, zDim: 3, hiddenDim: 12 });
    const none = await encodeWithUncertainty(model, bars(3), { uncertainty: "noise", noise: 0, draws: 3 });
    expect(none.sigma.data.every((sd) => sd === 0)).toBe(true);
    expect(none.means).toEqual((await model.encode(bars(3), { draws: 3 })).means);
    model.dispose();
  });

  it("is 0 for images without noise", async () => {
    const { sigma, noise } = await encodeWithUncertainty(vae, gray(2), { uncertainty: "noise", draws: 2 });
    expect(sigma.data.every((sd) => sd === 0)).toBe(true);
    expect(noise).toEqual(new Float32Array(2));
  });

  it("rejects noise of another size, and values that are not standard deviations", async () => {
    const how = { uncertainty: "noise" } as const;
    await expect(encodeWithUncertainty(vae, gray(2), { ...how, noise: [0.1, 0.1, 0.1] })).rejects.toThrow(
      "noise: expected 2 numbers (one per image), 64 (one per pixel) or 128 (one per pixel of each image), received 3",
    );
    await expect(encodeWithUncertainty(vae, gray(2), { ...how, noise: -1 })).rejects.toThrow("from 0 to 1");
    await expect(encodeWithUncertainty(vae, gray(2), { ...how, noise: [0.1, Number.NaN] })).rejects.toThrow("noise[1]");
    await expect(encodeWithUncertainty(vae, gray(2), { ...how, noise: "guess" as "estimated" })).rejects.toThrow(
      '"estimated"',
    );
    await expect(encodeWithUncertainty(vae, gray(2), { ...how, draws: 1 })).rejects.toThrow(
      "draws: expected an integer from 2",
    );
  });
});

describe("estimateNoise", () => {
  const noisy = (height: number, width: number, channels: number, sd: number) => {
    const random = new Random(3, 0, 0);
    return Float32Array.from({ length: height * width * channels }, (_, at) => {
      // A ramp with an edge. Neither is noise.
      const x = Math.floor(at / channels) % width;
      return 0.3 + (0.1 * x) / width + (x > width / 3 ? 0.2 : 0) + sd * random.normal();
    });
  };

  it.each([0.005, 0.02, 0.08])("estimates noise of %f in images with edges and slopes", (sd) => {
    expect(estimateNoise(noisy(64, 64, 1, sd), { height: 64, width: 64, channels: 1 }) / sd).toBeCloseTo(1, 0.9);
    expect(estimateNoise(noisy(48, 40, 3, sd), { height: 48, width: 40, channels: 3 }) / sd).toBeCloseTo(1, 0.9);
  });

  it("estimates no noise in a constant image, and rejects images that are smaller than the mask", () => {
    expect(estimateNoise(new Float32Array(9).fill(0.7), { height: 3, width: 3, channels: 1 })).toBe(0);
    expect(() => estimateNoise(new Float32Array(16), { height: 2, width: 8, channels: 1 })).toThrow(
      "noise: cannot be estimated from images of 2 x 8 pixels",
    );
  });
});

describe("weights", () => {
  it("is the spread of the codes over draws of Bayesian weights", async () => {
    const model = createModel("bnn-ae", { ...shape, zDim: 3, hiddenDim: 12 });
    const images = bars(5);
    const how = { uncertainty: "weights", draws: 50 } as const;
    const { means, sigma, noise } = await encodeWithUncertainty(model, images, how);
    const codes = await model.encode(images, { draws: 50 });
    expect(means).toEqual(codes.means);
    expect(relative(sigma.data, Array.from(codes.sigma?.data ?? []))).toBeLessThan(1e-3);
    expect(noise).toBeUndefined();
    model.dispose();
  });

  it("includes the standard deviation of the code only if requested", async () => {
    const model = createModel("bnn-vae", { ...shape, zDim: 3, hiddenDim: 12 });
    const how = { uncertainty: "weights", draws: 20 } as const;
    const [narrow, wide] = [
      await encodeWithUncertainty(model, bars(3), how),
      await encodeWithUncertainty(model, bars(3), { ...how, addPosterior: true }),
    ];
    expect(wide.sigma.toArrays()).toEqual((await model.encode(bars(3), { draws: 20 })).sigma?.toArrays());
    expect(narrow.sigma.data.every((sd, i) => sd > 0 && sd < (wide.sigma.data[i] as number))).toBe(true);
    model.dispose();
  });

  it("rejects models without a distribution over their weights, and lists the models that have one", async () => {
    await expect(encodeWithUncertainty(vae, bars(2), { uncertainty: "weights" })).rejects.toThrow(
      "the weights of vae are single numbers (bnn-ae, conv-bnn-ae, bnn-vae, bnn-vae-artificial have distributions over their weights)",
    );
  });
});

describe("augmentation", () => {
  it("is the spread over shifts, and over flips and turns with them", async () => {
    const how = { uncertainty: "augmentation", draws: 8 } as const;
    const shifted = await encodeWithUncertainty(vae, bars(4), how);
    expect(shifted.sigma.data.every((sd) => sd > 0)).toBe(true);
    expect(await encodeWithUncertainty(vae, bars(4), { ...how, batchSize: 3 })).toEqual(shifted);
    const flat = await encodeWithUncertainty(vae, gray(2), how);
    expect(Math.max(...flat.sigma.data)).toBe(0);
    const turned = await encodeWithUncertainty(vae, bars(4), { ...how, views: "flips", shift: 0 });
    expect(turned.sigma.data.some((sd) => sd > 0)).toBe(true);
    await expect(encodeWithUncertainty(vae, bars(4), { ...how, shift: 0 })).rejects.toThrow("at least 1 pixel");
    await expect(encodeWithUncertainty(vae, bars(4), { ...how, shift: 8 })).rejects.toThrow("from 0 to 7");
  });
});

it("adds the variance of the model's own codes if requested", async () => {
  const how = { uncertainty: "noise", noise: 0.1, draws: 4 } as const;
  const { sigma } = await encodeWithUncertainty(vae, bars(3), how);
  const own = (await vae.encode(bars(3))).sigma?.data as Float32Array;
  const sum = await encodeWithUncertainty(vae, bars(3), { ...how, addPosterior: true });
  expect(
    relative(
      sum.sigma.data,
      Array.from(sigma.data, (sd, i) => Math.hypot(sd, own[i] as number)),
    ),
  ).toBeLessThan(1e-6);
  const { model } = await linearModel();
  await expect(encodeWithUncertainty(model, bars(3), { ...how, addPosterior: true })).rejects.toThrow(
    "because ae has no standard deviations of its codes",
  );
  model.dispose();
});

it("rejects options of another source", async () => {
  await expect(encodeWithUncertainty(vae, bars(2), { uncertainty: "augmentation", noise: 0.1 })).rejects.toThrow(
    'noise: expected no value without uncertainty "noise", the only source that uses this option',
  );
  await expect(encodeWithUncertainty(vae, bars(2), { uncertainty: "augmentation", extrapolate: true })).rejects.toThrow(
    "extrapolate: expected no value",
  );
  await expect(encodeWithUncertainty(vae, bars(2), { uncertainty: "noise", shift: 2 })).rejects.toThrow("augmentation");
  await expect(encodeWithUncertainty(vae, bars(2), {})).rejects.toThrow('uncertainty: expected one of "noise"');
  await expect(encodeWithUncertainty(vae, bars(2), { uncertainty: "nois" as "noise" })).rejects.toThrow(
    'did you mean "noise"?',
  );
});

it("reports its progress and can be stopped", async () => {
  const fractions: number[] = [];
  const onProgress = (fraction: number) => fractions.push(fraction);
  const how = { uncertainty: "noise", noise: 0.1, draws: 3 } as const;
  await encodeWithUncertainty(vae, bars(5), { ...how, batchSize: 2, onProgress });
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  expect(fractions.at(-1)).toBeCloseTo(1, 10);
  const controller = new AbortController();
  const stopped = encodeWithUncertainty(vae, bars(5), {
    ...how,
    signal: controller.signal,
    onProgress: (fraction) => fraction > 0.3 && controller.abort(),
  });
  await expect(stopped).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
});

describe("readPixelNoise", () => {
  it("recognizes by the shape whether the numbers belong to images or pixels", async () => {
    const write = async (dimensions: number[]) => {
      const path = join(folder, `${dimensions.join("-")}.npy`);
      const length = dimensions.reduce((product, size) => product * size, 1);
      await writeArray(
        path,
        Float32Array.from({ length }, (_, at) => at / length),
        dimensions,
      );
      return path;
    };
    const images = { count: 5, ...shape };
    expect(await readPixelNoise(await write([5]), images)).toHaveLength(5);
    expect(await readPixelNoise(await write([5, 1]), images)).toHaveLength(5);
    expect(await readPixelNoise(await write([8, 8]), images)).toHaveLength(64);
    expect(await readPixelNoise(await write([5, 8, 8]), images)).toHaveLength(320);
    expect(await readPixelNoise(await write([5, 64]), images)).toHaveLength(320);
    await expect(readPixelNoise(await write([4]), images)).rejects.toThrow("an array of 5 (one number per image)");
    // The number of images equals the number of pixels.
    const map = await readPixelNoise(await write([8, 8]), { ...images, count: 64 });
    expect([map.length, map[65]]).toEqual([4096, map[1]]);
  });
});
