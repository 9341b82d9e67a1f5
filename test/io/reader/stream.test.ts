import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { placeStream } from "../../../src/filter/index.js";
import { readNeighborTable } from "../../../src/io/index.js";
import { Tsne } from "../../../src/tsne/index.js";
import { collect } from "../../filter/streams.js";
import { makeGroups } from "../../tsne/points.js";
import { useFolder } from "../folder.js";

const path = useFolder();
const run = promisify(execFile);
const script = join(import.meta.dirname, "stream.py");
const python = inject("python");
let map: Tsne;

beforeAll(async () => {
  await run(python, [script, "--write", dirname(path("x"))]);
  map = new Tsne(makeGroups(150, 4, 3), { maxIter: 60, earlyExaggerationIter: 30, perplexity: 10 });
  await map.fit();
});

async function place(name: string): Promise<Record<string, number[]>> {
  await writeFile(path(`${name}.placed`), await collect(placeStream(map, createReadStream(path(name)))));
  const { stdout } = await run(python, [script, "--compare", path(name), path(`${name}.placed`)]);
  return JSON.parse(stdout);
}

describe("placeStream of streams by pyarrow", () => {
  it.each(["cut.arrows", "single.arrows", "lz4.arrows", "zstd.arrows", "file.arrow"])(
    "leaves columns of every type and their metadata as they are, and gives the same places: %s",
    async (name) => {
      const whole = await place("whole.arrows");
      expect(Object.keys(whole)).toEqual(["x", "y", "divergence"]);
      expect(whole.x).toHaveLength(60);
      expect(await place(name)).toEqual(whole);
    },
  );
});

describe("readNeighborTable", () => {
  it("reads Parquet by pyarrow", async () => {
    const { indices, distances } = await readNeighborTable(path("neighbors.parquet"));
    expect(indices.toArrays()).toEqual([
      [1, -1],
      [0, 2],
      [1, 0],
    ]);
    expect(distances.toArrays()).toEqual([
      [1, 0],
      [1, 2],
      [0.5, 2],
    ]);
  });
});
