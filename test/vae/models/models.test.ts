import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createModel,
  loadModel,
  MODELS,
  type Model,
  type ModelName,
  modelTitle,
  runName,
} from "../../../src/vae/models/index.js";
import { writeTensorFile } from "../../../src/vae/models/safetensors.js";
import { train } from "../../../src/vae/training/index.js";
import { bars, barsDataset, useCpuBackend } from "../tiny-dataset.js";

const small = { zDim: 3, hiddenDim: 12 };
const convolutional = { filters: [3, 4], kernelSize: 3 };
const settings: Partial<Record<ModelName, object>> = {
  gmvae: { clusters: 2, numLayers: 1, pretrainEpochs: 1, refineEpochs: 0 },
  "conv-gmvae": { clusters: 2, numLayers: 1, pretrainEpochs: 0 },
};

function tinyModel(name: ModelName, height = 8, width = height, channels = 1, seed = 42): Model {
  const isPlain = !name.startsWith("conv") && name !== "micrograph-vae";
  const own = { ...small, ...(isPlain ? {} : convolutional), ...settings[name] };
  return createModel(name, { height, width, channels, seed, ...own });
}

let folder: string;
beforeAll(async () => {
  await useCpuBackend();
  folder = await mkdtemp(join(tmpdir(), "models-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(MODELS)("%s", (name) => {
  it("learns, so that its loss falls", async () => {
    const model = tinyModel(name);
    const { history } = await train(model, barsDataset(48), { epochs: 4, batchSize: 16, learningRate: 0.01 });
    const first = history[name === "gmvae" ? 1 : 0]?.train.loss;
    expect(history.at(-1)?.train.loss).toBeLessThan(first);
    model.dispose();
  });

  it("gives codes, reconstructions and images of the right size, whatever the size of the images", async () => {
    const model = tinyModel(name, 7, 10, 2);
    const images = bars(5, 7, 10, 2);
    const { means, sigma } = await model.encode(images, { batchSize: 2, draws: 3 });
    expect(means.shape).toEqual([5, 3]);
    if (!["ae", "conv-ae", "aae"].includes(name)) {
      expect(sigma?.shape).toEqual([5, 3]);
      expect(sigma?.data.every((sd) => sd > 0)).toBe(true);
    } else expect(sigma).toBeUndefined();
    const decoded = await model.decode(means);
    expect(decoded).toHaveLength(5 * 140);
    expect(decoded.every((value) => value >= 0 && value <= 1)).toBe(true);
    const reconstructed = await model.reconstruct(images);
    expect(reconstructed).toHaveLength(5 * 140);
    if (model.priorSd === undefined) {
      await expect(model.sample(2)).rejects.toThrow("no prior over its codes");
    } else {
      const drawn = await model.sample(3, { seed: 5 });
      expect(drawn).toHaveLength(3 * 140);
      expect(await model.sample(3, { seed: 5 })).toEqual(drawn);
    }
    expect((await model.encode(new Float32Array(0))).means.shape).toEqual([0, 3]);
    model.dispose();
  });

  it("is the same after saving and loading, and its networks can be loaded by TensorFlow.js alone", async () => {
    const model = tinyModel(name);
    await train(model, barsDataset(), { maxSteps: 3, batchSize: 16 });
    const path = join(folder, name);
    await model.save(path);
    const loaded = await loadModel(path);
    expect(loaded.configuration).toEqual(model.configuration);
    expect(await loaded.weights()).toEqual(await model.weights());
    const images = bars(4);
    const options = { draws: 2, batchSize: 4 };
    const { means, sigma } = await model.encode(images, options);
    expect(await loaded.encode(images, options)).toEqual({ means, sigma });

    const decoder = await loadLayersModel(await handlerOf(join(path, "decoder")));
    const encoder = await loadLayersModel(await handlerOf(join(path, "encoder")));
    const x = tf.tensor4d(await images.read([0, 1, 2, 3]), [4, 8, 8, 1]);
    const outputs = [encoder.predict(x)].flat() as tf.Tensor[];
    if (!model.parts.weightPosterior) {
      expect(await outputs[0]?.data()).toEqual(means.data);
      if (sigma) expect(await outputs[1]?.data()).toEqual(sigma.data);
    }
    const decoded = decoder.predict(tf.tensor2d(Float32Array.from(means.data), [4, 3])) as tf.Tensor;
    expect(await decoded.data()).toEqual(await model.decode(means));
    model.dispose();
    loaded.dispose();
  });

  it("leaves no tensors in memory", async () => {
    const before = tf.memory().numTensors;
    const model = tinyModel(name);
    await train(model, barsDataset(32), { epochs: 2, batchSize: 16 });
    await model.encode(bars(3), { draws: 2 });
    await model.reconstruct(bars(3));
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("starts from weights that depend on its seed", async () => {
    const [first, second, other] = [0, 0, 1].map((seed) => tinyModel(name, 8, 8, 1, seed));
    expect(await first?.weights()).toEqual(await second?.weights());
    expect(await first?.weights()).not.toEqual(await other?.weights());
    for (const model of [first, second, other]) model?.dispose();
  });
});

describe("createModel", () => {
  it("reports which name or option is wrong, and suggests the right one", () => {
    expect(() => createModel("gmvea" as "gmvae", { height: 4, width: 4 })).toThrow('did you mean "gmvae"?');
    expect(() => createModel("vae", { height: 4, width: 4, zdim: 3 } as object)).toThrow('did you mean "zDim"?');
    expect(() => createModel("vae", { width: 4 })).toThrow(
      "height: expected an integer from 1 to 4096, received nothing",
    );
    expect(() => createModel("vae", { height: 4, width: 4, dropout: 1 })).toThrow(
      "dropout: expected a number from 0 to less than 1",
    );
    expect(() => createModel("vae", { height: 4, width: 4, outputVariance: 0 })).toThrow(
      "outputVariance: expected a number > 0",
    );
    expect(() => createModel("vae", { height: 4, width: 4, likelihood: "normal" as "gaussian" })).toThrow("bernoulli");
    expect(() => createModel("conv-vae", { height: 4, width: 4, filters: [] })).toThrow("filters");
    expect(() => createModel("vae", { height: 4, width: 4, experiment: 1 })).toThrow("experiment");
  });

  it("supports the five published experiments on micrographs", () => {
    const configurations = ([1, 2, 3, 4, 5] as const).map((experiment) => {
      const options = { experiment, height: 8, width: 8, filters: [2], hiddenDim: 2, zDim: 2 };
      const model = createModel("micrograph-vae", options);
      model.dispose();
      return model.configuration;
    });
    expect(configurations.map(({ gradientLoss }) => gradientLoss)).toEqual([true, true, true, false, true]);
    expect(configurations.map(({ regularizer }) => regularizer)).toEqual([...Array(4).fill("encoding"), "kl"]);
    expect(() => createModel("micrograph-vae", { experiment: 6 as 5 })).toThrow(
      "experiment: expected an integer from 1 to 5",
    );
  });

  it("builds the published network for micrographs", () => {
    const model = createModel("micrograph-vae", { hiddenDim: 8 });
    expect(model.configuration).toMatchObject({ height: 96, width: 96, channels: 1 });
    const shapes = (network: typeof model.encoder, kind: string) =>
      network.layers
        .filter((layer) => layer.getClassName() === kind)
        .map((layer) => (layer.outputShape as number[]).slice(1));
    expect(shapes(model.encoder, "Conv2D")).toEqual([
      [48, 48, 32],
      [24, 24, 64],
      [12, 12, 128],
      [6, 6, 256],
    ]);
    expect(shapes(model.encoder, "Dense")).toEqual([[8], [64], [64]]);
    expect(shapes(model.decoder, "Conv2DTranspose")).toEqual([
      [12, 12, 256],
      [24, 24, 128],
      [48, 48, 64],
      [96, 96, 32],
      [96, 96, 1],
    ]);
    model.dispose();
  });

  it("has a title for every name", () => {
    expect(MODELS).toHaveLength(16);
    for (const name of MODELS) expect(modelTitle(name)).toMatch(/autoencoder/);
  });
});

describe("loadModel", () => {
  it("reports what is wrong with a folder or file", async () => {
    await expect(loadModel(join(folder, "nowhere"))).rejects.toThrow("holds no model");
    const model = tinyModel("vae");
    const path = join(folder, "damaged");
    await model.save(path);
    model.dispose();
    const file = join(path, "model.safetensors");
    const bytes = await readFile(file);
    const { writeFile } = await import("node:fs/promises");
    for (const damage of [bytes.subarray(0, 4), bytes.subarray(0, 100), bytes.subarray(0, -1), Buffer.alloc(0)]) {
      await writeFile(file, damage);
      await expect(loadModel(path)).rejects.toThrow("is damaged");
    }
    for (const at of [0, 7, 8, 300, bytes.length - 1]) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 4, at);
      await writeFile(file, flipped);
      await expect(loadModel(path)).rejects.toThrow("is damaged");
    }
  });
});

it("reports the version of a file that another version of this package wrote", async () => {
  const path = join(folder, "model-of-version-1.safetensors");
  await writeTensorFile(path, { facts: { version: 1, kind: "model" }, tensors: new Map() });
  await expect(loadModel(path)).rejects.toMatchObject({
    code: "FILE_VERSION",
    message: `${path}: has version 1 of this file format: expected version 2. Train the model again, or use the version of sigma-tsne that wrote the file`,
  });
});

describe("setWeights", () => {
  it("reports a weight that is missing, unknown or of another shape", async () => {
    const model = tinyModel("vae");
    const weights = await model.weights();
    const missing = new Map(weights);
    missing.delete("encoder/mean/bias");
    expect(() => model.setWeights(missing)).toThrow("encoder/mean/bias");
    const none = { shape: [1], values: new Float32Array(1) };
    expect(() => model.setWeights(new Map([...weights, ["extra", none]]))).toThrow("extra");
    expect(() => model.setWeights(new Map([...weights, ["encoder/mean/bias", none]]))).toThrow("shape [3]");
    model.dispose();
  });
});

it("rejects a variance that a Bernoulli likelihood would ignore", () => {
  expect(() => createModel("vae", { height: 4, width: 4, outputVariance: 0.1 })).toThrow(
    "outputVariance: expected no value with the likelihood bernoulli",
  );
});

describe("runName", () => {
  it("contains the settings in which runs differ", () => {
    const size = { height: 4, width: 4, hiddenDim: 64, numLayers: 2, zDim: 8 };
    const names = [
      runName(createModel("gmvae", { ...size, wDim: 2, likelihood: "gaussian", outputVariance: 0.001 }), "mnist"),
      runName(createModel("vae", { ...size, likelihood: "gaussian", outputVariance: 0.001 }), "mnist"),
      runName(createModel("conv-vae", size), "Fashion MNIST", { extra: "first try" }),
      runName(createModel("micrograph-vae", { height: 8, width: 8, filters: [2, 2], hiddenDim: 16 }), "micrographs"),
      runName(createModel("vae", { ...size, dropout: 0.3, beta: 4 }), "mnist", { noise: 0.2, class: "ankle boot" }),
    ];
    expect(names).toEqual([
      "GMV_MNIST_0001_8_2_10_64_2",
      "V_MNIST_0001_8_64_2",
      "VCNN_FASHION-MNIST_bernoulli_8_64_2_first-try",
      "MV_MICROGRAPHS_001_64_16_2",
      "V_MNIST_bernoulli_8_64_2_dropout0.3_beta4_noise0.2_classankle-boot",
    ]);
  });
});

async function handlerOf(path: string): Promise<tf.io.IOHandler> {
  const { modelTopology, weightsManifest } = JSON.parse(await readFile(join(path, "model.json"), "utf8"));
  const [{ paths, weights }] = weightsManifest as [{ paths: string[]; weights: tf.io.WeightsManifestEntry[] }];
  const shards = await Promise.all(paths.map((shard) => readFile(join(path, shard))));
  const bytes = Buffer.concat(shards);
  return tf.io.fromMemory({ modelTopology, weightSpecs: weights, weightData: new Uint8Array(bytes).buffer });
}

it("rejects models whose weights do not fit into memory, before the weights are allocated", () => {
  for (const name of MODELS) {
    const isConvolutional = name.startsWith("conv") || name === "micrograph-vae";
    const size = isConvolutional ? { filters: [4096, 4096], kernelSize: 31 } : { hiddenDim: 65536 };
    expect(() => createModel(name, { height: 4096, width: 4096, ...size }), name).toThrow(
      expect.objectContaining({
        code: "OUT_OF_MEMORY",
        message: expect.stringMatching(/\d+ weights, which need [\d.]+ GiB/),
      }),
    );
  }
});
