import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { readSparseMatrix, writeMatrix } from "../../src/io/index.js";
import { useFolder } from "./folder.js";
import { encodeScipy } from "./scipy-file.js";

const pathOf = useFolder();
const dense = [
  [0, 2, 0, 0],
  [1, 0, 0, -3],
  [0, 0, 0, 0],
];
const csr = { format: "csr", shape: [3, 4], data: [2, -3, 1], indices: [1, 3, 0], starts: [0, 1, 3, 3] } as const;
const csc = { format: "csc", shape: [3, 4], data: [1, 2, -3], indices: [1, 0, 1], starts: [0, 1, 2, 2, 3] } as const;
const coo = { format: "coo", shape: [3, 4], data: [-3, 2, 1], indices: [3, 1, 0], starts: [1, 0, 1] } as const;

test.each([csr, csc, coo])("$format of SciPy is read by rows", async (stored) => {
  for (const isDeflated of [true, false]) {
    const path = pathOf(`${stored.format}.npz`);
    await writeFile(path, encodeScipy(stored, isDeflated));
    const matrix = await readSparseMatrix(path);
    expect(matrix?.toDense().toArrays()).toEqual(dense);
  }
});

test.each([
  [{ ...csr, indices: [1, 4, 0] }, "columns from 0 to 3"],
  [{ ...csr, indices: [1, 3, 3] }, "each column only once"],
  [{ ...csr, starts: [0, 1, 2, 2] }, "ascending positions from 0 to 3"],
  [{ ...coo, starts: [1, 0, 7] }, "row 7, but has only 3 rows"],
  [{ ...csr, format: "bsr" as const }, "in format bsr: expected csr, csc or coo. Save matrix.tocsr()"],
])("%j is rejected with the reason", async (stored, reason) => {
  const path = pathOf("bad.npz");
  await writeFile(path, encodeScipy(stored));
  await expect(readSparseMatrix(path)).rejects.toMatchObject({
    code: "FILE_FORMAT",
    message: expect.stringContaining(reason),
  });
});

test("a dense file is not read as a sparse matrix", async () => {
  const path = pathOf("dense.npy");
  await writeMatrix(path, dense);
  expect(await readSparseMatrix(path)).toBeUndefined();
});
