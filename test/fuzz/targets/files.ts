import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { SigmaTsneError } from "../../../src/errors.js";
import { arrow, arrowStream } from "../../../src/io/arrow.js";
import { csv } from "../../../src/io/csv.js";
import type { Format } from "../../../src/io/format.js";
import { openArrayFile, openRows, readLabels, readMatlabArray, readMatrix, readTable } from "../../../src/io/index.js";
import { npy } from "../../../src/io/npy.js";
import { parquet } from "../../../src/io/parquet.js";
import type { Table } from "../../../src/io/table.js";
import { Matrix } from "../../../src/matrix.js";
import { promise, type Target, tolerate } from "../target.js";

export const isOurs = (error: unknown): boolean => error instanceof SigmaTsneError;

const fixtures = "test/io/fixtures";

async function fixturesOf(extension: string): Promise<Uint8Array[]> {
  const names = (await readdir(fixtures)).filter((name) => name.endsWith(extension));
  return Promise.all(names.map((name) => readFile(join(fixtures, name))));
}

/** Reads a file with all functions that read files. */
async function readAll(path: string): Promise<void> {
  await tolerate(
    isOurs,
    ...[undefined, "mean"].map((column) => async () => {
      const source = await openRows(path, { column });
      try {
        const matrix = await readMatrix(path, { column });
        const { rows, cols } = source;
        promise(rows === matrix.rows && cols === matrix.cols, "a matrix read in pieces has the shape of the whole");
        for (const start of [0, rows >> 1, rows >> 2]) {
          const wanted = Uint32Array.from({ length: rows - start }, (_, i) => start + i);
          const { data } = await source.read(wanted);
          const same = Buffer.compare(bytesOf(data), bytesOf(matrix.slice(start, rows).data)) === 0;
          promise(same, "rows read in pieces are those of the whole");
        }
      } finally {
        await source.close();
      }
    }),
    async () => {
      const matrix = await readMatrix(path);
      const { rows } = matrix;
      promise(matrix.data.length === matrix.rows * matrix.cols, "a matrix has rows x cols numbers");
      if (rows < 1) return;
      const part = await readMatrix(path, { rows: [rows >> 1, rows] });
      const same = matrix.slice(rows >> 1, rows);
      promise(Buffer.compare(bytesOf(part.data), bytesOf(same.data)) === 0, "a range of rows is the same as of all");
    },
    () => readLabels(path),
    async () => {
      const table = await readTable(path);
      const sizes = new Set([...table.values()].map((column) => column.length));
      promise(sizes.size <= 1, "the columns of a table have one length");
    },
    async () => {
      const file = await openArrayFile(path);
      try {
        const count = file.shape[0];
        await file.read([0, count - 1, count >> 1]);
      } finally {
        await file.close();
      }
    },
  );
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

async function encoded(format: Format, table: Table): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of format.encodeTable?.(table) ?? []) pieces.push(Buffer.from(piece as Uint8Array));
  return Buffer.concat(pieces);
}

/** Tables with numbers of every type, missing numbers, texts, and no rows. */
const tables: readonly Table[] = [
  new Map<string, Float32Array | Float64Array | Int32Array | string[]>([
    ["x", Float32Array.of(1, Number.NaN, 3, 1e30, -0)],
    ["y", Float64Array.of(1.5, 2, Number.NaN, -1e300, 5)],
    ["count", Int32Array.of(1, -2, 3, 2 ** 31 - 1, 0)],
    ["label", ["a", "", "grün", '𝒙,"quoted"', "b\nc"]],
  ]),
  new Map([["x", new Float64Array(0)]]),
  new Map([["label", Array.from({ length: 200 }, (_, i) => `group ${i % 7}`)]]),
];

const seedsOf = (format: Format) => () => Promise.all(tables.map((table) => encoded(format, table)));

function idxBytes(type: number, shape: readonly number[], bytes: number): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.set([0, 0, type, shape.length]);
  for (const [axis, size] of shape.entries()) head.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([head, Buffer.alloc(bytes, 7)]);
}

const MATLAB_HEADER = 128;

export const fileTargets: readonly Target[] = [
  {
    name: "npy",
    extension: ".npy",
    async seeds() {
      const own: Uint8Array[] = [];
      for await (const piece of npy.encode?.(new Matrix(new Float64Array(6), 3, 2), ["x", "y"]) ?? []) {
        own.push(Buffer.from(piece as Uint8Array));
      }
      return [...(await fixturesOf(".npy")), Buffer.concat(own)];
    },
    run: (_, path) => readAll(path),
  },
  {
    name: "csv",
    extension: ".csv",
    async seeds() {
      const texts = [
        "1,2\n3,4\n5,6\n",
        "x\ty\tlabel\n1\t2\ta\n3\t4\tb\n",
        "# made by hand\n1 2 3\n4 5 6\n",
        '"",0,1\n0,1.5,2\n',
      ]
        .concat(["label\nred\ngreen\n", "a;b\n1;nan\n-inf;+3e5\n", "\ufeffx,y\r\n1,2\r\n\r\n"])
        .map((text) => Buffer.from(text));
      return [...texts, ...(await seedsOf(csv)())];
    },
    run: (_, path) => readAll(path),
  },
  {
    name: "idx",
    extension: ".idx",
    seeds: async () => {
      const plain = [
        idxBytes(8, [5], 5),
        idxBytes(13, [2, 3, 2], 48),
        idxBytes(14, [3, 1], 24),
        idxBytes(11, [4, 2], 16),
      ];
      return [...plain, ...plain.map((bytes) => gzipSync(bytes))];
    },
    run: (_, path) => readAll(path),
    envelope: {
      open: (bytes) => ifIntact(() => [gunzipSync(bytes, { maxOutputLength: 2 ** 20 })]),
      seal: ([bytes = new Uint8Array()]) => gzipSync(bytes),
    },
  },
  {
    name: "matlab",
    extension: ".mat",
    seeds: () => fixturesOf(".mat"),
    run: (_, path) =>
      tolerate(
        isOurs,
        async () => {
          const { data, shape } = await readMatlabArray(path);
          promise(data.length === shape.reduce((a, b) => a * b, 1), "an array has as many numbers as its shape says");
        },
        () => readMatlabArray(path, "x"),
      ),
    // The envelope of the first element of a compressed file.
    envelope: {
      open: (bytes) => {
        const file = Buffer.from(bytes);
        if (file.length < MATLAB_HEADER + 8 || file.readUInt32LE(MATLAB_HEADER) !== 15) return undefined;
        const end = MATLAB_HEADER + 8 + file.readUInt32LE(MATLAB_HEADER + 4);
        return ifIntact(() => [
          file.subarray(0, MATLAB_HEADER),
          inflateSync(file.subarray(MATLAB_HEADER + 8, end), { maxOutputLength: 2 ** 20 }),
          file.subarray(end),
        ]);
      },
      seal: ([header = new Uint8Array(), element = new Uint8Array(), rest = new Uint8Array()]) => {
        const packed = deflateSync(element);
        const tag = Buffer.alloc(8);
        tag.writeUInt32LE(15);
        tag.writeUInt32LE(packed.length, 4);
        return Buffer.concat([header, tag, packed, rest]);
      },
    },
  },
  { name: "arrow", extension: ".arrow", seeds: seedsOf(arrow), run: (_, path) => readAll(path) },
  { name: "arrow-stream", extension: ".arrows", seeds: seedsOf(arrowStream), run: (_, path) => readAll(path) },
  { name: "parquet", extension: ".parquet", seeds: seedsOf(parquet), run: (_, path) => readAll(path) },
];

function ifIntact(open: () => Uint8Array[]): Uint8Array[] | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}
