import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../../src/vae/backends/index.js";
import { createModel, type Model, type ModelName } from "../../../src/vae/models/index.js";
import { train } from "../../../src/vae/training/index.js";
import { barsDataset } from "../tiny-dataset.js";

const dataset = barsDataset(32, 8, 10);

/** The losses and weights of a few steps on a backend. */
async function trainOn(backend: "wasm" | "cpu", name: ModelName) {
  await selectBackend(backend, { threads: 2 });
  const mixture = name === "conv-gmvae" ? { clusters: 2, pretrainEpochs: 1, refineEpochs: 0 } : {};
  const sizes = { height: 8, width: 10, zDim: 3, hiddenDim: 12, filters: [3, 4], kernelSize: 3 };
  const model: Model = createModel(name, { ...sizes, ...mixture });
  const { history } = await train(model, dataset, { epochs: 2, batchSize: 8 });
  const { means } = await model.encode(dataset.test, { draws: 2 });
  model.dispose();
  return { losses: history.flatMap(({ train, validation }) => [train.loss, validation?.loss] as number[]), means };
}

describe("convolutional networks train with native kernels as in plain JavaScript", () => {
  beforeAll(async () => {
    await selectBackend("wasm");
  });

  it.each(["conv-ae", "conv-vae", "conv-iwae", "conv-gmvae", "conv-bnn-ae", "micrograph-vae"] as const)(
    "%s",
    async (name) => {
      const native = await trainOn("wasm", name);
      const plain = await trainOn("cpu", name);
      native.losses.forEach((loss, i) => {
        expect(loss / plain.losses[i]).toBeCloseTo(1, 3);
      });
      expect(await trainOn("wasm", name)).toEqual(native);
    },
  );
});
