import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AbortError } from "../../../src/errors.js";
import { imagesInMemory } from "../../../src/vae/datasets/index.js";
import { createModel, loadModel, type Model, type ModelName } from "../../../src/vae/models/index.js";
import { openRun, type TrainRunOptions, trainRun } from "../../../src/vae/runs/index.js";
import { type EpochRecord, type TrainOptions, train } from "../../../src/vae/training/index.js";
import { readEvents } from "../tensorboard/read-events.js";
import { bars, barsDataset, useCpuBackend } from "../tiny-dataset.js";

let root: string;
let folder: string;
beforeAll(async () => {
  await useCpuBackend();
  root = await mkdtemp(join(tmpdir(), "training-"));
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, "run-"));
});
afterAll(() => rm(root, { recursive: true }));

const size = { height: 8, width: 8, zDim: 2, hiddenDim: 8 };
const dataset = barsDataset(40);
const options = { epochs: 4, batchSize: 16, noise: 0.1, learningRate: 0.01 } satisfies TrainOptions;

function tinyModel(name: ModelName): Model {
  if (name === "micrograph-vae") return createModel(name, { ...size, filters: [2, 2], kernelSize: 3 });
  return createModel(name, {
    ...size,
    ...(name === "gmvae" ? { clusters: 2, pretrainEpochs: 1, refineEpochs: 1 } : { dropout: 0.2 }),
  });
}

async function outcome(model: Model, history: readonly EpochRecord[]) {
  const weights = await model.weights();
  model.dispose();
  return { history, weights };
}

/** Trains until `stop` returns true, and then aborts, like a user who presses Ctrl-C. */
async function interrupt(model: Model, given: TrainOptions, stop: (step: number) => boolean): Promise<void> {
  const controller = new AbortController();
  let step = 0;
  const images = dataset.train;
  const read = (indices: ArrayLike<number>) => {
    if (stop(step++)) controller.abort();
    return images.read(indices);
  };
  const watched = { ...dataset, train: { ...images, areValuesValid: true, read } };
  await expect(train(model, watched, { ...given, signal: controller.signal })).rejects.toThrow(AbortError);
  model.dispose();
}

describe("a training that is resumed", () => {
  it.each(["vae", "gmvae", "aae", "micrograph-vae", "bnn-vae"] as const)(
    "gives the numbers of one that was never interrupted: %s",
    async (name) => {
      const whole = tinyModel(name);
      const expected = await outcome(whole, (await train(whole, dataset, options)).history);
      // Stops at the end of an epoch, within epochs, and before the first step.
      for (const at of [0, 4, 7]) {
        const run = join(folder, String(at));
        await interrupt(tinyModel(name), { ...options, folder: run }, (step) => step === at);
        const model = tinyModel(name);
        const { history } = await train(model, dataset, { ...options, folder: run });
        expect(await outcome(model, history)).toEqual(expected);
      }
    },
  );

  it("finishes the last epoch if it was killed between the last step and the end of that epoch", async () => {
    const often = { ...options, checkpointEvery: 1 };
    const model = tinyModel("vae");
    const killed = await mkdtemp(join(root, "killed-"));
    const { validation } = dataset;
    // Copies the folder while the last epoch is validated.
    const read = async (indices: ArrayLike<number>) => {
      await cp(join(folder, "checkpoint"), join(killed, "checkpoint"), { recursive: true });
      return validation.read(indices);
    };
    const { history } = await train(
      model,
      { ...dataset, validation: { ...validation, areValuesValid: true, read } },
      { ...often, folder },
    );
    const expected = await outcome(model, history);
    const resumed = tinyModel("vae");
    const { history: ended } = await train(resumed, dataset, { ...often, folder: killed });
    expect(await outcome(resumed, ended)).toEqual(expected);
  });

  it("continues if the number of epochs is increased, and does nothing if all epochs are finished", async () => {
    const whole = tinyModel("vae");
    const expected = await outcome(whole, (await train(whole, dataset, options)).history);
    const first = tinyModel("vae");
    await train(first, dataset, { ...options, epochs: 2, folder });
    first.dispose();
    for (const _ of [1, 2]) {
      const model = tinyModel("vae");
      const { history, steps } = await train(model, dataset, { ...options, folder });
      expect(steps).toBe(12);
      expect(await outcome(model, history)).toEqual(expected);
    }
  });

  it("rejects the folder of a running training, and accepts the folder of a killed one", async () => {
    const [first, second] = [tinyModel("vae"), tinyModel("vae")];
    const meet = async () => {
      await expect(train(second, dataset, { ...options, folder })).rejects.toMatchObject({
        code: "BUSY",
        message: expect.stringMatching(/another training \(process \d+\) is using/),
      });
    };
    await train(first, dataset, { ...options, epochs: 1, folder, onEpoch: meet });
    expect(await readdir(folder)).not.toContain("training.lock");
    const { pid } = spawnSync(process.execPath, ["--version"]);
    await writeFile(join(folder, "training.lock"), `${pid}\n`);
    const { history } = await train(second, dataset, { ...options, epochs: 2, folder });
    expect(history).toHaveLength(2);
    first.dispose();
    second.dispose();
  });

  it("starts again if resuming is switched off", async () => {
    const first = tinyModel("vae");
    await train(first, dataset, { ...options, epochs: 1, folder });
    const model = tinyModel("vae");
    const { history } = await train(model, dataset, { ...options, epochs: 1, seed: 7, resume: false, folder });
    expect(history).toHaveLength(1);
    first.dispose();
    model.dispose();
  });

  it("rejects the checkpoint of another model, configuration, data set or course, and names the difference", async () => {
    const model = tinyModel("vae");
    await train(model, dataset, { ...options, epochs: 1, folder });
    const others: [Model, TrainOptions, RegExp][] = [
      [tinyModel("ae"), {}, /model: .* made with "vae", this training has "ae"/],
      [createModel("vae", { ...size, zDim: 3, dropout: 0.2 }), {}, /zDim: .* made with 2, this training has 3/],
      [tinyModel("vae"), { batchSize: 8 }, /batchSize: .* made with 16, this training has 8/],
    ];
    for (const [other, changed, message] of others) {
      await expect(train(other, dataset, { ...options, folder, ...changed })).rejects.toThrow(message);
      other.dispose();
    }
    const small = { ...dataset, train: bars(20) };
    await expect(train(model, small, { ...options, folder })).rejects.toThrow(
      /^dataset\.count: .* this training has 20/,
    );
    model.dispose();
  });

  it("rejects a damaged checkpoint", async () => {
    const model = tinyModel("vae");
    await train(model, dataset, { ...options, epochs: 1, folder });
    const path = join(folder, "checkpoint", "checkpoint.safetensors");
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 5) ^ 1, bytes.length - 5);
    await writeFile(path, bytes);
    await expect(train(model, dataset, { ...options, folder })).rejects.toMatchObject({
      code: "FILE_FORMAT",
      message: expect.stringContaining("the checkpoint is damaged"),
    });
    model.dispose();
  });

  it("removes temporary files of a killed process", async () => {
    await mkdir(join(folder, "checkpoint"));
    await writeFile(join(folder, "checkpoint", ".01234567-89ab-cdef-0123-456789abcdef.tmp"), "half");
    const model = tinyModel("vae");
    await train(model, dataset, { ...options, epochs: 1, folder });
    expect(await readdir(join(folder, "checkpoint"))).toEqual(["checkpoint.safetensors"]);
    model.dispose();
  });
});

describe("train", () => {
  it("writes a run that can be opened at its last checkpoint before the training is finished", async () => {
    const model = tinyModel("vae");
    await interrupt(model, { ...options, folder }, (step) => step === 8);
    const { model: opened, checkpoint } = await openRun(folder);
    expect(checkpoint).toEqual({ epoch: 2, step: 8 });
    expect((await opened.encode(dataset.test)).means.rows).toBe(16);
    opened.dispose();
    const again = tinyModel("vae");
    await train(again, dataset, { ...options, folder });
    const done = await openRun(folder);
    expect(done.checkpoint).toBeUndefined();
    expect(await done.model.weights()).toEqual(await again.weights());
    done.model.dispose();
    again.dispose();
  });

  it("writes a run's folder that contains the trained model", async () => {
    const model = tinyModel("vae");
    const { history } = await train(model, dataset, { ...options, epochs: 1, folder });
    expect((await readdir(folder)).sort()).toEqual(["checkpoint", "config.json", "metrics.json", "model"]);
    const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
    expect(config).toMatchObject({ model: "vae", configuration: { zDim: 2 }, training: { batchSize: 16, epochs: 1 } });
    const metrics = JSON.parse(await readFile(join(folder, "metrics.json"), "utf8"));
    expect(metrics.history).toEqual(history);
    const loaded = await loadModel(folder);
    expect(await loaded.weights()).toEqual(await model.weights());
    model.dispose();
    loaded.dispose();
  });

  it("stops early and restores the best weights", async () => {
    const model = createModel("ae", size);
    const losses: number[] = [];
    const weights: Awaited<ReturnType<Model["weights"]>>[] = [];
    const result = await train(model, dataset, {
      epochs: 50,
      batchSize: 16,
      earlyStopping: { patience: 2, leastImprovement: 3 },
      onEpoch: async ({ validation }) => {
        losses.push(validation?.loss as number);
        weights.push(await model.weights());
      },
    });
    expect(result.isStoppedEarly).toBe(true);
    const best = result.best as { epoch: number; loss: number };
    expect(losses).toHaveLength(best.epoch + 2);
    expect(best.loss).toBe(losses[best.epoch - 1]);
    expect(await model.weights()).toEqual(weights[best.epoch - 1]);
    model.dispose();
  });

  it("explains a loss that is NaN", async () => {
    const model = tinyModel("vae");
    const broken = {
      ...dataset,
      train: {
        ...dataset.train,
        areValuesValid: true,
        read: async (at: ArrayLike<number>) => new Float32Array(at.length * 64).fill(Number.NaN),
      },
    };
    await expect(train(model, broken, { ...options, folder })).rejects.toMatchObject({
      code: "DIVERGED",
      message: expect.stringMatching(
        /part "reconstruction" of the loss became NaN at step 1; try a smaller learningRate/,
      ),
    });
    model.dispose();
  });

  it("reports a pixel that is NaN before the first step, and writes nothing", async () => {
    const model = tinyModel("vae");
    const values = await dataset.train.read(Array.from({ length: dataset.train.count }, (_, i) => i));
    values[7 * 64 + 5] = Number.NaN;
    const onEpoch = () => expect.fail("a step was taken");
    const broken = { ...dataset, train: imagesInMemory(values, [8, 8, 1]) };
    const error = { code: "NOT_FINITE", argument: "dataset.train", row: 7, column: 5 };
    await expect(train(model, broken, { ...options, folder, onEpoch })).rejects.toMatchObject(error);
    expect(await readdir(folder)).toEqual([]);
    model.dispose();
  });

  it("removes the files of a training that fails at its start, and keeps the last checkpoint of one that fails later", async () => {
    const bad = new Error("image 3 holds NaN");
    let reads = 0;
    const breaking = (after: number) => ({
      ...dataset,
      train: {
        ...dataset.train,
        areValuesValid: true,
        read: async (at: ArrayLike<number>) => {
          if (reads++ >= after) throw bad;
          return dataset.train.read(at);
        },
      },
    });
    const tryIt = async (after: number, others: Partial<TrainRunOptions> & { folder: string }) => {
      const model = tinyModel("vae");
      reads = 0;
      await expect(trainRun(model, breaking(after), { ...options, ...others })).rejects.toBe(bad);
      model.dispose();
    };
    const fresh = join(folder, "fresh");
    for (const summary of [false, true]) {
      await tryIt(0, { folder: fresh, summary });
      await tryIt(2, { folder: fresh, summary });
      expect(await readdir(folder)).toEqual([]);
    }
    await mkdir(fresh);
    await writeFile(join(fresh, "notes.txt"), "mine");
    await tryIt(0, { folder: fresh });
    expect(await readdir(fresh)).toEqual(["notes.txt"]);
    // Three batches per epoch.
    await tryIt(4, { folder: fresh });
    expect((await readdir(fresh)).sort()).toEqual(["checkpoint", "config.json", "logs", "notes.txt"]);
    await tryIt(0, { folder: fresh });
    const model = tinyModel("vae");
    const resumed: number[] = [];
    const onStart = ({ step }: { step: number }) => void resumed.push(step);
    expect((await trainRun(model, dataset, { ...options, folder: fresh, onStart })).history).toHaveLength(4);
    expect(resumed).toEqual([3]);
    // The second log drops step 4 and later steps of the first log, but keeps the losses after step 3, which ended an
    // epoch.
    const logs = (await readdir(join(fresh, "logs"))).filter((name) => name.startsWith("events.")).sort();
    const [, begin] = await readEvents(join(fresh, "logs", logs.at(-1) as string));
    expect(begin?.step).toBe(4);
    model.dispose();
  });

  it("reports progress and scalars", async () => {
    const model = tinyModel("vae");
    const reports: string[] = [];
    const scalars = new Map<number, readonly string[]>();
    await train(model, dataset, {
      ...options,
      epochs: 2,
      onProgress: ({ epoch, epochs, step, steps, loss, secondsLeft }) => {
        reports.push(`${epoch}/${epochs} ${step}/${steps} ${Object.keys(loss)}`);
        expect(secondsLeft).toBeGreaterThanOrEqual(0);
      },
      onScalars: (step, values) => void scalars.set(step, Object.keys(values)),
    });
    expect(reports.at(-1)).toBe("2/2 6/6 loss,reconstruction,kl");
    const names = [
      "train/loss",
      "train/reconstruction",
      "train/kl",
      "validation/loss",
      "validation/reconstruction",
      "validation/kl",
    ];
    expect([...scalars]).toEqual([
      [3, [...names, "codes/activeDimensions", "learning_rate"]],
      [6, [...names, "codes/activeDimensions", "learning_rate"]],
    ]);
    model.dispose();
  });

  it("warns about a collapsed model, and about clusters that do not start from an embedding", async () => {
    const model = createModel("vae", { ...size, beta: 1e4 });
    const { warnings, history } = await train(model, dataset, { ...options, epochs: 20 });
    expect(warnings).toEqual([expect.stringContaining("All images have nearly the same code")]);
    expect(history.at(-1)?.codes).toEqual({ activeDimensions: 0 });
    model.dispose();
    const mixture = tinyModel("gmvae");
    const few = { ...dataset, train: bars(20) };
    expect((await train(mixture, few, options)).warnings).toContain(
      "The clusters start from principal components, because 20 training images are too few for a t-SNE embedding.",
    );
    mixture.dispose();
  });

  it("increases the weight of the KL terms during the warm-up", async () => {
    const totals: number[][] = [];
    for (const klWarmup of [0, 1]) {
      const model = createModel("vae", size);
      const { history } = await train(model, dataset, { epochs: 1, batchSize: 40, klWarmup, maxSteps: 1 });
      const [record] = history as [EpochRecord];
      const { loss, reconstruction, kl } = record.train as Record<"loss" | "reconstruction" | "kl", number>;
      totals.push([loss - reconstruction, kl]);
      model.dispose();
    }
    const [[full, kl], [none]] = totals as [[number, number], [number, number]];
    expect(full).toBeCloseTo(kl, 3);
    expect(none).toBe(0);
  });

  it("checks options and images", async () => {
    const model = tinyModel("vae");
    const cases: [TrainOptions, string][] = [
      [{ epoch: 3 } as object, 'did you mean "epochs"?'],
      [{ epochs: 0 }, "epochs: expected an integer from 1"],
      [{ noise: 1.5 }, "noise: expected a number from 0 to 1"],
      [{ schedule: "halfing" as "halving" }, 'did you mean "halving"?'],
      [{ earlyStopping: { patience: 0 } }, "earlyStopping.patience"],
      [{ learningRate: Number.NaN }, "learningRate: expected a number > 0"],
      [{ folder: "" }, "folder: expected the path of a folder"],
    ];
    for (const [given, message] of cases) await expect(train(model, dataset, given)).rejects.toThrow(message);
    await expect(train(model, barsDataset(4, 6), options)).rejects.toThrow("expected images of 8 x 8 x 1");
    await expect(train(model, { ...dataset, train: bars(0) }, options)).rejects.toThrow("at least one image");
    await expect(train(model, { ...dataset, validation: bars(0) }, { earlyStopping: true })).rejects.toThrow(
      "earlyStopping",
    );
    const file = join(folder, "file");
    await writeFile(file, "");
    await expect(train(model, dataset, { folder: join(file, "run") })).rejects.toMatchObject({ code: "FILE_WRITE" });
    model.dispose();
  });

  it("accepts a single image, and batches larger than the set", async () => {
    const model = tinyModel("vae");
    const one = { ...dataset, train: bars(1), validation: bars(0) };
    const { history } = await train(model, one, { epochs: 2, batchSize: 100 });
    expect(history.map(({ validation }) => validation)).toEqual([undefined, undefined]);
    model.dispose();
  });
});
