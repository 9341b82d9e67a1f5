import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { FixedSizeBinary } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readMatrix } from "../../src/io/index.js";
import { createModel, selectBackend } from "../../src/vae/index.js";
import { entry, makeGroups, toCsv, Workplace } from "../cli/workplace.js";
import { batchOf, bytesOf, listType, tableOf, valuesOf } from "../filter/streams.js";

const data = makeGroups(170, 6, 3).map((row) => row.map(Math.fround));
const fresh = data.slice(150);

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  await workplace.write("data.csv", toCsv(data.slice(0, 150)));
  await workplace.write("new.csv", toCsv(fresh));
  const fit = ["embed", "data.csv", "-o", "map.npy", "--save", "run.tsne", "--perplexity", "10", "--iterations", "60"];
  expect(await workplace.start([...fit, "--quiet"])).toMatchObject({ code: 0 });
  expect(await workplace.start(["place", "run.tsne", "new.csv", "-o", "new.npy", "--quiet"])).toMatchObject({
    code: 0,
  });
});
afterAll(() => workplace.remove());

const column = (rows: readonly ((number | null)[] | null)[]) => ({ mean: [listType("fixed32", 6), rows] as const });
const stream = (sizes: readonly number[]) => {
  let start = 0;
  return bytesOf(
    sizes.map((size) => {
      start += size;
      return batchOf(column(fresh.slice(start - size, start)));
    }),
  );
};

function filter(args: readonly string[], input: Uint8Array, closeEarly = false) {
  return new Promise<{ code: number | null; output: Buffer; stderr: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [entry, ...args], { cwd: workplace.folder, stdio: "pipe" });
    const pieces: Buffer[] = [];
    let stderr = "";
    child.stdout.on("data", (piece: Buffer) => {
      pieces.push(piece);
      if (closeEarly) child.stdout.destroy();
    });
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      stderr += piece;
    });
    // A filter that fails does not read its input to the end.
    child.stdin.on("error", () => {});
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output: Buffer.concat(pieces), stderr }));
    child.stdin.end(input);
  });
}

describe("place --arrow", () => {
  it.each([
    [[20], "1"],
    [[7, 0, 13], "2"],
  ])("computes the same positions as for a file, with batches of %j and %s threads", async (sizes, threads) => {
    const { code, output, stderr } = await filter(
      ["place", "run.tsne", "--arrow", "--threads", threads],
      stream(sizes),
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(new RegExp(`^20 rows in ${sizes.length} batches placed: \\d+\\.\\d s, \\d+ rows/s\\.\\n$`));
    const expected = await readMatrix(workplace.path("new.npy"));
    expect(valuesOf(tableOf(output), "x")).toEqual(expected.toArrays().map(([x]) => x));
    expect(valuesOf(tableOf(output), "y")).toEqual(expected.toArrays().map(([, y]) => y));
  });

  it("counts invalid rows, or fails at the first one", async () => {
    const bytes = bytesOf([batchOf(column([fresh[0], null, [1, 2, 3, 4, 5, null]]))]);
    const counted = await filter(["place", "run.tsne", "--arrow", "--json"], bytes);
    expect(counted.code).toBe(0);
    expect(JSON.parse(counted.stderr)).toMatchObject({ rows: 3, batches: 1, unusable: 2 });
    expect(await filter(["place", "run.tsne", "--arrow", "--strict"], bytes)).toMatchObject({
      code: 1,
      stderr: "sigma-tsne place: standard input: row 1 of batch 0 has a null in its mean\n",
    });
  });

  it("ends quietly if its reader ends", async () => {
    // The data are larger than the buffer of the pipe, so the filter cannot end before its reader does.
    const many = bytesOf(Array.from({ length: 2000 }, () => batchOf({ ...column(fresh) })));
    expect(await filter(["place", "run.tsne", "--arrow"], many, true)).toMatchObject({ code: 0, stderr: "" });
  });

  it("leaves its output stream recognizably incomplete when it fails", async () => {
    const bytes = stream([10, 10]);
    const { code, output, stderr } = await filter(["place", "run.tsne", "--arrow"], bytes.subarray(0, -100));
    expect(code).toBe(1);
    expect(stderr).toBe(
      "sigma-tsne place: standard input: is cut off within batch 1. Write the stream again, and check that the program that writes it ends without an error\n",
    );
    expect(output.subarray(-4)).toEqual(Buffer.alloc(4, 255));
  });

  it("rejects a run of another version", async () => {
    const run = await readFile(workplace.path("run.tsne"));
    run.writeUInt32LE(99, 8);
    await workplace.write("later.tsne", run);
    const { code, stderr } = await filter(["place", "later.tsne", "--arrow"], stream([20]));
    expect(code).toBe(1);
    expect(stderr).toContain("version");
  });

  it.each([
    [["--mean-column", "mu"], '--mean-column: there is no column "mu"; the columns are "mean"'],
    [["--drop", "mean, id"], '--drop: there is no column " id"; the columns are "mean"'],
    [["--uncertainty", "5"], "fitted without sigma"],
    [["--sigma-column", "sigma"], "--sigma-column: cannot be used"],
    [["-o", "x.npy"], "--output: cannot be used with --arrow"],
    [["new.csv"], "[new]: cannot be used with --arrow"],
  ])("refuses %j", async (args, sentence) => {
    const { code, stderr, output } = await filter(["place", "run.tsne", "--arrow", ...args], stream([20]));
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
    expect(output.length).toBe(0);
  });

  it("is required by the option --drop", async () => {
    expect(await workplace.start(["place", "run.tsne", "new.csv", "-o", "x.npy", "--drop", "a,b"])).toMatchObject({
      code: 2,
      stderr:
        "sigma-tsne place: --drop: cannot be used without --arrow, because only --arrow uses this option. Leave it out\n",
    });
    expect((await workplace.start(["place", "run.tsne", "new.csv"])).stderr).toContain(
      "--output: expected a file for the positions, or --arrow",
    );
  });
});

describe("encode --arrow", () => {
  it("encodes images", async () => {
    await selectBackend("wasm");
    const model = createModel("vae", { height: 8, width: 8, channels: 1, zDim: 3 });
    await model.save(workplace.path("model"));
    const images = [0, 1, 2].map((i) => Uint8Array.from({ length: 64 }, (_, j) => (i * 31 + j * 7) % 256));
    const values = Float32Array.from(
      images.flatMap((image) => Array.from(image)),
      (value) => value / 255,
    );
    const expected = (await model.encode(values)).means.toArrays();
    const bytes = bytesOf([batchOf({ image: [new FixedSizeBinary(64), images] })]);
    const { code, output, stderr } = await filter(["encode", "model", "--arrow", "--backend", "wasm"], bytes);
    expect(stderr).toMatch(/^3 rows in 1 batches encoded/);
    expect(code).toBe(0);
    const codes = valuesOf(tableOf(output), "code").map((row) => Array.from(row as Iterable<number>));
    expect(codes).toEqual(expected);
    expect(await filter(["encode", "model", "--arrow", "--part", "test"], bytes)).toMatchObject({ code: 2 });

    const lean = await filter(["encode", "model", "--arrow", "--backend", "wasm", "--drop", "image"], bytes);
    expect(lean.code).toBe(0);
    expect(tableOf(lean.output).schema.fields.map(({ name }) => name)).toEqual(["code", "code_sigma"]);
    expect(valuesOf(tableOf(lean.output), "code").map((row) => Array.from(row as Iterable<number>))).toEqual(expected);
  });
});

describe("embed --landmarks", () => {
  it("fits landmarks, places all points, and saves the run", async () => {
    const args = [
      "embed",
      "data.csv",
      "--landmarks",
      "100",
      "-o",
      "all.npy",
      "--save",
      "landmarks.tsne",
      "--perplexity",
      "10",
    ];
    const { code, stdout } = await workplace.start([
      ...args,
      "--iterations",
      "60",
      "--table",
      "all.csv",
      "--json",
      "--quiet",
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ n: 150, landmarks: 100, output_dimensions: 2, save: "landmarks.tsne" });
    expect((await readMatrix(workplace.path("all.npy"))).shape).toEqual([150, 2]);
    const placed = await filter(["place", "landmarks.tsne", "--arrow"], stream([20]));
    expect(placed.code).toBe(0);
  });

  it.each([
    [["--landmarks", "151"], "--landmarks: expected an integer from 3 to 150"],
    [["--landmarks", "100", "--animate", "a.gif"], "--animate: cannot be used with --landmarks"],
  ])("refuses %j", async (args, sentence) => {
    const { code, stderr } = await workplace.start([
      "embed",
      "data.csv",
      "-o",
      "no.npy",
      "--perplexity",
      "10",
      ...args,
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });
});
