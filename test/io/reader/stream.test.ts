import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { placeStream } from "../../../src/filter/index.js";
import { readNeighborTable } from "../../../src/io/index.js";
import { readMessages, readSchema } from "../../../src/io/ipc/index.js";
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
  map = new Tsne(makeGroups(150, 4, 3), { iterations: 60, earlyExaggerationIterations: 30, perplexity: 10 });
  await map.fit();
});

/** Places the rows once for each list of dropped columns. Returns the new columns. */
async function place(name: string, drops: readonly (readonly string[])[] = [[]]): Promise<Record<string, number[]>[]> {
  const pairs: [string, readonly string[]][] = [];
  for (const [i, drop] of drops.entries()) {
    const placed = path(`${name}.${i}.placed`);
    await writeFile(placed, await collect(placeStream(map, createReadStream(path(name)), { drop })));
    pairs.push([placed, drop]);
  }
  const { stdout } = await run(python, [script, "--compare", path(name), JSON.stringify(pairs)]);
  return JSON.parse(stdout);
}

async function columnsOf(name: string): Promise<string[]> {
  const messages = readMessages(createReadStream(path(name)), name);
  for await (const message of messages) return readSchema(message, name).map((field) => field.name);
  return [];
}

describe("placeStream of streams by pyarrow", () => {
  it.each(["cut.arrows", "single.arrows", "lz4.arrows", "zstd.arrows", "file.arrow"])(
    "leaves columns of every type and their metadata as they are, and gives the same positions: %s",
    async (name) => {
      const [whole] = await place("whole.arrows");
      expect(Object.keys(whole as object)).toEqual(["x", "y", "divergence"]);
      expect(whole?.x).toHaveLength(60);
      expect(await place(name)).toEqual([whole]);
    },
  );

  it.each(["whole.arrows", "cut.arrows", "lz4.arrows", "zstd.arrows"])(
    "leaves all others as they are where any is dropped, and where all but one are: %s",
    async (name) => {
      const names = await columnsOf(name);
      const drops = names.flatMap((kept) => [[kept], names.filter((column) => column !== kept)]);
      const whole = await place(name);
      expect(await place(name, [...drops, names])).toEqual(Array(2 * names.length + 1).fill(whole[0]));
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
