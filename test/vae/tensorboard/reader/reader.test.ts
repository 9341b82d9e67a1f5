import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, inject, it } from "vitest";
import { createModel } from "../../../../src/vae/models/index.js";
import { trainRun } from "../../../../src/vae/runs/index.js";
import { drawSprite, openEventFile, writeProjector } from "../../../../src/vae/tensorboard/index.js";
import { useFolder } from "../../../io/folder.js";
import { barsDataset, useCpuBackend } from "../../tiny-dataset.js";

const path = useFolder();
const run = promisify(execFile);
const here = import.meta.dirname;
const python = inject("python");

interface Found {
  runs: Record<string, Record<string, { plugin: string; events: Record<string, unknown>[] }>>;
  graphs: Record<string, { name: string; op: string; input: string[] }[]>;
  projector: Record<string, unknown>[];
}

async function readWithTensorBoard(folder: string): Promise<Found> {
  const { stdout } = await run(python, [join(here, "read.py"), folder]);
  return JSON.parse(stdout);
}

describe("TensorBoard", () => {
  it("reads scalars, histograms, images, a resumed run and the projector's files", async () => {
    const folder = path("logs");
    const weights = Float32Array.from({ length: 500 }, (_, i) => Math.cos(i));
    const images = { data: new Float32Array(3 * 28 * 20).fill(0.5), height: 28, width: 20, channels: 1 };
    const { png } = await drawSprite(images);

    const train = await openEventFile(join(folder, "train"));
    for (let step = 0; step < 5; step++) await train.write(step, { scalars: { "loss/total": step / 2 } });
    await train.write(5, { histograms: { weights, constant: [2, 2], none: [] }, images: { samples: png } });
    await train.close();
    const resumed = await openEventFile(join(folder, "train"), { resumeStep: 3 });
    await resumed.write(3, { scalars: { "loss/total": -1 } });
    await resumed.close();
    const validation = await openEventFile(join(folder, "validation"));
    await validation.write(0, { scalars: { "loss/total": 7 } });
    await validation.close();
    const points = { data: Float32Array.of(0.1, -2, 3e-7, 4, 5, 6e20), rows: 3, cols: 2 };
    await writeProjector(folder, [
      { name: "codes", points, metadata: { label: ["one", "two", "three"] }, images },
      { name: "bare", points },
    ]);

    const { runs, projector } = await readWithTensorBoard(folder);
    expect(Object.keys(runs).sort()).toEqual(["train", "validation"]);
    const total = runs.train?.["loss/total"];
    expect(total?.plugin).toBe("scalars");
    expect(total?.events.map(({ step, values }) => [step, values])).toEqual([
      [0, 0],
      [1, 0.5],
      [2, 1],
      [3, -1],
    ]);
    expect(runs.validation?.["loss/total"]?.events).toMatchObject([{ step: 0, values: 7 }]);
    // The run that is resumed at step 3 removes later data.
    expect(runs.train?.weights?.events).toEqual([]);
    expect(projector).toEqual([
      {
        name: "codes",
        tensor: [
          [Math.fround(0.1), -2],
          [Math.fround(3e-7), 4],
          [5, Math.fround(6e20)],
        ],
        shape: [3, 2],
        sprite: [40, 56],
        tile: [20, 28],
      },
      { name: "bare", tensor: expect.any(Array), shape: [3, 2], sprite: null, tile: [] },
    ]);
  });

  it("reads histograms and images", async () => {
    const folder = path("pictures");
    const weights = Float32Array.from({ length: 500 }, (_, i) => Math.cos(i));
    const { png } = await drawSprite({ data: new Float32Array(28 * 20).fill(0.5), height: 28, width: 20, channels: 1 });
    const events = await openEventFile(folder);
    await events.write(5, { histograms: { weights, constant: [2, 2], none: [] }, images: { samples: png } });
    await events.close();
    await writeProjector(folder, []);

    const found = (await readWithTensorBoard(folder)).runs["."];
    expect(
      Object.values(found ?? {})
        .map(({ plugin }) => plugin)
        .sort(),
    ).toEqual(["histograms", "histograms", "histograms", "images"]);
    const [histogram] = found?.weights?.events ?? [];
    expect(histogram).toMatchObject({ step: 5, shape: [30, 3] });
    const buckets = histogram?.values as [number, number, number][];
    expect(buckets.reduce((sum, [, , count]) => sum + count, 0)).toBe(500);
    expect([buckets[0]?.[0], buckets.at(-1)?.[1]]).toEqual([Math.min(...weights), Math.max(...weights)]);
    expect(found?.constant?.events).toMatchObject([{ values: [[2, 2, 2]] }]);
    expect(found?.samples?.events).toMatchObject([{ width: 20, height: 28, size: [20, 28] }]);
  });

  it("reads the graph of a training's model", async () => {
    await useCpuBackend();
    const folder = path("training");
    const model = createModel("vae", { height: 8, width: 8, zDim: 2, hiddenDim: 4 });
    await trainRun(model, barsDataset(8), { folder, epochs: 1 });
    model.dispose();
    const nodes = (await readWithTensorBoard(join(folder, "logs"))).graphs["."];
    const inputs = new Map(nodes?.map(({ name, input }) => [name, input]));
    expect(inputs.get("encoder/hidden_1")).toEqual(["encoder/flatten"]);
    expect(inputs.get("code")).toEqual(["encoder/mean", "encoder/sd_softplus"]);
    expect(inputs.get("decoder/input")).toEqual(["code"]);
    for (const name of [...inputs.values()].flat()) expect(inputs.has(name)).toBe(true);
  });
});
