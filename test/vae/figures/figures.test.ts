import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rankDimensions } from "../../../src/vae/figures/dimensions.js";
import { decodeGrid, uniformAxes } from "../../../src/vae/figures/latent-grid.js";
import { normalQuantile } from "../../../src/vae/figures/normal-quantile.js";
import {
  createModel,
  displayRange,
  drawSheet,
  encodeGif,
  interpolateCodes,
  type LatentDimensions,
  type ModelName,
  writeFigures,
} from "../../../src/vae/index.js";
import { barsDataset, useCpuBackend } from "../tiny-dataset.js";

let folder: string;
beforeAll(async () => {
  await useCpuBackend();
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-figures-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const shape = { height: 2, width: 2, channels: 1 };
const small = { height: 8, width: 8, hiddenDim: 8 };

describe("writeFigures", () => {
  const always = [
    "dimensions.png",
    "figures.json",
    "latent-grid.png",
    "latent-scatter.png",
    "manifold.png",
    "noisy-reconstructions.png",
    "reconstructions.png",
  ];

  it.each([
    ["ae", { zDim: 1 }, []],
    ["vae", { zDim: 2 }, ["samples.png"]],
    ["gmvae", { zDim: 3, clusters: 2 }, ["clusters.png", "samples.png"]],
  ] as const)("draws all figures that %s can have", async (name, options, others) => {
    const model = createModel(name as ModelName, { ...small, ...options } as never);
    const target = join(folder, name);
    const figures = await writeFigures(target, model, barsDataset(), { gridSize: 3 });
    expect((await readdir(target)).sort()).toEqual([...always, ...others].sort());
    expect([...figures.files].sort()).toEqual([...always, ...others].sort());
    expect(JSON.parse(await readFile(join(target, "figures.json"), "utf8"))).toEqual(figures);
    expect(figures).toMatchObject({ count: 16, dimensions: { varianceOfMeans: { length: options.zDim } } });
    const again = await writeFigures(target, model, barsDataset(), { gridSize: 3 });
    expect(again).toEqual(figures);
  });

  it("rejects invalid arguments before it writes anything", async () => {
    const model = createModel("ae", { ...small, zDim: 2 });
    const target = join(folder, "refused");
    await expect(writeFigures(target, model, barsDataset(), { gridSize: 1 })).rejects.toThrow(/^gridSize: /);
    await expect(writeFigures(target, model, barsDataset(64, 6))).rejects.toThrow(/for which the model was made/);
    await expect(writeFigures(target, model, barsDataset(), { signal: AbortSignal.abort() })).rejects.toThrow(
      "stopped before it was finished",
    );
    expect(await readdir(folder)).not.toContain("refused");
  });
});

describe("decodeGrid", () => {
  const ranked = (variances: number[]): LatentDimensions => ({
    kl: undefined,
    varianceOfMeans: Float64Array.from(variances),
    isActive: variances.map(() => true),
    activeCount: variances.length,
  });

  it("varies the two dimensions with the most information, horizontally and vertically, and keeps the others at their means", async () => {
    const model = createModel("ae", { ...small, zDim: 3 });
    const { means } = await model.encode(barsDataset().test);
    const grid = await decodeGrid(model, means, ranked([2, 1, 3]), uniformAxes(means, 2));
    const column = (j: number) => Array.from({ length: means.rows }, (_, i) => means.at(i, j));
    const middle = column(1).reduce((sum, value) => sum + value, 0) / means.rows;
    const [low, high] = [0, 2].map((j) => [Math.min(...column(j)), Math.max(...column(j))]) as [number[], number[]];
    const [x0, x1, y0, y1] = [...low, ...high] as [number, number, number, number];
    const codes = [
      [x0, middle, y1],
      [x1, middle, y1],
      [x0, middle, y0],
      [x1, middle, y0],
    ];
    expect(grid.images).toEqual(await model.decode(codes));
    expect(grid.axes[0]).toMatch(/^z1, -?\d+\.\d\d to -?\d+\.\d\d$/);
    expect(grid.axes[1]).toMatch(/^z3, /);
  });

  it("ranks dimensions by divergence if it is known", () => {
    expect(rankDimensions(ranked([1, 3, 2]))).toEqual([1, 2, 0]);
    expect(rankDimensions({ ...ranked([1, 3, 2]), kl: Float64Array.of(5, 5, 6) })).toEqual([2, 0, 1]);
  });
});

describe("interpolateCodes", () => {
  it("includes both ends and has equal steps", () => {
    const codes = interpolateCodes([0, 2], [4, -2], 5);
    expect(codes.toArrays()).toEqual([
      [0, 2],
      [1, 1],
      [2, 0],
      [3, -1],
      [4, -2],
    ]);
  });

  it("keeps the length on an arc, and is straight for codes of length zero", () => {
    const arc = interpolateCodes([3, 0], [0, 3], 7, "spherical");
    for (const [x, y] of arc.toArrays() as [number, number][]) expect(Math.hypot(x, y)).toBeCloseTo(3, 5);
    expect(arc.at(3, 0)).toBeCloseTo(3 / Math.SQRT2, 5);
    for (const end of [
      [-1, 0],
      [0, 0],
      [2, 0],
    ]) {
      expect(interpolateCodes([1, 0], end, 3, "spherical")).toEqual(interpolateCodes([1, 0], end, 3));
    }
  });

  it("rejects codes and options between which it cannot interpolate", () => {
    expect(() => interpolateCodes([1], [1, 2], 3)).toThrow(/^to: expected 1 numbers/);
    expect(() => interpolateCodes([1], [2], 1)).toThrow(/^frames: expected an integer from 2/);
    expect(() => interpolateCodes([1], [2], 3, "cubic" as never)).toThrow(/^interpolation: expected one of/);
  });
});

describe("pictures", () => {
  it("animations hold each frame as a page, first forward and then backward", async () => {
    const images = Float32Array.from({ length: 4 * 3 }, (_, i) => i / 11);
    const plain = await sharp(await encodeGif(images, shape, { delay: 50 }), { animated: true }).metadata();
    expect(plain).toMatchObject({ format: "gif", pages: 3, pageHeight: 224, width: 224, delay: [50, 50, 50], loop: 0 });
    expect((await sharp(await encodeGif(images, shape, { bounce: true }), { animated: true }).metadata()).pages).toBe(
      4,
    );
    await expect(encodeGif(images.subarray(1), shape)).rejects.toThrow(/^images: expected images of 2 x 2 x 1/);
  });

  it("sheets magnify by integer factors, with black and white at the ends of the range", async () => {
    const image = Float32Array.of(0.2, 0.4, 0.4, 0.2);
    const sheet = await drawSheet(image, shape, { range: [0.2, 0.4], side: 20 });
    const { data, info } = await sharp(sheet).grayscale().raw().toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number) => data[(y + 28) * info.width + x + 28];
    expect([at(0, 0), at(9, 9), at(10, 0), at(19, 0), at(0, 19), at(19, 19)]).toEqual([0, 0, 255, 255, 255, 0]);
    expect(at(20, 20)).toBe(255);
  });

  it("sheets that are too large for a picture are rejected", async () => {
    await expect(drawSheet(new Float32Array(4 * 100_000), shape)).rejects.toThrow(/^images: expected fewer images/);
    await expect(drawSheet(new Float32Array(0), shape)).rejects.toThrow(/at least one/);
  });

  it("the display range leaves out a few outliers and does not magnify flat images", () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => 0.1 + (0.5 * i) / 999);
    values[0] = -9;
    values[999] = 9;
    const [black, white] = displayRange(values);
    expect(black).toBeCloseTo(0.101, 3);
    expect(white).toBeCloseTo(0.599, 3);
    const [low, high] = displayRange(new Float32Array(9).fill(0.5));
    expect([low, high].map((value) => value.toFixed(6))).toEqual(["0.400000", "0.600000"]);
  });
});

it("computes quantiles of the normal distribution", () => {
  // scipy.stats.norm.ppf
  const known = [
    [1e-6, -4.753424308822899],
    [0.02, -2.053748910631823],
    [0.3, -0.5244005127080407],
    [0.5, 0],
    [0.975, 1.959963984540054],
  ] as const;
  for (const [p, quantile] of known) expect(normalQuantile(p)).toBeCloseTo(quantile, 7);
});
