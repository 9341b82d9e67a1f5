import { beforeAll, expect, it } from "vitest";
import { selectBackend } from "../../../src/vae/backends/index.js";
import { generateMicrographs, imagesInMemory } from "../../../src/vae/datasets/index.js";
import { createModel } from "../../../src/vae/models/index.js";
import { train } from "../../../src/vae/training/index.js";

const SIZE = 32;
const PIXELS = SIZE * SIZE;

beforeAll(async () => {
  await selectBackend("wasm", { threads: 2 });
});

it.each(["conv-ae", "conv-vae"] as const)(
  "reconstructs gray images about as well as their mean, or better, after 50 steps of %s",
  async (name) => {
    const values = Float32Array.from(generateMicrographs({ count: 400, size: SIZE }).images.data);
    const set = imagesInMemory(values, [SIZE, SIZE, 1]);
    const none = imagesInMemory(new Float32Array(0), [SIZE, SIZE, 1]);
    const model = createModel(name, {
      ...{ height: SIZE, width: SIZE, filters: [8, 16], hiddenDim: 64, zDim: 16 },
      likelihood: "learned-gaussian",
    });
    const parts = { train: set, validation: none, test: none, all: set, classes: undefined };
    const dataset = { name: "micrographs", height: SIZE, width: SIZE, channels: 1, close: async () => {}, ...parts };
    await train(model, dataset, { epochs: 5, batchSize: 40 });
    const mean = new Float32Array(PIXELS);
    values.forEach((value, i) => {
      mean[i % PIXELS] += (value * PIXELS) / values.length;
    });
    const reconstructions = await model.reconstruct(set);
    const squares = (of: (i: number) => number) => values.reduce((sum, value, i) => sum + (value - of(i)) ** 2, 0);
    expect(squares((i) => reconstructions[i])).toBeLessThan(1.05 * squares((i) => mean[i % PIXELS]));
    model.dispose();
  },
);
