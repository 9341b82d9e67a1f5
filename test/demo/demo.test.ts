import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DemoOptions, type DemoProgress, runDemo } from "../../src/demo/index.js";
import type { AcquisitionsSummary } from "../../src/demo/summary.js";
import { AbortError, ArgumentError, FileError } from "../../src/errors.js";
import { readLabels, readMatrix } from "../../src/io/index.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "demo-"));
});
afterAll(() => rm(folder, { recursive: true }));

const namesOf = (files: readonly { name: string }[]) => files.map(({ name }) => name);
const runAcquisitions = async (options: Omit<DemoOptions, "data">) =>
  (await runDemo({ ...options, data: "acquisitions" })) as AcquisitionsSummary;

// test/e2e/demo.test.ts runs the whole demo twice.
describe("runDemo with codes", () => {
  const small = { count: 60, epochs: 1, data: "codes" } as const;

  it("leaves no files when it is stopped during training", async () => {
    const directory = join(folder, "stopped-codes");
    const controller = new AbortController();
    const onProgress = ({ part }: DemoProgress) => part === "training" && controller.abort();
    const stopped = runDemo({ ...small, directory, epochs: 50, signal: controller.signal, onProgress });
    await expect(stopped).rejects.toThrow(AbortError);
    expect(await readdir(directory)).toEqual([]);
  });
});

describe("runDemo with acquisitions", () => {
  it("makes data, both maps, pictures and a summary that agree with each other", async () => {
    const directory = join(folder, "new", "nested");
    const reports: DemoProgress[] = [];
    const summary = await runAcquisitions({ directory, count: 150, onProgress: (progress) => reports.push(progress) });

    expect((await readdir(directory)).sort()).toEqual(namesOf(summary.files).sort());
    expect(JSON.parse(await readFile(join(directory, "summary.json"), "utf8"))).toEqual(summary);
    const means = await readMatrix(join(directory, "means.npy"));
    const sigma = await readMatrix(join(directory, "sigma.npy"));
    expect(means.shape).toEqual([150, summary.d]);
    expect(sigma.shape).toEqual([150, summary.d]);
    expect(sigma.data.every((value) => value > 0 && Number.isFinite(value))).toBe(true);
    for (const name of ["map_standard", "map_sigma"]) {
      const map = await readMatrix(join(directory, `${name}.npy`));
      expect(map.shape).toEqual([150, 2]);
      expect(map.data.every(Number.isFinite)).toBe(true);
      expect(Float32Array.from((await readMatrix(join(directory, `${name}.csv`))).data)).toEqual(map.data);
    }
    expect(new Set(await readLabels(join(directory, "labels.csv"))).size).toBe(8);
    for (const name of ["micrographs.png", "comparison.png"]) {
      expect((await readFile(join(directory, name))).subarray(1, 4).toString()).toBe("PNG");
    }

    // The first component defines the scale of the means, and fewer electrons make the means less certain.
    const first = Array.from({ length: 150 }, (_, i) => means.at(i, 0));
    expect(first.reduce((sum, value) => sum + value * value, 0) / 149).toBeCloseTo(1, 3);
    expect(summary.sigma.lowDose).toBeGreaterThan(2 * summary.sigma.highDose);
    for (const { accuracy, neighborsKept } of Object.values(summary.maps)) {
      for (const share of [...Object.values(accuracy), ...Object.values(neighborsKept)]) {
        expect(share).toBeGreaterThan(1 / 8);
        expect(share).toBeLessThanOrEqual(1);
      }
      expect(accuracy.all).toBeCloseTo((accuracy.lowDose + accuracy.highDose) / 2, 9);
    }
    expect(summary.gain.accuracy.all.mean).toBeCloseTo(
      summary.maps.sigma.accuracy.all - summary.maps.standard.accuracy.all,
      9,
    );
    expect(new Set(reports.map((progress) => progress.part))).toEqual(new Set(["data", "standard", "sigma"]));
  });

  it("leaves no files when it is stopped before or during the computation", async () => {
    const directory = join(folder, "stopped");
    await expect(runAcquisitions({ directory, count: 60, signal: AbortSignal.abort() })).rejects.toThrow(AbortError);
    const controller = new AbortController();
    const onProgress = ({ part }: DemoProgress) => part === "sigma" && controller.abort(new Error("enough"));
    const stopped = runAcquisitions({ directory, count: 60, signal: controller.signal, onProgress });
    await expect(stopped).rejects.toThrow(expect.objectContaining({ code: "ABORTED" }));
    expect(await readdir(directory)).toEqual([]);
  });

  it("reports an unusable directory before the computation begins", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    await expect(runAcquisitions({ directory: file, count: 50 })).rejects.toThrow(FileError);
    await expect(runAcquisitions({ directory: join(file, "below"), count: 50 })).rejects.toThrow(
      expect.objectContaining({ code: "FILE_WRITE" }),
    );
  });

  it.each<[string, string, object]>([
    ["directory", "INVALID_ARGUMENT", { directory: "" }],
    ["directory", "INVALID_ARGUMENT", { directory: undefined }],
    ["count", "OUT_OF_RANGE", { count: 49 }],
    ["count", "OUT_OF_RANGE", { count: 10_001 }],
    ["count", "INVALID_ARGUMENT", { count: "200" }],
    ["seed", "OUT_OF_RANGE", { seed: -1 }],
    ["threads", "OUT_OF_RANGE", { threads: 0 }],
    ["data", "INVALID_ARGUMENT", { data: "images" }],
    ["epochs", "OUT_OF_RANGE", { data: "codes", epochs: 0 }],
    ["epochs", "INVALID_ARGUMENT", { epochs: 3, data: "acquisitions" }],
    ["model", "INVALID_ARGUMENT", { model: "gmvae", data: "codes" }],
    ["model", "INVALID_ARGUMENT", { model: "micrograph-vae" }],
    ["points", "UNKNOWN_OPTION", { points: 100 }],
  ])("refuses a bad %s as %s: %j", async (argument, code, options) => {
    const run = runDemo({ directory: folder, ...options } as DemoOptions);
    await expect(run).rejects.toThrow(ArgumentError);
    await expect(run).rejects.toThrow(expect.objectContaining({ argument, code }));
  });
});
