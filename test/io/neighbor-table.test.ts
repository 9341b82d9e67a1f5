import { mkdir, writeFile } from "node:fs/promises";
import { Field, Float32, Int32, List, Table, tableFromArrays, tableToIPC, vectorFromArray } from "apache-arrow";
import { expect, test } from "vitest";
import { readNeighborTable } from "../../src/io/index.js";
import { useFolder } from "./folder.js";

const path = useFolder();

async function write(name: string, columns: { indices?: unknown[]; distances?: unknown[]; row?: number[] }) {
  const list = (values: unknown[], type: Int32 | Float32) =>
    vectorFromArray(values, new List(new Field("item", type, true)));
  const table = new Table({
    ...(columns.row && { row: vectorFromArray(columns.row, new Int32()) }),
    ...(columns.indices && { indices: list(columns.indices, new Int32()) }),
    ...(columns.distances && { distances: list(columns.distances, new Float32()) }),
  });
  await writeFile(path(name), tableToIPC(table, name.endsWith("s") ? "stream" : "file"));
  return path(name);
}

const lists = { indices: [[1, 2], [0], [1, 0]], distances: [[1, 2], [1], [0.5, 2]] };

test.each(["neighbors.arrow", "neighbors.arrows"])(
  "reads lists from %s, and fills shorter ones with -1",
  async (name) => {
    const { indices, distances } = await readNeighborTable(await write(name, lists));
    expect(indices.toArrays()).toEqual([
      [1, 2],
      [0, -1],
      [1, 0],
    ]);
    expect(distances.toArrays()).toEqual([
      [1, 2],
      [1, 0],
      [0.5, 2],
    ]);
  },
);

test("sorts rows by their row numbers", async () => {
  const { indices } = await readNeighborTable(await write("rows.arrow", { ...lists, row: [2, 0, 1] }));
  expect(indices.toArrays()).toEqual([
    [0, -1],
    [1, 0],
    [1, 2],
  ]);
});

test.each([
  ["without distances", { indices: lists.indices }, 'has no column "distances"'],
  [
    "with lists of two lengths",
    {
      ...lists,
      distances: [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
    },
    "has 1 indices and 2 distances in line 1",
  ],
  [
    "without a list",
    { ...lists, indices: [[1, 2], null, [1, 0]] },
    'column "indices" has a value that is not a list in line 1',
  ],
  ["with a row twice", { ...lists, row: [0, 1, 1] }, "has two lines for row 1"],
  ["with a row too many", { ...lists, row: [0, 1, 3] }, "has row number 3 in line 2: expected an integer from 0 to 2"],
])("refuses a table %s", async (_, columns, sentence) => {
  await expect(readNeighborTable(await write("bad.arrow", columns))).rejects.toThrow(sentence);
});

test("rejects columns of numbers, and formats without lists", async () => {
  const plain = tableFromArrays({ indices: Int32Array.of(1), distances: Float32Array.of(1) });
  await writeFile(path("plain.arrow"), tableToIPC(plain, "file"));
  await expect(readNeighborTable(path("plain.arrow"))).rejects.toThrow("is not a list");
  await writeFile(path("table.csv"), "indices,distances\n1,2\n");
  await expect(readNeighborTable(path("table.csv"))).rejects.toThrow("expected a Parquet or Arrow file");
});

test("joins the files of a folder", async () => {
  await mkdir(path("parts"));
  await writeFile(path("parts/_SUCCESS"), "");
  await write("parts/a.arrow", { indices: [[0, 1]], distances: [[1, 2]], row: [2] });
  await write("parts/b.arrow", {
    indices: [
      [1, 2],
      [0, 2],
    ],
    distances: [
      [3, 4],
      [5, 6],
    ],
    row: [0, 1],
  });
  const { indices, distances } = await readNeighborTable(path("parts"));
  expect(indices.toArrays()).toEqual([
    [1, 2],
    [0, 2],
    [0, 1],
  ]);
  expect(distances.toArrays()).toEqual([
    [3, 4],
    [5, 6],
    [1, 2],
  ]);
  await write("parts/c.arrow", { indices: [[0]], distances: [[1]] });
  await expect(readNeighborTable(path("parts"))).rejects.toThrow(
    /c\.arrow: has the columns indices, distances: expected/,
  );
});
