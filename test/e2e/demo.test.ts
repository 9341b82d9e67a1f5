import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type DemoOptions, runDemo } from "../../src/demo/index.js";
import type { AcquisitionsSummary, CodesSummary } from "../../src/demo/summary.js";
import { readLabels, readMatrix } from "../../src/io/index.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "demo-"));
});
afterAll(() => rm(folder, { recursive: true }));

const small = { count: 60, epochs: 1, data: "codes" } as const;
const namesOf = (files: readonly { name: string }[]) => files.map(({ name }) => name);
const runAcquisitions = async (options: Omit<DemoOptions, "data">) =>
  (await runDemo({ ...options, data: "acquisitions" })) as AcquisitionsSummary;

it("the demo computes codes and pictures from images, and can be repeated into the same directory", async () => {
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
  const separated = await readMatrix(join(directory, "separated.csv"));
  expect(new Set(Array.from({ length: 60 }, (_, i) => `${separated.at(i, 2)} ${separated.at(i, 3)}`)).size).toBe(60);
  expect(await readdir(join(directory, "figures"))).toContain("reconstructions.png");
  expect(summary.gain.mean).toBeCloseTo(summary.maps.sigma.accuracy - summary.maps.standard.accuracy, 9);

  const pictures = ["images.png", "separated.png", "wall.png", "comparison/comparison.png"];
  const read = () => Promise.all(pictures.map((name) => readFile(join(directory, name))));
  const once = await read();
  await runDemo({ ...small, directory, threads: 1 });
  const twice = await read();
  expect(once.map((bytes, i) => bytes.equals(twice[i] as Buffer))).toEqual([true, true, true, true]);
});

it("the demo of acquisitions writes the same files when it is repeated with another number of threads", async () => {
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
