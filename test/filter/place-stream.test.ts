import { Float32, Int32, Utf8 } from "apache-arrow";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { AbortError, ArgumentError, SigmaTsneError } from "../../src/errors.js";
import { type FilterProgress, type PlaceStreamOptions, placeStream } from "../../src/filter/index.js";
import { Matrix } from "../../src/matrix.js";
import { type PlacementResult, Tsne } from "../../src/tsne/index.js";
import { makeGroups, makeUniform } from "../tsne/points.js";
import {
  batchOf,
  bytesOf,
  type Columns,
  collect,
  cut,
  listType,
  piecesOf,
  type Rows,
  rowsOf,
  tableOf,
  valuesOf,
} from "./streams.js";

const d = 5;
const n = 60;
const all = makeGroups(200 + n, d, 3);
const allSigma = makeUniform(200 + n, d, 0.1, 1);
const toFloat32 = (matrix: Matrix) => new Matrix(Float32Array.from(matrix.data), matrix.rows, matrix.cols);
const [fresh, freshSigma] = [toFloat32(all.slice(200, 200 + n)), toFloat32(allSigma.slice(200, 200 + n))];
const [means, sigma]: [Rows, Rows] = [rowsOf(fresh), rowsOf(freshSigma)];

let run: Tsne;
let plain: Tsne;
let expected: PlacementResult;
beforeAll(async () => {
  const quick = { iterations: 100, earlyExaggerationIterations: 50, perplexity: 10 };
  run = new Tsne(all.slice(0, 200), { ...quick, sigma: allSigma.slice(0, 200), threads: 2 });
  plain = new Tsne(all.slice(0, 200), { ...quick, outputDimensions: 1 });
  await Promise.all([run.fit(), plain.fit()]);
  expected = await run.place(fresh, { sigma: freshSigma });
});

const lists = (start: number, end: number): Columns => ({
  mean: [listType("fixed32", d), means.slice(start, end)],
  sigma: [listType("fixed32", d), sigma.slice(start, end)],
});

async function place(bytes: Uint8Array, options: PlaceStreamOptions = {}, of = run) {
  const seen: FilterProgress = { rows: 0, batches: 0, unusable: 0 };
  const onProgress = (progress: FilterProgress) => Object.assign(seen, progress);
  const output = await collect(placeStream(of, piecesOf(bytes), { onProgress, ...options }));
  return { output, table: tableOf(output), seen };
}

describe("placeStream", () => {
  test("gives the positions of Tsne.place, bit for bit, and passes on all other columns", async () => {
    const input = bytesOf(cut([n], lists));
    const { table, seen } = await place(input);
    const { embedding, divergence } = expected;
    expect(valuesOf(table, "x")).toEqual(rowsOf(embedding).map(([x]) => x));
    expect(valuesOf(table, "y")).toEqual(rowsOf(embedding).map(([, y]) => y));
    expect(valuesOf(table, "divergence")).toEqual(Array.from(divergence));
    expect(seen).toEqual({ rows: n, batches: 1, unusable: 0 });
    const before = tableOf(input);
    expect(table.schema.metadata).toEqual(new Map([["made", "here"]]));
    for (const field of before.schema.fields) {
      const after = table.schema.fields.find(({ name }) => name === field.name);
      expect([after?.type.toString(), after?.metadata]).toEqual([field.type.toString(), field.metadata]);
      expect(JSON.stringify(valuesOf(table, field.name))).toBe(JSON.stringify(valuesOf(before, field.name)));
    }
  });

  test.each([
    ["single rows", Array<number>(n).fill(1), 777],
    ["batches of all sizes, empty ones too", [0, 7, 0, 0, 30, 1, n - 38], 100],
    ["halves, a byte at a time", [n / 2, n / 2], 1],
  ])("gives the same bits for %s", async (_, sizes, piece) => {
    const batches = cut(sizes, lists);
    const bytes = bytesOf(batches);
    const output = await collect(placeStream(run, piecesOf(bytes, piece)));
    const table = tableOf(output);
    expect(table.batches.map(({ numRows }) => numRows)).toEqual(tableOf(bytes).batches.map(({ numRows }) => numRows));
    expect(valuesOf(table, "x")).toEqual(rowsOf(expected.embedding).map(([x]) => x));
    expect(valuesOf(table, "divergence")).toEqual(Array.from(expected.divergence));
    expect(valuesOf(table, "word")).toEqual(valuesOf(tableOf(bytes), "word"));
  });

  test.each(["fixed64", "list32"] as const)("accepts lists of the kind %s", async (kind) => {
    const columns = { mean: [listType(kind, d), means], sigma: [listType(kind, d), sigma] } as const;
    const { table } = await place(bytesOf([batchOf(columns)]));
    expect(valuesOf(table, "y")).toEqual(rowsOf(expected.embedding).map(([, y]) => y));
  });

  test("accepts lists of float16", async () => {
    const halves = (rows: Rows): Rows => rows.map((row) => row?.map((x) => Math.round((x ?? 0) * 8) / 8 + 0.5) ?? null);
    const placed = async (kind: "fixed16" | "fixed32") => {
      const type = listType(kind, d);
      const { table } = await place(bytesOf([batchOf({ mean: [type, halves(means)], sigma: [type, halves(sigma)] })]));
      return valuesOf(table, "x");
    };
    expect(await placed("fixed16")).toEqual(await placed("fixed32"));
  });

  test("accepts a file instead of a stream", async () => {
    // The bytes of a file as pyarrow writes it. The library of the tests would not repeat the schema at the beginning.
    const stream = bytesOf([batchOf(lists(0, 20)), batchOf(lists(20, n))]);
    const { table } = await place(Buffer.concat([Buffer.from("ARROW1\0\0"), stream, Buffer.alloc(100, 1)]));
    expect(valuesOf(table, "x")).toEqual(rowsOf(expected.embedding).map(([x]) => x));
  });

  test("writes nulls in rows with nulls, NaN or a negative sigma, and counts these rows", async () => {
    const broken = means.map((row, i) => (i === 3 ? null : i === 9 ? [...(row ?? []).slice(1), null] : row));
    const negative = sigma.map((row, i) => (row && i === 11 ? [-1, ...row.slice(1)] : i === 12 ? null : row));
    const worse = broken.map((row, i) => (row && i === 20 ? [Number.NaN, ...row.slice(1)] : row));
    const bytes = bytesOf([
      batchOf({ mean: [listType("fixed32", d), worse], sigma: [listType("fixed32", d), negative] }),
    ]);
    const { table, seen } = await place(bytes);
    const bad = [3, 9, 11, 12, 20];
    const kept = <T>(values: readonly T[]) => values.map((value, i) => (bad.includes(i) ? null : value));
    expect(valuesOf(table, "x")).toEqual(kept(rowsOf(expected.embedding).map(([x]) => x)));
    expect(valuesOf(table, "divergence")).toEqual(kept(Array.from(expected.divergence)));
    expect(seen).toMatchObject({ rows: n, unusable: bad.length });
    await expect(place(bytes, { strict: true, name: "rows.arrows" })).rejects.toThrow(
      "rows.arrows: row 3 of batch 0 has a null in its mean",
    );
  });

  test("writes the schema of a stream without batches", async () => {
    const { table } = await place(bytesOf(cut([0], lists)));
    expect(table.numRows).toBe(0);
    expect(table.schema.fields.map(({ name }) => name)).toEqual([
      "id",
      "word",
      "mean",
      "sigma",
      "x",
      "y",
      "divergence",
    ]);
  });

  test("places points by means alone if the run has no sigma, in its number of dimensions", async () => {
    const { table } = await place(bytesOf(cut([n], lists)), {}, plain);
    expect(table.schema.fields.map(({ name }) => name).slice(4)).toEqual(["x", "divergence"]);
    await expect(place(bytesOf(cut([n], lists)), { sigmaColumn: "sigma" }, plain)).rejects.toThrow(
      "sigmaColumn: cannot be used",
    );
  });

  test.each<[string, Columns, PlaceStreamOptions, string]>([
    [
      "no such column",
      lists(0, 3),
      { meanColumn: "mu" },
      'meanColumn: there is no column "mu"; the columns are "mean", "sigma"',
    ],
    ["another type", { mean: [new Int32(), [1, 2, 3]] }, {}, 'column "mean" is int32'],
    ["another width", { mean: [listType("fixed32", 2), [[1, 2]]] }, {}, 'column "mean" is FixedSizeList<float32>[2]'],
    ["no sigma", { mean: [listType("fixed32", d), means] }, {}, 'sigmaColumn: there is no column "sigma"'],
    ["a name that is taken", { ...lists(0, 3), x: [new Float32(), [1, 2, 3]] }, {}, 'already has a column "x"'],
  ])("rejects %s before it writes anything", async (_, columns, options, sentence) => {
    const output = placeStream(run, piecesOf(bytesOf([batchOf(columns)])), options);
    const failure = output.next();
    await expect(failure).rejects.toThrow(ArgumentError);
    await expect(failure).rejects.toThrow(sentence);
  });

  test("adds a prefix to new names", async () => {
    const columns = { ...lists(0, 3), x: [new Utf8(), ["a", "b", "c"]] } as const;
    const { table } = await place(bytesOf([batchOf(columns)]), { prefix: "map_" });
    expect(table.schema.fields.map(({ name }) => name).slice(3)).toEqual(["map_x", "map_y", "map_divergence"]);
  });

  test("rejects lists of another length with their row", async () => {
    const ragged = means.map((row, i) => (row && i === 4 ? row.slice(1) : row));
    const columns = { mean: [listType("list32", d), ragged], sigma: [listType("fixed32", d), sigma] } as const;
    await expect(place(bytesOf([batchOf(columns)]))).rejects.toThrow(
      'batch 0 column "mean" has a list of 4 numbers in row 4, expected 5',
    );
  });

  test.each([
    ["nothing", new Uint8Array(), "is empty"],
    ["text", Buffer.from("x,y\n1,2\n"), "is not an Arrow stream"],
  ])("refuses %s", async (_, bytes, sentence) => {
    await expect(place(bytes)).rejects.toThrow(sentence);
  });

  test("names the batch that is cut off, and does not end its output like a complete stream", async () => {
    const bytes = bytesOf(cut([20, 20, 20], lists));
    const pieces: Uint8Array[] = [];
    const read = async () => {
      for await (const piece of placeStream(run, piecesOf(bytes.subarray(0, bytes.length - 300)))) pieces.push(piece);
    };
    await expect(read()).rejects.toThrow("input: is cut off within batch 2. Write the stream again");
    const output = Buffer.concat(pieces);
    expect(output.subarray(-4)).toEqual(Buffer.of(255, 255, 255, 255));
  });

  test("writes the result of every batch before the next one arrives", async () => {
    const batches = [lists(0, 10), lists(10, 20), lists(20, n)].map((columns) => batchOf(columns));
    const bytes = bytesOf(batches);
    // The position at which each batch ends: the length of a stream that ends with this batch, without the 8 bytes that
    // end a stream.
    const ends = batches.map((_, k) => bytesOf(batches.slice(0, k + 1)).length - 8);
    let release = () => {};
    const gated = async function* () {
      for (const [k, end] of ends.entries()) {
        yield bytes.subarray(k === 0 ? 0 : ends[k - 1], end);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
    };
    const rows: number[] = [];
    const onProgress = (progress: FilterProgress) => rows.push(progress.rows);
    const output = collect(placeStream(run, gated(), { onProgress }));
    for (const count of [10, 20, n]) {
      await expect.poll(() => rows.at(-1)).toBe(count);
      release();
    }
    expect(tableOf(await output).numRows).toBe(n);
  });

  test("limits the input that it reads ahead while its output is not read", async () => {
    const one = bytesOf([batchOf({ ...lists(0, 1), id: [new Utf8(), ["x".repeat(2 ** 22)]] })]);
    const end = 8;
    let batches = 0;
    const endless = async function* () {
      // First the schema and the batch, then the same batch without end.
      yield one.subarray(0, one.length - end);
      const schema = Buffer.from(one.buffer, one.byteOffset).readInt32LE(4) + 8;
      for (;;) {
        batches++;
        yield one.subarray(schema, one.length - end);
      }
    };
    const output = placeStream(run, endless());
    await output.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(batches).toBeLessThan(60);
    await output.return(undefined);
  });

  test("closes its input when the output is no longer read, and on failure", async () => {
    let closed = 0;
    const bytes = bytesOf(cut([10, 10], lists));
    const input = async function* () {
      try {
        yield* piecesOf(bytes);
      } finally {
        closed++;
      }
    };
    for await (const _ of placeStream(run, input())) break;
    await expect(collect(placeStream(run, input(), { meanColumn: "none" }))).rejects.toThrow();
    await expect.poll(() => closed).toBe(2);
  });

  test("stops when its signal is aborted, even if no input arrives", async () => {
    const controller = new AbortController();
    const never = async function* (): AsyncGenerator<Uint8Array> {
      await new Promise(() => {});
      yield new Uint8Array();
    };
    const output = collect(placeStream(run, never(), { signal: controller.signal }));
    setTimeout(() => controller.abort(), 10);
    await expect(output).rejects.toThrow(AbortError);
  });

  test("rejects a batch that claims more rows than its columns have, before it allocates memory for them", async () => {
    const damaged = Buffer.from(bytesOf(cut([5, 4], lists)));
    // Set the highest byte of the number of rows of the first batch.
    damaged[1035] = 52;
    await expect(collect(placeStream(run, piecesOf(damaged)))).rejects.toThrow(/column "id" has 5 values in \d+ rows/);
  });

  test("reads damaged streams or rejects them with an intentional error", async () => {
    const bytes = bytesOf(cut([5, 4], lists));
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const damaged = bytes.slice();
        for (const [at, value] of changes) damaged[at] = value;
        await collect(placeStream(run, piecesOf(damaged))).catch((error) => {
          expect(error).toBeInstanceOf(SigmaTsneError);
        });
      }),
      { numRuns: 50 },
    );
  });
});
