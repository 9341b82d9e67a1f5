import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../../src/vae/backends/index.js";
import { generateMicrographs, imagesInMemory } from "../../../src/vae/datasets/index.js";
import { createModel } from "../../../src/vae/models/index.js";
import { train } from "../../../src/vae/training/index.js";

const SIZE = 32;
const PIXELS = SIZE * SIZE;

/** Pearson's correlation of two images. */
function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const mean = (x: ArrayLike<number>) => Array.from(x).reduce((sum, value) => sum + value, 0) / x.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [products, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [p, q] = [(a[i] as number) - meanA, (b[i] as number) - meanB];
    products += p * q;
    squaresA += p * p;
    squaresB += q * q;
  }
  return products / Math.sqrt(squaresA * squaresB + 1e-20);
}

describe("micrograph-vae", () => {
  beforeAll(async () => {
    await selectBackend("wasm", { threads: 2 });
  });

  it("reconstructs the edges of films after 160 steps, instead of flat images", async () => {
    const { images, scenes, labels } = generateMicrographs({ count: 400, size: SIZE });
    const set = imagesInMemory(Float32Array.from(images.data), [SIZE, SIZE, 1]);
    const none = imagesInMemory(new Float32Array(0), [SIZE, SIZE, 1]);
    const dataset = { name: "micrographs", height: SIZE, width: SIZE, channels: 1, close: async () => {} };
    const sizes = { height: SIZE, width: SIZE, filters: [8, 16, 32], hiddenDim: 64, zDim: 16 };
    const model = createModel("micrograph-vae", { ...sizes, gradientLoss: false });
    const parts = { train: set, validation: none, test: none, all: set, classes: undefined };
    await train(model, { ...dataset, ...parts }, { epochs: 16, batchSize: 40, schedule: "constant" });
    const reconstructions = await model.reconstruct(set);
    const edges = labels.flatMap((label, i) => (label === "vacuum edge" ? [i] : []));
    const found = edges.map((i) => correlation(reconstructions.subarray(i * PIXELS, (i + 1) * PIXELS), scenes.row(i)));
    expect(found.reduce((sum, value) => sum + value, 0) / found.length).toBeGreaterThan(0.4);
    model.dispose();
  });
});
