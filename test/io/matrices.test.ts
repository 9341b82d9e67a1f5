import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { writeMatrices } from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { useFolder } from "./folder.js";

const inFolder = useFolder();

const [first, second] = [
  new Matrix(Float32Array.of(1, 2, 3, 4, 5, 6), 3, 2),
  new Matrix(new Float32Array(6).fill(7), 3, 2),
];

test("several matrices are written as one array of three dimensions", async () => {
  const path = inFolder("all.npy");
  await writeMatrices(path, [first, second]);
  const bytes = await readFile(path);
  expect(bytes.subarray(10, 128).toString("latin1").trimEnd()).toBe(
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 2), }",
  );
  expect(Array.from(new Float32Array(bytes.buffer.slice(bytes.byteOffset + 128)))).toEqual([
    ...first.data,
    ...second.data,
  ]);
});

test("matrices are written as float64 if one of them is float64", async () => {
  const path = inFolder("all.npy");
  await writeMatrices(path, [
    first,
    [
      [1, 2],
      [3, 4],
      [5, 0.1],
    ],
  ]);
  const bytes = await readFile(path);
  expect(bytes.subarray(10, 128).toString("latin1")).toContain("<f8");
  expect(new Float64Array(bytes.buffer.slice(bytes.byteOffset + 128)).at(-1)).toBe(0.1);
});

test.each<[string, string, unknown, string]>([
  ["another extension", "all.csv", [first], "several matrices are written as NumPy"],
  ["no matrices", "all.npy", [], "matrices: expected an array of at least one matrix"],
  ["matrices of different shapes", "all.npy", [first, first.slice(1, 3)], "matrices[1]: expected 3 x 2"],
])("%s is refused", async (_, name, matrices, message) => {
  const path = inFolder(name);
  await expect(writeMatrices(path, matrices as Matrix[])).rejects.toThrow(message);
});
