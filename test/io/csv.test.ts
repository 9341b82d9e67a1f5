import { readFile, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readLabels, readMatrix, writeMatrix } from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { useFolder } from "./folder.js";

const path = useFolder();

async function fileWith(content: string | Uint8Array, name = "file.csv"): Promise<string> {
  await writeFile(path(name), content);
  return path(name);
}

const failure = (message: RegExp) => ({
  name: "FileError",
  code: "FILE_FORMAT",
  message: expect.stringMatching(message),
});

describe("readMatrix of text", () => {
  const rows = [
    [1, -2.5],
    [3e-7, 40],
  ];

  it.each([
    ["commas", "1,-2.5\n3e-7,40\n"],
    ["semicolons", "1;-2.5\n3e-7;40\n"],
    ["tabs", "1\t-2.5\n3e-7\t40\n"],
    ["spaces, aligned", "  1     -2.5\n  3e-7  40\n"],
    ["spaces after commas", "1, -2.5\n3e-7, 40\n"],
    ["a header", "x,y\n1,-2.5\n3e-7,40\n"],
    ["a header between spaces", "x y\n1 -2.5\n3e-7 40\n"],
    ["a quoted header with separators", '"a;b","c\td"\n1,-2.5\n3e-7,40\n'],
    ["quoted numbers", '"1","-2.5"\n"3e-7","40"\n'],
    ["a byte order mark", "\uFEFF1,-2.5\n3e-7,40\n"],
    ["CRLF", "x,y\r\n1,-2.5\r\n3e-7,40\r\n"],
    ["mixed line ends", "x,y\n1,-2.5\r\n3e-7,40\n"],
    ["no last line end", "1,-2.5\n3e-7,40"],
    ["blank lines", "\n1,-2.5\n\n3e-7,40\n\n \n\n"],
    ["other notations", "+1.,-2.50\n.3E-6,4e+1\n"],
    ["comments", "# made by me\n1,-2.5\n# half\n3e-7,40\n"],
    ["row names of pandas", ",x,y\nfirst,1,-2.5\nsecond,3e-7,40\n"],
    ["row names of pandas, read and written again", "Unnamed: 0,x,y\n0,1,-2.5\n1,3e-7,40\n"],
    ["row names of pandas, twice", ",Unnamed: 0,x,y\n0,0,1,-2.5\n1,1,3e-7,40\n"],
    ["row names and numbered columns of pandas", ",0,1\n0,1,-2.5\n1,3e-7,40\n"],
    ["numbered columns of pandas", "0,1\n1.0,-2.5\n3e-7,40.0\n"],
    ["row names of R", '"","x","y"\n"1",1,-2.5\n"2",3e-7,40\n'],
    ["row names between tabs", "\tx\ty\na\t1\t-2.5\nb\t3e-7\t40\n"],
  ])("reads %s", async (_, content) => {
    for (const name of ["a.csv", "a.tsv", "a.TXT", "a.dat", "a"]) {
      const matrix = await readMatrix(await fileWith(content, name));
      expect(matrix.data).toBeInstanceOf(Float64Array);
      expect(matrix.toArrays(), name).toEqual(rows);
    }
  });

  it("reads NaN and infinities as numbers", async () => {
    const matrix = await readMatrix(await fileWith("nan,NaN,inf\n-inf,Infinity,-Infinity\n"));
    expect(matrix.toArrays()).toEqual([
      [NaN, NaN, Infinity],
      [-Infinity, Infinity, -Infinity],
    ]);
  });

  it("reads a first line of integers above integers as data", async () => {
    expect((await readMatrix(await fileWith("0,1,2\n3,4,5\n"))).shape).toEqual([2, 3]);
  });

  it("reads one column, with or without a name of several words", async () => {
    expect((await readMatrix(await fileWith("my value\n1\n2\n"))).toArrays()).toEqual([[1], [2]]);
    expect((await readMatrix(await fileWith("1\n2\n"))).toArrays()).toEqual([[1], [2]]);
  });

  it("reads a range of rows, counted without the header", async () => {
    const file = await fileWith("x,y\n0,1\n2,3\n4,5\nsix,7\n");
    expect((await readMatrix(file, { rows: [1, 3] })).toArrays()).toEqual([
      [2, 3],
      [4, 5],
    ]);
    expect((await readMatrix(file, { rows: [2, 2] })).shape).toEqual([0, 2]);
    await expect(readMatrix(file, { rows: [3, 4] })).rejects.toMatchObject(failure(/line 5, column 1 \("x"\)/));
    await fileWith("0,1\n2,3\n");
    await expect(readMatrix(file, { rows: [1, 3] })).rejects.toMatchObject({
      code: "OUT_OF_RANGE",
      message: expect.stringMatching(/^rows: expected an end of at most 2, .*received \[1, 3\]$/),
    });
  });

  it.each([[[2, 1]], [[-1, 1]], [[0.5, 1]], [[0]], [5]])("refuses the range %j", async (range) => {
    const rows = range as unknown as [number, number];
    await expect(readMatrix(await fileWith("1,2\n"), { rows })).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
  });

  it.each([
    ["1,2\n3,\n", /line 2, column 2: expected a number, found an empty field\. Correct it or exclude the column$/],
    [
      "x,y\n1,2\n\n3,NA\n",
      /line 4, column 2 \("y"\): expected a number, found "NA"\. Correct it or exclude the column$/,
    ],
    ["1,2\n3,0x10\n", /line 2, column 2: expected a number, found "0x10"\. Correct it or exclude the column$/],
    ["1.5;2\n3;4,5\n", /line 2, column 2: expected a number, found "4,5"\. Correct it or exclude the column$/],
    [`1,2\n3,${"9".repeat(5000)}x\n`, /found a string of 5001 characters\. Correct it or exclude the column$/],
    ["1,2\n3\n", /line 2 has 1 field, but the first line has 2\. Correct the line$/],
    ["1,2\n3,4,5\n", /line 2 has 3 fields, but the first line has 2\. Correct the line$/],
    [",2,3\n4,5,6\n", /line 1, column 1: expected a number, found an empty field\. Correct it or exclude the column$/],
    ["1\n\n2\n", /line 2 is empty: expected one row per line/],
    ['1,2\n3,"4\n', /is malformed: Quote Not Closed/],
    ['1,2\n3,"4"5\n', /is malformed: Invalid Closing Quote/],
    ["", /the file is empty$/],
    ["\n\n", /holds no numbers: expected one point per line$/],
    ["\uFEFF", /holds no numbers: expected one point per line$/],
    ["\x00\x01\x02", /binary data/],
    ["PK\x03\x04\x00\x00", /is cut off, or is not a ZIP archive/],
    [Buffer.from("\uFEFF1,2\n\uD800,1\n", "utf16le"), /is damaged UTF-16 text; save it as UTF-8/],
  ])("refuses %j", async (content, message) => {
    await expect(readMatrix(await fileWith(content))).rejects.toMatchObject(failure(message));
  });

  it("reads more numbers than one block", async () => {
    const lines = Array.from({ length: 90_000 }, (_, i) => `${i},${i + 0.5}`);
    const matrix = await readMatrix(await fileWith(`a,b\n${lines.join("\n")}\n`));
    expect(matrix.shape).toEqual([90_000, 2]);
    expect(matrix.data.every((value, k) => value === (k >> 1) + (k % 2) / 2)).toBe(true);
  });

  it("stops when its signal is aborted", async () => {
    const signal = AbortSignal.abort();
    await expect(readMatrix(await fileWith("1,2\n"), { signal })).rejects.toMatchObject({ code: "ABORTED" });
  });
});

describe("readMatrix of an unreadable path", () => {
  it.each([["missing.csv", /no such file/]])("reports the reason for %s", async (name, message) => {
    await expect(readMatrix(path(name))).rejects.toMatchObject({
      name: "FileError",
      code: "FILE_READ",
      message: expect.stringMatching(message),
    });
  });

  it.each([[""], [undefined], [3], ["a\0b"]])("reports the invalid path %j", async (value) => {
    await expect(readMatrix(value as string)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", argument: "path" });
  });
});

describe("readLabels of text", () => {
  it.each([
    ["one label per line", "T cell\nB cell\n#1\n", ["T cell", "B cell", "#1"]],
    ["numbers", "3\n1\n3\n", ["3", "1", "3"]],
    ["a known name above", "Label\n3\n1\n", ["3", "1"]],
    ["a known name above words", "class\ncat\ndog\n", ["cat", "dog"]],
    ["any word above numbers", "digit\n3\n1\n", ["3", "1"]],
    ["a missing value above numbers", "NA\n3\n1\n", ["NA", "3", "1"]],
    ["words", "cat\n3\ndog\n", ["cat", "3", "dog"]],
    ["one word", "cat\n", ["cat"]],
    ["a pandas series", ",0\n0,cat\n1,dog\n", ["cat", "dog"]],
    ["the column of a table", "x,y,target\n1,2,cat\n3,4,dog\n", ["cat", "dog"]],
    ["the first of several names", "class,label\n1,cat\n3,dog\n", ["cat", "dog"]],
    ["quotes", 'label\n"cat, small"\n"the ""dog"""\n', ["cat, small", 'the "dog"']],
    ["CRLF and a byte order mark", "\uFEFFlabel\r\ncat\r\n\r\n", ["cat"]],
    [
      "lines with commas, quotes and spaces",
      'T cell, CD4+\n5" disk\n"a, b"\nB cell\n',
      ["T cell, CD4+", '5" disk', "a, b", "B cell"],
    ],
    ["no label in a line", "a\n\nb\n", ["a", "", "b"]],
    ["no label in a row", "x,label\n1,a\n2,\n", ["a", ""]],
    ["a table whose labels have another name", "x,y,cell_type\n1,2,cat\n3,4,dog\n", ["cat", "dog"]],
  ])("reads %s", async (_, content, labels) => {
    for (const name of ["l.csv", "l.txt"]) expect(await readLabels(await fileWith(content, name))).toEqual(labels);
  });

  it("treats the first line as a header if there is one line more than points", async () => {
    const file = await fileWith("species\nsetosa\nvirginica\n", "l.txt");
    expect(await readLabels(file, { count: 2 })).toEqual(["setosa", "virginica"]);
    expect(await readLabels(file, { count: 3 })).toEqual(["species", "setosa", "virginica"]);
  });

  it("reads a range, counted without the header", async () => {
    expect(await readLabels(await fileWith("digit\n3\n1\n4\n"), { rows: [1, 3] })).toEqual(["1", "4"]);
    await expect(readLabels(path("file.csv"), { rows: [1, 4] })).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
  });

  it.each([
    [
      "1,2\n3,4\n",
      /has 2 columns but none of them is named label, labels, class or target. Choose one by its name, as in .*:0$/,
    ],
    ["x,y\n3,4\n", /has 2 columns but none of them is named label/],
    ["x,label\n1,a\n2\n", /line 3 has 1 field, but the first line has 2\. Correct the line$/],
    [
      Buffer.from(`${"a\n".repeat(40_000)}Zürich\n`, "latin1"),
      /line 40001 is not UTF-8 text\. Save the file as UTF-8$/,
    ],
    ["\n", /holds no labels: expected one label per line$/],
  ])("refuses %j", async (content, message) => {
    await expect(readLabels(await fileWith(content))).rejects.toMatchObject(failure(message));
  });
});

describe("writeMatrix to text", () => {
  it("names the columns and separates them", async () => {
    const written = async (name: string, cols: number, columns?: string[]) => {
      await writeMatrix(
        path(name),
        new Matrix(
          Float64Array.from({ length: 2 * cols }, (_, k) => k / 4),
          2,
          cols,
        ),
        { columns },
      );
      return readFile(path(name), "utf8");
    };
    expect(await written("xyz.csv", 3)).toBe("x,y,z\n0,0.25,0.5\n0.75,1,1.25\n");
    expect(await written("c.TSV", 4)).toBe("c0\tc1\tc2\tc3\n0\t0.25\t0.5\t0.75\n1\t1.25\t1.5\t1.75\n");
    expect(await written("named.csv", 2, ["a,b", 'say "c"'])).toBe('"a,b","say ""c"""\n0,0.25\n0.5,0.75\n');
    await expect(written("named.csv", 2, ["a"])).rejects.toMatchObject({ code: "SHAPE_MISMATCH", argument: "columns" });
  });

  it("writes float32 with the digits that float32 needs", async () => {
    const values = [0.1, 1 / 3, -0, 16777216, 1e-45, 3.4028234663852886e38, 1e21, 123456.789, NaN, Infinity, -Infinity];
    await writeMatrix(path("digits.csv"), new Matrix(Float32Array.from(values), values.length, 1));
    expect((await readFile(path("digits.csv"), "utf8")).split("\n").slice(1, -1)).toEqual(
      "0.1 0.33333334 -0 16777216 1e-45 3.4028235e+38 1e+21 123456.79 NaN Infinity -Infinity".split(" "),
    );
  });

  it("writes every float32 and float64 so that it reads back as the same number", async () => {
    for (const [type, values] of [
      [Float32Array, fc.float()],
      [Float64Array, fc.double()],
    ] as const) {
      await fc.assert(
        fc.asyncProperty(fc.array(values, { minLength: 1, maxLength: 200 }), fc.boolean(), async (numbers, isWide) => {
          const [rows, cols] = isWide ? [1, numbers.length] : [numbers.length, 1];
          await writeMatrix(path("round.tsv"), new Matrix(new type(numbers), rows, cols));
          const read = await readMatrix(path("round.tsv"));
          expect(read.shape).toEqual([rows, cols]);
          expect(Array.from(new type(read.data))).toEqual(numbers);
        }),
        { numRuns: 50 },
      );
    }
  });

  it("lists the supported extensions in its error", async () => {
    for (const name of ["map.txt", "map.xlsx", "map", ".npy"]) {
      await expect(writeMatrix(path(name), [[1, 2]])).rejects.toMatchObject({
        code: "FILE_WRITE",
        message: expect.stringMatching(
          /matrices are written as NumPy \(\.npy\), CSV \(\.csv\), TSV \(\.tsv\), Arrow .* or Parquet \(\.parquet\), decided by the extension$/,
        ),
      });
    }
  });
});
