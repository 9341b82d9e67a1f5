import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compare, writeComparison } from "../../src/compare/index.js";
import { openExploration } from "../../src/explorer/open/open-exploration.js";
import { type CategoryColumn, paths } from "../../src/explorer/protocol.js";
import { readMatrix, writeArray, writeMatrix } from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { selectBackend } from "../../src/vae/backends/index.js";
import { openDataset } from "../../src/vae/datasets/index.js";
import { createModel, loadModel } from "../../src/vae/models/index.js";
import { trainRun } from "../../src/vae/runs/index.js";
import { makeGroups } from "../cli/workplace.js";
import { bars } from "../vae/tiny-dataset.js";
import { serve, watch } from "./serve.js";

let folder: string;
const path = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-explorer-"));
  await selectBackend("wasm");
});
afterAll(() => rm(folder, { recursive: true }));

describe("the folder of a training", () => {
  const count = 90;
  const side = 8;

  beforeAll(async () => {
    const images = bars(count, side);
    const all = await images.read(Array.from({ length: count }, (_, i) => i));
    await writeArray(path("bars.npy"), all, [count, side, side]);
    await writeFile(path("labels.txt"), Array.from(images.labels as Int32Array, (label) => `${label}\n`).join(""));
    const options = { labels: path("labels.txt"), split: { validation: 0, test: 60 } };
    const dataset = await openDataset(path("bars.npy"), options);
    const model = createModel("gmvae", {
      height: side,
      width: side,
      zDim: 2,
      hiddenDim: 8,
      clusters: 2,
      pretrainEpochs: 0,
    });
    await trainRun(model, dataset, { folder: path("run"), epochs: 1, batchSize: 16, summary: true });
    model.dispose();
    await dataset.close();
  });

  it("provides codes and maps, which are saved and shown at once the next time", async () => {
    const first = await serve(await openExploration(path("run")));
    await watch(first.url, (runs) => runs.get("uncertainty")?.state === "finished");
    const description = await first.describe();
    expect(description).toMatchObject({
      n: 60,
      dimensions: 2,
      model: { name: "gmvae", latentDimensions: 2, height: side, width: side, channels: 1 },
      images: { width: side, height: side, sheets: 1 },
      abilities: { decode: true, encode: true, place: true, search: true, uncertainty: true },
    });
    expect(description.columns.map(({ id }) => id)).toEqual([
      "label",
      "cluster",
      "mean-sigma",
      "displacement",
      "quality:standard",
      "quality:sigma-aware",
      "position-uncertainty",
    ]);
    expect((description.columns[0] as CategoryColumn).categories).toEqual(["0", "1"]);
    const layout = await first.floats(paths.layout("sigma-aware"));
    const covariances = await first.floats(paths.covariances("sigma-aware"));
    await first.close();

    const model = await loadModel(path("run"));
    const dataset = await openDataset(path("bars.npy"), { split: { validation: 0, test: 60 } });
    const { means } = await model.encode(dataset.test);
    expect((await readMatrix(path("run/explorer/test/means.npy"))).data).toEqual(means.data);
    const firsts = Array.from({ length: 60 }, (_, i) => means.at(i, 0));
    expect(description.model?.mean[0]).toBeCloseTo(firsts.reduce((sum, x) => sum + x, 0) / 60, 5);
    model.dispose();
    await dataset.close();

    const exploration = await openExploration(path("run"));
    expect(exploration.describe().layouts.map(({ id }) => id)).toEqual(description.layouts.map(({ id }) => id));
    const second = await serve(exploration);
    expect(await second.floats(paths.layout("sigma-aware"))).toEqual(layout);
    await expect.poll(async () => (await second.describe()).columns).toHaveLength(7);
    expect((await second.describe()).layouts).toEqual(description.layouts);
    expect(await second.floats(paths.covariances("sigma-aware"))).toEqual(covariances);
    expect((await second.describe()).computations).toEqual([]);
    // New points can be placed with a saved run.
    const [, aware] = exploration.placementMaps();
    const run = await exploration.runOf(aware);
    expect(run.shape).toEqual([60, 2]);
    await second.close();
  });

  it("computes damaged results again, and all results of another model", async () => {
    await cp(path("run"), path("copy"), { recursive: true });
    const kept = path("copy/explorer/test");
    const whole = await readFile(join(kept, "sigma-aware.npy"));
    await writeFile(join(kept, "sigma-aware.npy"), whole.subarray(0, 200));
    const damaged = await openExploration(path("copy"));
    expect(damaged.describe().layouts.filter(({ kind }) => kind === "map")).toMatchObject([{ id: "standard" }]);
    const first = await serve(damaged);
    const runs = await watch(first.url, (known) => known.get("sigma-aware")?.state === "finished");
    expect(runs.has("standard")).toBe(false);
    await expect.poll(() => readFile(join(kept, "sigma-aware.npy"))).toEqual(whole);
    await first.close();

    const other = createModel("vae", { height: side, width: side, zDim: 3, hiddenDim: 4 });
    await other.save(path("copy/model"));
    other.dispose();
    const second = await openExploration(path("copy"));
    expect(second.describe()).toMatchObject({ layouts: [], dimensions: null });
    await second.close();
  });

  it("can also be explored if nothing can be written", async () => {
    await cp(path("run"), path("full"), { recursive: true });
    await rm(path("full/explorer"), { recursive: true, force: true });
    // A file has the name of the folder.
    await writeFile(path("full/explorer"), "");
    const served = await serve(await openExploration(path("full"), { part: "train" }));
    await watch(served.url, (runs) => runs.get("uncertainty")?.state === "finished");
    expect((await served.describe()).n).toBe(30);
    expect(await readFile(path("full/explorer"), "utf8")).toBe("");
    await served.close();
  });

  it("can be explored twice at the same time", async () => {
    await cp(path("run"), path("twice"), { recursive: true });
    await rm(path("twice/explorer"), { recursive: true, force: true });
    const both = await Promise.all([1, 2].map(async () => serve(await openExploration(path("twice")))));
    // Results that one exploration has saved need not be computed by the other.
    for (const { describe } of both) {
      await expect.poll(async () => (await describe()).columns.length).toBe(7);
    }
    const [one, other] = await Promise.all(both.map(({ floats }) => floats(paths.layout("sigma-aware"))));
    expect(one).toEqual(other);
    await Promise.all(both.map(({ close }) => close()));
    expect((await readdir(path("twice/explorer/test"))).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("can be explored with other images", async () => {
    await mkdir(path("others"));
    for (let i = 0; i < 5; i++) {
      const create = { width: 20 + i, height: 16, channels: 3, background: { r: 40 * i, g: 0, b: 0 } } as const;
      await sharp({ create })
        .png()
        .toFile(path(`others/${i}.png`));
    }
    const gray = path("others.npy");
    await writeArray(gray, new Float32Array(4 * side * side).fill(0.5), [4, side, side]);
    const served = await serve(await openExploration(path("run"), { images: gray }));
    await watch(served.url, (runs) => runs.get("encoding")?.state === "finished");
    expect((await served.describe()).n).toBe(4);
    await served.close();
    await expect(openExploration(path("run"), { images: path("others") })).rejects.toThrow(
      "expected images of 8 x 8 x 1, for which the model was made, received 8 x 8 x 3",
    );
  });

  it("is monitored during training, and explored when training is finished", async () => {
    await cp(path("run"), path("going"), { recursive: true });
    await cp(path("run/model"), path("model-of-going"), { recursive: true });
    await cp(path("run/metrics.json"), path("metrics-of-going.json"));
    for (const name of ["explorer", "model", "metrics.json"])
      await rm(path(`going/${name}`), { recursive: true, force: true });
    await writeFile(path("going/training.lock"), `${process.ppid}\n`);
    const served = await serve(await openExploration(path("going")));
    const runs = await watch(served.url, (known) => known.get("training")?.state === "running");
    expect(runs.get("training")).toMatchObject({
      kind: "training",
      title: "Training of gmvae on bars.npy",
      iteration: 1,
      iterations: 1,
      fraction: 1,
      controllable: false,
      parts: { "train/loss": expect.any(Number), "train/reconstruction": expect.any(Number) },
    });
    expect((await served.describe()).layouts).toEqual([]);
    await rm(path("going/training.lock"));
    await watch(served.url, (known) => known.get("training")?.state === "stopped");
    await cp(path("model-of-going"), path("going/model"), { recursive: true });
    await cp(path("metrics-of-going.json"), path("going/metrics.json"));
    await watch(served.url, (known) => known.get("sigma-aware")?.state === "finished");
    await served.close();
  });

  it("rejects options that do not apply to a training", async () => {
    const open = (options: object) => openExploration(path("run"), options);
    await expect(open({ sigma: "sigma.npy" })).rejects.toThrow("sigma: cannot be used with a training");
    await expect(open({ part: "validation" })).rejects.toThrow("a part of at least 3 images (this part has 0)");
    await expect(open({ images: path("bars.npy"), part: "all" })).rejects.toThrow("part: cannot be used");
    await expect(open({ labels: path("labels.txt") })).rejects.toThrow(
      "expected 60 labels, one per point, received 90",
    );
    await writeFile(path("run/config.json"), "{");
    await expect(open({})).rejects.toThrow("config.json: is not JSON");
  });
});

describe("the folder of a comparison", () => {
  const n = 60;
  beforeAll(async () => {
    const means = new Matrix(Float32Array.from(makeGroups(n, 4, 3).flat()), n, 4);
    const sigma = new Matrix(
      Float32Array.from({ length: 4 * n }, (_, at) => 0.1 + (at % 5) / 10),
      n,
      4,
    );
    const labels = Array.from({ length: n }, (_, i) => `group ${i % 3}`);
    await writeComparison(path("comparison"), await compare(means, { sigma, labels, iterations: 50 }), { labels });
    await writeMatrix(path("means.npy"), means);
  });

  it("provides its maps and the changes between them", async () => {
    const served = await serve(await openExploration(path("comparison"), { input: path("means.npy") }));
    const { layouts, columns, abilities, dimensions } = await served.describe();
    expect(layouts.filter(({ kind }) => kind === "map").map(({ id }) => id)).toEqual(["standard", "sigma-aware"]);
    expect(columns.map(({ id }) => id)).toEqual(["label", "displacement", "changed", "mean-sigma"]);
    expect({ dimensions, search: abilities.search }).toEqual({ dimensions: 4, search: true });
    const map = await readMatrix(path("comparison/map_sigma-aware.npy"));
    expect(await served.floats(paths.layout("sigma-aware"))).toEqual(map.data);
    const displacement = await readMatrix(path("comparison/displacement.npy"));
    (await served.floats(paths.column("displacement"))).forEach((moved, i) => {
      expect(moved).toBeCloseTo(displacement.at(i, 0), 5);
    });
    await served.close();
  });

  it("cannot refer to files in other folders", async () => {
    await cp(path("comparison"), path("hostile"), { recursive: true });
    const metrics = JSON.parse(await readFile(path("hostile/metrics.json"), "utf8"));
    metrics.maps[0].file = "../means.npy";
    await writeFile(path("hostile/metrics.json"), JSON.stringify(metrics));
    await expect(openExploration(path("hostile"))).rejects.toThrow(/hostile\/means\.npy: .*no such file/);
    metrics.maps = [{ name: 1 }];
    await writeFile(path("hostile/metrics.json"), JSON.stringify(metrics));
    await expect(openExploration(path("hostile"))).rejects.toThrow("does not list the compared maps");
  });
});

describe("a source that cannot be explored", () => {
  it("is rejected with the reason", async () => {
    const refused = (source: string, message: string | RegExp, options = {}) =>
      expect(openExploration(path(source), options)).rejects.toThrow(message);
    await mkdir(path("empty"));
    await refused("nothing", "no such file or folder");
    await refused("empty", "is neither the folder of a training or a model");
    await writeFile(path("text.txt"), "no numbers");
    await refused("text.txt", /text\.txt/);
    await writeFile(path("broken.tsne"), "no run");
    await refused("broken.tsne", "is not a saved run");
    await writeFile(path("renamed.bin"), Buffer.from("\x89TSN\r\n\x1a\n", "latin1"));
    await refused("renamed.bin", "is cut off within its first bytes");
    await writeMatrix(path("line.npy"), new Matrix(new Float32Array(5), 5, 1));
    await refused("line.npy", "expected an embedding of 2 columns, or points of more, received 5 x 1");
    await writeMatrix(path("map.npy"), new Matrix(new Float32Array(10), 5, 2));
    await refused("map.npy", "part: cannot be used with a map", { part: "test" });
    await refused("map.npy", "expected 5 rows, one per point, received 60", { input: path("means.npy") });
    await refused("map.npy", "expected 5 images, one per point, received 90", { images: path("bars.npy") });
    await writeMatrix(path("bad.npy"), new Matrix(Float32Array.of(0, 1, Number.POSITIVE_INFINITY, 3), 2, 2));
    await refused("bad.npy", "expected finite numbers, received Infinity at row 1, column 0");
    await writeMatrix(path("nowhere.npy"), new Matrix(new Float32Array(4).fill(Number.NaN), 2, 2));
    await refused("nowhere.npy", "expected at least one row with a position, but all 2 rows lack one");
    await writeMatrix(path("negative.npy"), new Matrix(Float32Array.of(1, 1, 1, 1, 1, 1, 1, -2, 1, 1), 5, 2));
    const message = "negative.npy: expected finite standard deviations >= 0, received -2 at row 3, column 1";
    await refused("map.npy", message, { sigma: path("negative.npy") });
    const nested = fileURLToPath(new URL("../io/fixtures/tables/polars.parquet", import.meta.url));
    const strict = { columns: ["pc1", "pc2"], strict: true };
    await expect(openExploration(nested, strict)).rejects.toThrow(
      'column "nested" (nested) cannot be shown, and strict reading reports this as an error. Exclude the column',
    );
    await refused("map.npy", "metadata: expected a table with named columns", { metadata: path("bars.npy") });
    await expect(openExploration("")).rejects.toThrow("the path of a file");
  });

  it("is not opened if the user has stopped the command", async () => {
    const stopped = AbortSignal.abort();
    await expect(openExploration(path("map.npy"), {}, stopped)).rejects.toThrow("stopped before it was finished");
  });
});

describe("few points", () => {
  it("have all layouts that are possible for them", async () => {
    for (const n of [1, 2, 3]) {
      await writeMatrix(
        path("few.npy"),
        new Matrix(
          Float32Array.from({ length: 2 * n }, (_, i) => i),
          n,
          2,
        ),
      );
      const served = await serve(await openExploration(path("few.npy")));
      expect((await served.describe()).layouts.map(({ id }) => id)).toEqual(["map"]);
      expect((await served.json<{ neighbors: unknown[] }>(paths.point(0))).neighbors).toHaveLength(n - 1);
      await served.close();
    }
  });
});
