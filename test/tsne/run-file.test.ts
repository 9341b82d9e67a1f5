import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { applyPreparation, type FittedPreparation, prepareData } from "../../src/preparation/index.js";
import { Tsne, type TsneOptions } from "../../src/tsne/index.js";
import { isSavedRun } from "../../src/tsne/run-file.js";
import { useFolder } from "../io/folder.js";
import { digest, makeGroups, makeUniform } from "./points.js";

const data = makeGroups(150, 6);
const sigma = makeUniform(150, 6, 0.1, 1);
const quick: TsneOptions = { iterations: 160, earlyExaggerationIterations: 60, perplexity: 12, threads: 2 };
const distances = Array.from({ length: 150 }, (_, i) => Array.from({ length: 150 }, (_, j) => Math.abs(i - j) + 1));

const inFolder = useFolder();
let file: string;
let bytes: Buffer;
beforeAll(async () => {
  file = inFolder("run.tsne");
  const run = new Tsne(data, quick);
  await run.fit(70);
  await run.save(file);
  bytes = await readFile(file);
});

describe("save and load", () => {
  test.each<[string, TsneOptions]>([
    ["plain", {}],
    ["sigma", { sigma }],
    ["one sigma for all", { sigma: makeUniform(150, 6, 0.5, 0.5) }],
    ["three dimensions", { outputDimensions: 3 }],
    ["one dimension", { outputDimensions: 1, sigma }],
    ["principal components", { pca: 3 }],
    ["cosine", { distance: "cosine" }],
    ["a start of its own", { init: makeUniform(150, 2, -1, 1) }],
    ["a learning rate", { learningRate: 80, theta: 0.3 }],
    ["the mesh", { method: "fft" }],
    ["given neighbors", { neighbors: { distances } }],
  ])("give a run that continues to the same bytes as a run that was never saved: %s", async (name, options) => {
    const whole = new Tsne(data, { ...quick, ...options });
    await whole.fit(70);
    const path = inFolder(`${name}.tsne`);
    await whole.save(path);
    const last = await whole.fit();
    const loaded = await Tsne.load(path, { threads: 3 });
    expect(loaded.iteration).toBe(70);
    expect(loaded.options).toEqual({ ...whole.options, threads: 3 });
    const rest = await loaded.fit();
    expect(digest(rest.embedding)).toBe(digest(last.embedding));
    expect(rest.kl).toBe(last.kl);
    if (!options.neighbors) {
      const fresh = makeGroups(160, 6).slice(150, 160);
      const how = options.sigma ? { sigma: makeUniform(10, 6, 0.1, 1) } : {};
      expect(digest((await loaded.place(fresh, how)).embedding)).toBe(
        digest((await whole.place(fresh, how)).embedding),
      );
    }
  });

  test.each([
    ["scales", { standardize: "zscore" }],
    ["logarithms and scales", { log1p: true, standardize: "robust" }],
    ["logarithms", { log1p: true }],
  ] as const)("prepare new points as the data were prepared, by %s", async (name, how) => {
    const [counts, fresh] = [makeUniform(80, 4, 0, 300), makeUniform(9, 4, 0, 300)];
    const errors = makeUniform(80, 4, 1, 5);
    const { means, sigma: scaled, preparation } = prepareData(counts, { sigma: errors, ...how });
    const run = new Tsne(means, { ...quick, iterations: 20, sigma: scaled });
    await run.fit();
    const path = inFolder(`${name}.tsne`);
    await run.save(path, { preparation });
    const loaded = await Tsne.load(path);
    const freshSigma = errors.slice(0, 9);
    const prepared = applyPreparation(preparation as FittedPreparation, { means: fresh, sigma: freshSigma });
    const expected = await run.place(prepared.means, { sigma: prepared.sigma });
    expect((await loaded.place(fresh, { sigma: freshSigma })).embedding).toEqual(expected.embedding);
    // Saving a loaded run again keeps its preparation.
    await loaded.save(path);
    expect((await Tsne.load(path)).preparation).toEqual(preparation);
  });

  test("write the same bytes for the same run", async () => {
    const again = inFolder("again.tsne");
    await (await Tsne.load(file)).save(again);
    expect((await readFile(again)).equals(bytes)).toBe(true);
  });

  test("need an embedding", async () => {
    const path = inFolder("none.tsne");
    await expect(new Tsne(data, quick).save(path)).rejects.toMatchObject({
      message: expect.stringMatching(/no embedding yet/),
    });
    expect(await readdir(inFolder(""))).not.toContain("none.tsne");
  });
});

test("a saved run is recognized by its first bytes, whatever its name", async () => {
  const write = async (name: string, content: Buffer | string) => {
    await writeFile(inFolder(name), content);
    return inFolder(name);
  };
  expect(await isSavedRun(file)).toBe(true);
  expect(await isSavedRun(await write("renamed.csv", bytes.subarray(0, 100)))).toBe(true);
  expect(await isSavedRun(await write("damaged.TSNE", "1,2\n"))).toBe(true);
  expect(await isSavedRun(await write("points.csv", "1,2\n"))).toBe(false);
  expect(await isSavedRun(await write("empty", ""))).toBe(false);
  expect(await isSavedRun(inFolder(""))).toBe(false);
  expect(await isSavedRun(inFolder("nowhere"))).toBe(false);
});

/** Returns a file with these bytes and a correct checksum. */
function sealed(content: Buffer): Buffer {
  const body = content.subarray(0, -32);
  return Buffer.concat([body, createHash("sha256").update(body).digest()]);
}

/** Returns the bytes of the run with a changed header. */
function withHeader(
  change: (header: { run: Record<string, unknown>; options: Record<string, unknown> }) => void,
): Buffer {
  const length = bytes.readUInt32LE(12);
  const header = JSON.parse(bytes.subarray(16, 16 + length).toString());
  change(header);
  const copy = Buffer.from(bytes);
  copy.fill(" ", 16, 16 + length);
  copy.write(JSON.stringify(header), 16);
  return sealed(copy);
}

describe("load rejects", () => {
  const changed = (at: number) => {
    const copy = Buffer.from(bytes);
    copy[at] = copy[at] ^ 1;
    return copy;
  };
  const withVersion = (version: number) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt32LE(version, 8);
    return copy;
  };
  test.each<[string, () => Buffer, string, RegExp]>([
    ["an empty file", () => Buffer.alloc(0), "FILE_FORMAT", /not a saved run/],
    ["text", () => Buffer.from("1,2,3\n4,5,6\n"), "FILE_FORMAT", /not a saved run/],
    ["a newer version", () => withVersion(6), "FILE_VERSION", /version 6: expected version 5\. .*newer sigma-tsne/],
    ["an older version", () => withVersion(4), "FILE_VERSION", /version 4: expected version 5\. Fit the data again/],
    ["a file cut off in its first bytes", () => bytes.subarray(0, 11), "FILE_FORMAT", /cut off/],
    ["a file cut off in its header", () => bytes.subarray(0, 200), "FILE_FORMAT", /cut off/],
    ["a file cut off in its arrays", () => bytes.subarray(0, -1000), "FILE_FORMAT", /cut off/],
    ["a file without its last byte", () => bytes.subarray(0, -1), "FILE_FORMAT", /cut off/],
    ["a file with more at its end", () => Buffer.concat([bytes, Buffer.alloc(3)]), "FILE_FORMAT", /more than/],
    ["changed numbers", () => changed(bytes.length - 5000), "FILE_FORMAT", /bytes have changed/],
    ["a changed checksum", () => changed(bytes.length - 1), "FILE_FORMAT", /bytes have changed/],
    ["a damaged header", () => changed(16), "FILE_FORMAT", /header is damaged/],
    [
      "a header of absurd length",
      () => {
        const copy = Buffer.from(bytes);
        copy.writeUInt32LE(0xffffffff, 12);
        return copy;
      },
      "FILE_FORMAT",
      /header of 4294967295 bytes/,
    ],
    ["an invalid size", () => withHeader(({ run }) => Object.assign(run, { rows: 1e15 })), "FILE_FORMAT", /damaged/],
    [
      "more rows than it holds",
      () => withHeader(({ run }) => Object.assign(run, { rows: 2e9 })),
      "FILE_FORMAT",
      /damaged/,
    ],
    [
      "options out of range",
      () => withHeader(({ options }) => Object.assign(options, { outputDimensions: 9 })),
      "FILE_FORMAT",
      /damaged/,
    ],
    [
      "options that are unknown",
      () => withHeader(({ options }) => Object.assign(options, { magic: 9 })),
      "FILE_FORMAT",
      /damaged/,
    ],
    [
      "an invalid scale",
      () => withHeader(({ run }) => Object.assign(run, { scale: -1 })),
      "FILE_FORMAT",
      /scale is not positive/,
    ],
    [
      "rows that come twice",
      () => {
        const copy = Buffer.from(bytes);
        const { arrays } = JSON.parse(copy.subarray(16, 16 + copy.readUInt32LE(12)).toString());
        const { offset } = arrays.find(({ name }: { name: string }) => name === "order");
        copy.writeUInt32LE(copy.readUInt32LE(16 + copy.readUInt32LE(12) + offset), 20 + copy.readUInt32LE(12) + offset);
        return sealed(copy);
      },
      "FILE_FORMAT",
      /not a permutation/,
    ],
  ])("%s", async (name, content, code, message) => {
    const path = inFolder(`bad ${name}.tsne`);
    await writeFile(path, content());
    await expect(Tsne.load(path)).rejects.toMatchObject({
      name: "FileError",
      code,
      path,
      message: expect.stringMatching(message),
    });
  });

  test("a file that does not exist, a folder, and bad options", async () => {
    await expect(Tsne.load(inFolder("absent"))).rejects.toMatchObject({ code: "FILE_READ" });
    await expect(Tsne.load(inFolder(""))).rejects.toMatchObject({ code: "FILE_READ" });
    await expect(Tsne.load(file, { threads: 0 })).rejects.toMatchObject({ code: "OUT_OF_RANGE", argument: "threads" });
    await expect(Tsne.load(file, { perplexity: 3 } as never)).rejects.toMatchObject({ code: "UNKNOWN_OPTION" });
    await expect(Tsne.load(file, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
  });
});
