import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DemoOptions, type DemoProgress, runDemo } from "../../src/demo/index.js";
import type { AcquisitionsSummary, CodesSummary } from "../../src/demo/summary.js";
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

describe("runDemo with codes", () => {
  const small = { count: 60, epochs: 1, data: "codes" } as const;

  it("goes all the way from images to pictures, and again into the same directory", async () => {
    const directory = join(folder, "codes");
    const parts = new Set<string>();
    const summary = (await runDemo({ ...small, directory, onProgress: ({ part }) => parts.add(part) })) as CodesSummary;
    expect((await readdir(directory)).sort()).toEqual(namesOf(summary.files).sort());
    expect(JSON.parse(await readFile(join(directory, "summary.json"), "utf8"))).toEqual(summary);
    expect([...parts]).toEqual(["data", "training", "comparison", "pictures"]);
    const codes = await readMatrix(join(directory, "codes/vae_embeddings.npy"));
    const sigma = await readMatrix(join(directory, "codes/vae_errors.npy"));
    expect([codes.shape, sigma.shape]).toEqual([
      [60, summary.model.zDim],
      [60, summary.model.zDim],
    ]);
    expect(sigma.data.every((value) => value > 0)).toBe(true);
    expect(new Set(await readLabels(join(directory, "codes/labels.txt"))).size).toBe(summary.classes);
    const places = await readMatrix(join(directory, "separated.csv"));
    expect(new Set(Array.from({ length: 60 }, (_, i) => `${places.at(i, 2)} ${places.at(i, 3)}`)).size).toBe(60);
    expect(await readdir(join(directory, "figures"))).toContain("reconstructions.png");
    expect(summary.gain.mean).toBeCloseTo(summary.maps.sigma.accuracy - summary.maps.standard.accuracy, 9);

    const pictures = ["images.png", "separated.png", "wall.png", "comparison/comparison.png"];
    const read = () => Promise.all(pictures.map((name) => readFile(join(directory, name))));
    const once = await read();
    await runDemo({ ...small, directory, threads: 1 });
    const twice = await read();
    expect(once.map((bytes, i) => bytes.equals(twice[i] as Buffer))).toEqual([true, true, true, true]);
  });

  it("leaves no files when it is stopped in its training", async () => {
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

    // The first component sets the scale of the means, and fewer electrons are less certain.
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

  it("writes the same bytes again into the same directory, with any number of threads", async () => {
    const directory = join(folder, "again");
    const contents = async (threads: number) => {
      const { files, seconds, ...facts } = await runAcquisitions({ directory, count: 60, seed: 3, threads });
      const written = namesOf(files).filter((name) => name !== "summary.json");
      return { facts, bytes: await Promise.all(written.map((name) => readFile(join(directory, name)))) };
    };
    const once = await contents(1);
    const twice = await contents(2);
    expect(twice.facts).toEqual(once.facts);
    once.bytes.forEach((bytes, i) => {
      expect(bytes.equals(twice.bytes[i] as Buffer)).toBe(true);
    });
    const { explanation } = await runAcquisitions({ directory, count: 60, seed: 4 });
    expect(explanation).not.toEqual(once.facts.explanation);
  });

  it("leaves no files when it is stopped, before and in the midst of it", async () => {
    const directory = join(folder, "stopped");
    await expect(runAcquisitions({ directory, count: 60, signal: AbortSignal.abort() })).rejects.toThrow(AbortError);
    const controller = new AbortController();
    const onProgress = ({ part }: DemoProgress) => part === "sigma" && controller.abort(new Error("enough"));
    const stopped = runAcquisitions({ directory, count: 60, signal: controller.signal, onProgress });
    await expect(stopped).rejects.toThrow(expect.objectContaining({ code: "ABORTED" }));
    expect(await readdir(directory)).toEqual([]);
  });

  it("says before the work that the directory cannot be used", async () => {
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
    ["epochs", "OUT_OF_RANGE", { epochs: 0 }],
    ["epochs", "INVALID_ARGUMENT", { epochs: 3, data: "acquisitions" }],
    ["points", "UNKNOWN_OPTION", { points: 100 }],
  ])("refuses a bad %s as %s: %j", async (argument, code, options) => {
    const run = runDemo({ directory: folder, ...options } as DemoOptions);
    await expect(run).rejects.toThrow(ArgumentError);
    await expect(run).rejects.toThrow(expect.objectContaining({ argument, code }));
  });
});
