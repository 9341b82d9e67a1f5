import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  findSigma,
  openDatasetRows,
  openNpz,
  readDataset,
  readEmbedding,
  readLabels,
  readMatrix,
} from "../../src/io/index.js";
import { useFolder } from "./folder.js";
import { bytesOf, encodeNpy, unicode } from "./npy-file.js";
import { encodeZip } from "./zip-file.js";

const path = useFolder();

const N = 6;
const means = Float64Array.from({ length: N * 3 }, (_, i) => i / 4);
const sigma = Float64Array.from({ length: N * 3 }, (_, i) => 1 + i);
const LABELS = ["a", "b", "c", "a", "b", "ccc"];

const ARRAYS = {
  means: encodeNpy("<f8", [N, 3], bytesOf(means)),
  sigma: encodeNpy("<f8", [N, 3], bytesOf(sigma)),
  y: encodeNpy("<i8", [N], bytesOf(BigInt64Array.from([0n, 1n, 2n, 0n, 1n, 2n]))),
  axes: encodeNpy("<f4", [2, 3], bytesOf(new Float32Array(6))),
  seed: encodeNpy("<i8", [], bytesOf(BigInt64Array.of(7n))),
};

async function archive(
  name: string,
  arrays: Readonly<Record<string, Uint8Array>>,
  isDeflated = false,
): Promise<string> {
  const files = Object.fromEntries(Object.entries(arrays).map(([key, bytes]) => [`${key}.npy`, bytes]));
  await writeFile(path(name), encodeZip(files, isDeflated));
  return path(name);
}

const failure = (message: RegExp) => ({ code: "FILE_FORMAT", message: expect.stringMatching(message) });

describe("readDataset of a NumPy archive", () => {
  it.each([false, true])(
    "finds data, standard deviations and labels by their names (deflated: %s)",
    async (isDeflated) => {
      const file = await archive("named.npz", ARRAYS, isDeflated);
      const dataset = await readDataset(file);
      expect(dataset.means.shape).toEqual([N, 3]);
      expect(Array.from(dataset.means.data)).toEqual(Array.from(means));
      expect(Array.from(dataset.sigma?.data ?? [])).toEqual(Array.from(sigma));
      expect(dataset.labels.get("y")).toEqual(["0", "1", "2", "0", "1", "2"]);
      expect(dataset.report).toBe(
        "Data: lists of numbers (means). Standard deviations: sigma. Labels: y. Not used: axes (float32, 2 x 3), seed (a single value).",
      );
      expect(await findSigma(file)).toBe(true);
      expect((await readDataset(file, { rows: [2, 4] })).means.at(0, 0)).toBe(means[6]);
    },
  );

  it("reads the array named in the path, in C and Fortran order", async () => {
    const columns = Float64Array.from({ length: N * 3 }, (_, k) => means[(k % N) * 3 + Math.floor(k / N)]);
    const file = await archive("orders.npz", {
      rows: ARRAYS.means,
      columns: encodeNpy("<f8", [N, 3], bytesOf(columns), true),
      cubes: encodeNpy(
        "|u1",
        [N, 2, 2],
        Uint8Array.from({ length: N * 4 }, (_, i) => i),
      ),
      single: encodeNpy("<f8", [N, 1], bytesOf(means.slice(0, N))),
    });
    expect(Array.from((await readMatrix(`${file}:rows`)).data)).toEqual(Array.from(means));
    expect(Array.from((await readEmbedding(`${file}:columns`)).data)).toEqual(Array.from(means));
    expect((await readDataset(`${file}:cubes`)).means.shape).toEqual([N, 4]);
    expect((await readMatrix(file, { column: "single" })).shape).toEqual([N, 1]);
    await expect(readDataset(file)).rejects.toMatchObject(failure(/"rows", "columns", "cubes".* choose one/));
    await expect(readDataset(`${file}:row`)).rejects.toMatchObject(failure(/no column "row"/));
  });

  it("leaves out arrays of other data", async () => {
    const file = await archive("split.npz", {
      x_train: ARRAYS.means,
      y_train: ARRAYS.y,
      x_test: encodeNpy("<f8", [2, 3], bytesOf(means.slice(0, 6))),
      y_test: encodeNpy("<i4", [2], bytesOf(Int32Array.of(1, 0))),
    });
    const { report, labels } = await readDataset(`${file}:x_test`);
    expect([...labels]).toEqual([["y_test", ["1", "0"]]]);
    expect(report).toContain("Not used: x_train (float64, 6 x 3), y_train (6 rows).");
  });

  it("reads columns of one dimension as a table", async () => {
    const column = (k: number) => encodeNpy("<f8", [N], bytesOf(means.slice(k, k + N)));
    const file = await archive("columns.npz", {
      a: column(0),
      b: column(1),
      label: encodeNpy("<U3", [N], unicode(LABELS, 3)),
    });
    const { means: read, labels, roles } = await readDataset(file);
    expect(roles.data).toEqual(["a", "b"]);
    expect(Array.from(read.row(1))).toEqual([means[1], means[2]]);
    expect(labels.get("label")).toEqual(LABELS);
    expect(await readLabels(`${file}:label`)).toEqual(LABELS);
  });

  it("reads rows of data without holding all data in memory", async () => {
    const rows = await openDatasetRows(await archive("rows.npz", ARRAYS, true));
    expect(Array.from((await rows.means.read([1, 5])).data)).toEqual([...means.slice(3, 6), ...means.slice(15)]);
    expect((await rows.sigma?.read([0]))?.data[2]).toBe(3);
    await rows.close();
  });

  it("skips Python objects, and rejects them as labels", async () => {
    const file = await archive("objects.npz", { X: ARRAYS.means, label: encodeNpy("|O", [N], Buffer.from("pickle")) });
    expect((await readDataset(file)).report).toMatch(
      /Not used: label \(Python objects, which must be saved as strings/,
    );
    await expect(readLabels(`${file}:label`)).rejects.toMatchObject(
      failure(/"label" is Python objects, which must be saved as strings/),
    );
  });
});

describe("openNpz", () => {
  it("returns the arrays by name, with shapes and types", async () => {
    const file = await archive("sparse.npz", {
      ...ARRAYS,
      format: encodeNpy("|S3", [], Buffer.from("csr")),
      shape: encodeNpy("<i8", [2], bytesOf(BigInt64Array.of(6n, 3n))),
    });
    const { arrays, close } = await openNpz(file);
    expect([...arrays.keys()]).toEqual(["means", "sigma", "y", "axes", "seed", "format", "shape"]);
    expect(arrays.get("means")).toMatchObject({ shape: [N, 3], dtype: "f8" });
    expect(await arrays.get("format")?.readTexts()).toEqual(["csr"]);
    expect(Array.from((await arrays.get("shape")?.readNumbers()) ?? [])).toEqual([6, 3]);
    await close();
  });
});

describe("a ZIP archive", () => {
  it("is rejected with a reason if it is not a NumPy archive, damaged or cut off", async () => {
    const whole = encodeZip({ "means.npy": ARRAYS.means }, true);
    const damaged = Buffer.from(whole);
    damaged[damaged.indexOf("PK\x01\x02") - 20] ^= 0xff;
    for (const [name, bytes, message] of [
      ["book.xlsx", encodeZip({ "[Content_Types].xml": Buffer.from("<x/>") }), /is an Excel workbook.* as CSV/],
      ["other.zip", encodeZip({ "a.txt": Buffer.from("1") }), /is a ZIP archive without arrays .*a\.txt.* Unpack it/],
      ["short.npz", whole.subarray(0, whole.length - 30), /is cut off, or is not a ZIP archive/],
      ["damaged.npz", damaged, /checksum differs|is malformed|cannot be/],
    ] as const) {
      await writeFile(path(name), bytes);
      await expect(readDataset(path(name)), name).rejects.toMatchObject(failure(message));
    }
  });
});
