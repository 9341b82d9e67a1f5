import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  Table as ArrowTable,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  List,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import type { SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import {
  openRows,
  type RowReader,
  readLabels,
  readMatrix,
  readTable,
  writeMatrix,
  writeTable,
} from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { useFolder } from "./folder.js";

const path = useFolder();

/** The bytes of a matrix. Comparing bytes is faster than comparing numbers. */
const bytesOf = ({ data }: Matrix) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

const range = (start: number, end: number) => Uint32Array.from({ length: end - start }, (_, i) => start + i);

async function using<T>(file: string, column: string | undefined, work: (source: RowReader) => Promise<T>): Promise<T> {
  const source = await openRows(file, { column });
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

/**
 * Reads ranges of several lengths, sampled rows, the beginning again, and rows in reverse order. Compares all of them
 * with the whole matrix.
 */
async function expectSameRows(file: string, whole: Matrix, column?: string): Promise<void> {
  await using(file, column, async (source) => {
    expect([source.rows, source.cols]).toEqual(whole.shape);
    for (const step of [whole.rows, 1 + (whole.rows >> 2)]) {
      for (let start = 0; start < whole.rows; start += step) {
        const end = Math.min(start + step, whole.rows);
        const stretch = await source.read(range(start, end));
        expect(stretch.data.constructor).toBe(whole.data.constructor);
        expect(bytesOf(stretch).equals(bytesOf(whole.slice(start, end)))).toBe(true);
      }
    }
    const last = whole.rows - 1;
    for (const sample of [[1, 1, last >> 1, last], [last, 0, 2], []]) {
      const { data } = await source.read(sample);
      expect(Array.from(data)).toEqual(sample.flatMap((row) => Array.from(whole.row(row))));
    }
    const together = await Promise.all([source.read([3]), source.read([2])]);
    expect(together.map(({ data }) => Array.from(data))).toEqual([3, 2].map((row) => Array.from(whole.row(row))));
    for (const row of [-1, whole.rows, 0.5]) {
      await expect(source.read([row])).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    }
    expect(Array.from((await source.read([last])).data)).toEqual(Array.from(whole.row(last)));
  });
}

describe("rows that are read in pieces", () => {
  it.each([".parquet", ".arrow", ".arrows"])(
    "equal those of the whole matrix, in one pass or several, for %s",
    async (extension) => {
      const file = path(`table${extension}`);
      const x = Float32Array.from({ length: 140_000 }, (_, i) => (i % 1000 === 7 ? Number.NaN : Math.sin(i)));
      await writeTable(file, {
        x,
        y: x.map((value) => value * 3),
        count: Int32Array.from(x, (_, i) => i),
        d: Float64Array.from(x, (_, i) => 1 / i),
        label: Array.from(x, (_, i) => `class ${i % 3}`),
      });
      const whole = await readMatrix(file);
      const table = await readTable(file);
      expect(whole.cols).toBe(4);
      const some = Array.from({ length: 18 }, (_, i) => i * 7777);
      for (const [j, name] of ["x", "y", "count", "d"].entries()) {
        expect(some.map((i) => whole.at(i, j))).toEqual(some.map((i) => table.get(name)?.[i]));
      }
      await expectSameRows(file, whole);
    },
  );

  it("equal those of a whole text file with more numbers than a piece", async () => {
    const wide = new Matrix(
      Float64Array.from({ length: 300 * 900 }, (_, i) => i % 9),
      300,
      900,
    );
    await writeMatrix(path("wide.csv"), wide);
    const whole = await readMatrix(path("wide.csv"));
    expect(bytesOf(whole).equals(bytesOf(wide))).toBe(true);
    await expectSameRows(path("wide.csv"), whole);
  });

  it("keep single precision, and rows of several row groups and pages", async () => {
    for (const [rowGroupSize, pageSize] of [
      [5, 10],
      [7, 16],
      [1000, 64],
    ] as const) {
      const columns = ["a", "b"].map((name, j) => ({
        name,
        type: "FLOAT" as const,
        data: Float32Array.from({ length: 303 }, (_, i) => Math.cos(i + j)),
      }));
      const file = path("groups.parquet");
      await writeFile(file, new Uint8Array(parquetWriteBuffer({ columnData: columns, rowGroupSize, pageSize })));
      const whole = await readMatrix(file);
      expect(whole.data).toBeInstanceOf(Float32Array);
      expect(Array.from(whole.data)).toEqual(
        Array.from({ length: 606 }, (_, k) => columns[k % 2]?.data[Math.floor(k / 2)]),
      );
      expect((await readMatrix(file, { rows: [100, 111] })).data).toEqual(whole.slice(100, 111).data);
      await expectSameRows(file, whole);
    }
  });

  it("of text respect the header, blank lines, quotes and comments", async () => {
    await writeFile(path("odd.csv"), '# made\n"",x,"y"\n\n1,"2",3\n# half\n2,4,5\n\n3,6,7\n4,8,9\n\n');
    const whole = await readMatrix(path("odd.csv"));
    expect(whole.toArrays()).toEqual([
      [2, 3],
      [4, 5],
      [6, 7],
      [8, 9],
    ]);
    await expectSameRows(path("odd.csv"), whole);
    await writeFile(path("bad.csv"), "x,y\n1,2\n3,four\n");
    await expect(openRows(path("bad.csv"))).rejects.toThrow('line 3, column 2 ("y"): expected a number');
  });

  it("are empty for a table without rows", async () => {
    for (const extension of [".parquet", ".arrow", ".arrows", ".csv"]) {
      await writeTable(path(`none${extension}`), { x: new Float32Array(), y: new Float32Array() });
      await using(path(`none${extension}`), undefined, async ({ rows, cols, read }) => {
        expect([rows, cols, (await read([])).rows]).toEqual([0, 2, 0]);
      });
    }
  });

  it("end with an error if the file has been replaced, and can be stopped", async () => {
    await writeTable(path("short.arrow"), { x: new Float64Array(1000) });
    await using(path("short.arrow"), undefined, async (source) => {
      await writeFile(path("short.arrow"), "");
      await expect(source.read([5])).rejects.toMatchObject({ code: "FILE_FORMAT" });
    });
    await writeTable(path("stop.parquet"), { x: new Float64Array(1000) });
    const controller = new AbortController();
    const source = await openRows(path("stop.parquet"), { signal: controller.signal });
    controller.abort();
    await expect(source.read([5])).rejects.toMatchObject({ code: "ABORTED" });
    await source.close();
  });
});

type Lists = (readonly (number | null)[] | null)[];

const item = (type: "FLOAT" | "DOUBLE" | "INT32"): SchemaElement => ({
  name: "element",
  type,
  repetition_type: "OPTIONAL",
});

async function writeParquet(
  file: string,
  columns: Record<string, Lists>,
  { type = "FLOAT" as "FLOAT" | "DOUBLE" | "INT32", pageSize = 100, more = {} as Record<string, number[]> } = {},
): Promise<void> {
  const schema: SchemaElement[] = [{ name: "root", num_children: Object.keys({ ...columns, ...more }).length }];
  for (const name of Object.keys(columns)) {
    schema.push({ name, repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 });
    schema.push({ name: "list", repetition_type: "REPEATED", num_children: 1 }, item(type));
  }
  for (const name of Object.keys(more)) schema.push({ name, type: "INT32", repetition_type: "REQUIRED" });
  const columnData = Object.entries({ ...columns, ...more }).map(([name, data]) => ({ name, data: data as unknown[] }));
  await writeFile(file, new Uint8Array(parquetWriteBuffer({ schema, columnData, rowGroupSize: 10, pageSize })));
}

async function writeArrow(
  file: string,
  columns: Record<string, Lists>,
  { isFixed = false, width = 3 } = {},
): Promise<void> {
  const child = new Field("item", new Float32(), true);
  const type = isFixed ? new FixedSizeList(width, child) : new List(child);
  const table = new ArrowTable(
    Object.fromEntries(Object.entries(columns).map(([name, lists]) => [name, vectorFromArray(lists, type)])),
  );
  const Writer = file.endsWith("s") ? RecordBatchStreamWriter : RecordBatchFileWriter;
  const halves = [table.slice(0, table.numRows >> 1), table.slice(table.numRows >> 1)];
  const writer = new Writer();
  for (const half of halves) for (const batch of half.batches) writer.write(batch);
  writer.finish();
  await writeFile(file, await writer.toUint8Array());
}

const lists = Array.from({ length: 47 }, (_, i) => [i, Math.fround(i + 0.1), -i]);
const others = lists.map((list) => list.map((value) => value / 2));

describe("a column of lists", () => {
  it.each([
    ["lists.parquet", (file: string) => writeParquet(file, { mean: lists })],
    ["lists.arrow", (file: string) => writeArrow(file, { mean: lists })],
    ["lists.arrows", (file: string) => writeArrow(file, { mean: lists })],
    ["fixed.arrow", (file: string) => writeArrow(file, { mean: lists }, { isFixed: true })],
  ])("is the matrix of %s, one list per row", async (name, write) => {
    const file = path(name);
    await write(file);
    const whole = await readMatrix(file);
    expect(whole.data).toEqual(Float32Array.from(lists.flat()));
    expect(whole.shape).toEqual([47, 3]);
    expect(await readMatrix(file, { column: "mean", rows: [9, 31] })).toEqual(whole.slice(9, 31));
    await expectSameRows(file, whole);
    await expect(readMatrix(file, { column: "sigma" })).rejects.toThrow('has no column "sigma"; it has mean');
  });

  it("must be named if there are several, or columns of numbers as well", async () => {
    await writeParquet(path("two.parquet"), { mean: lists, sigma: others });
    await writeArrow(path("two.arrow"), { mean: lists, sigma: others });
    for (const file of [path("two.parquet"), path("two.arrow")]) {
      await expect(readMatrix(file)).rejects.toMatchObject({
        code: "FILE_FORMAT",
        message: expect.stringMatching(/holds lists of numbers in "mean", "sigma"; choose one .*--mean-column/),
      });
      expect((await readMatrix(file, { column: "sigma" })).data).toEqual(Float32Array.from(others.flat()));
      await expectSameRows(file, await readMatrix(file, { column: "sigma" }), "sigma");
    }
    await writeParquet(
      path("id.parquet"),
      { mean: lists },
      { more: { id: lists.map((_, i) => i), label: lists.map(() => 7) } },
    );
    expect((await readMatrix(path("id.parquet"))).shape).toEqual([47, 3]);
    await writeParquet(path("beside.parquet"), { mean: lists }, { more: { age: lists.map((_, i) => i) } });
    await expect(openRows(path("beside.parquet"))).rejects.toThrow('in "mean" next to numbers in "age"');
    expect((await readMatrix(path("id.parquet"), { column: "mean" })).shape).toEqual([47, 3]);
    expect((await readMatrix(path("id.parquet"), { column: "id" })).shape).toEqual([47, 1]);
    expect(await readLabels(path("id.parquet"), { rows: [0, 2] })).toEqual(["7", "7"]);
    await writeFile(path("plain.csv"), "1,2\n");
    for (const read of [readMatrix, openRows]) {
      await expect(read(path("plain.csv"), { column: "mean" })).rejects.toThrow('has no column "mean"; it has 0, 1');
    }
  });

  it("is read as float64 if it holds float64 numbers or integers", async () => {
    const wide = lists.map(([i = 0]) => [i, i + 0.1, 1e300]);
    await writeParquet(path("wide.parquet"), { mean: wide }, { type: "DOUBLE" });
    expect((await readMatrix(path("wide.parquet"))).data).toEqual(Float64Array.from(wide.flat()));
    const whole = lists.map(([i = 0]) => [i, -1 - i]);
    await writeParquet(path("whole.parquet"), { mean: whole }, { type: "INT32" });
    expect((await readMatrix(path("whole.parquet"))).data).toEqual(Float64Array.from(whole.flat()));
  });

  it.each<[string, unknown, RegExp]>([
    [
      "shorter",
      [1, 2],
      /column "mean" has a list of 2 numbers \(the first has 3\) in row 33: expected lists of equal length without nulls$/,
    ],
    [
      "longer",
      [1, 2, 3, 4],
      /column "mean" has a list of 4 numbers \(the first has 3\) in row 33: expected lists of equal length without nulls$/,
    ],
    ["empty", [], /column "mean" has an empty list in row 33: expected lists of equal length without nulls$/],
    ["null", null, /column "mean" has no list in row 33: expected lists of equal length without nulls$/],
    [
      "partly null",
      [1, null, 3],
      /column "mean" has a null in its list in row 33: expected lists of equal length without nulls$/,
    ],
  ])("with a list that is %s is rejected with its row", async (_, list, message) => {
    const bad: Lists = lists.map((good, i) => (i === 33 ? (list as null) : good));
    for (const pageSize of [1, 100, 10_000]) {
      await writeParquet(path("bad.parquet"), { mean: bad }, { pageSize });
      await expect(readMatrix(path("bad.parquet"))).rejects.toThrow(message);
      await using(path("bad.parquet"), undefined, async (source) => {
        await expect(source.read(range(0, 47))).rejects.toThrow(message);
        expect((await source.read([2])).shape).toEqual([1, 3]);
      });
    }
    for (const file of [path("bad.arrow"), path("bad.arrows")]) {
      await writeArrow(file, { mean: bad });
      await expect(readMatrix(file)).rejects.toThrow(message);
    }
    const first: Lists = [list as null, ...lists];
    await writeParquet(path("first.parquet"), { mean: first });
    await writeArrow(path("first.arrow"), { mean: first });
    for (const file of [path("first.parquet"), path("first.arrow")]) {
      await expect(readMatrix(file)).rejects.toThrow(/in row [01]:/);
    }
  });

  it("is rejected if it holds texts, and gives no columns if it has no rows", async () => {
    await writeParquet(path("none.parquet"), { mean: [] });
    await writeArrow(path("none.arrow"), { mean: [] });
    for (const file of [path("none.parquet"), path("none.arrow")])
      expect((await readMatrix(file)).shape).toEqual([0, 0]);
    const words = new ArrowTable({ words: vectorFromArray([["a"]], new List(new Field("item", new Utf8()))) });
    await writeFile(path("words.arrows"), await RecordBatchStreamWriter.writeAll(words).toUint8Array());
    await expect(readMatrix(path("words.arrows"))).rejects.toThrow('found "words" (List<Utf8>)');
    await expect(readMatrix(path("words.arrows"), { column: "words" })).rejects.toThrow(
      "expected numbers or lists of numbers",
    );
    const types = [new Float64(), new Int32()].map((type) => new List(new Field("item", type)));
    for (const type of types) {
      const table = new ArrowTable({
        mean: vectorFromArray(
          [
            [1, 2],
            [3, 4],
          ],
          type,
        ),
      });
      await writeFile(path("types.arrows"), await RecordBatchStreamWriter.writeAll(table).toUint8Array());
      expect((await readMatrix(path("types.arrows"))).data).toEqual(Float64Array.of(1, 2, 3, 4));
    }
  });
});

describe("a folder of Parquet files", () => {
  it("is read as one matrix in the order of file names, without hidden files", async () => {
    const folder = path("codes");
    await mkdir(folder);
    await writeParquet(join(folder, "part-00001.parquet"), { mean: lists.slice(20) });
    await writeParquet(join(folder, "part-00000.parquet"), { mean: lists.slice(0, 20) });
    await writeParquet(join(folder, "part-00002.parquet"), { mean: [] });
    for (const name of ["_SUCCESS", "_metadata.parquet", ".part-00000.parquet.crc"])
      await writeFile(join(folder, name), "");
    const whole = await readMatrix(folder);
    expect(whole.data).toEqual(Float32Array.from(lists.flat()));
    expect(await readMatrix(folder, { rows: [15, 25] })).toEqual(whole.slice(15, 25));
    await expectSameRows(folder, whole);
    await writeParquet(join(folder, "part-00003.parquet"), { mean: [[1, 2, 3]] }, { type: "DOUBLE" });
    expect((await readMatrix(folder)).data).toEqual(Float64Array.from([...lists.flat(), 1, 2, 3]));
    await writeParquet(join(folder, "part-00004.parquet"), { mean: [[1, 2]] });
    await expect(openRows(folder)).rejects.toThrow(
      /part-00004.parquet: has rows of 2 numbers, but the files before it have rows of 3$/,
    );
    await mkdir(path("empty"));
    await expect(readMatrix(path("empty"))).rejects.toMatchObject({ code: "FILE_READ" });
  });
});
