import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Exploration } from "../../src/explorer/exploration.js";
import { openExploration } from "../../src/explorer/open/open-exploration.js";
import {
  type CategoryColumn,
  type Failure,
  MAX_THUMBNAILS,
  type NumberColumn,
  type PointDescription,
  paths,
} from "../../src/explorer/protocol.js";
import { readTable, writeArray, writeMatrix } from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { nearest } from "../../src/search/index.js";
import { type Served, serve, watch } from "./serve.js";

/** Points in four groups, their map, and images with two gray values that identify each point. */
const n = 1100;
const d = 3;
const [height, width] = [5, 8];
const names = ["10", "9", "first", "9"];
const value = (i: number, j: number) => ((i * 7919 + j * 104729) % 1009) / 1009;
const map = new Matrix(
  Float32Array.from({ length: 2 * n }, (_, at) => (at % 4) * 5 + value(at, 1)),
  n,
  2,
);
const means = new Matrix(
  Float32Array.from({ length: d * n }, (_, at) => (Math.floor(at / d) % 4) * 5 + value(at, 2)),
  n,
  d,
);
const sigma = new Matrix(
  Float32Array.from({ length: d * n }, (_, at) => 0.1 + value(at, 3)),
  n,
  d,
);
const pixel = (i: number, p: number) => (p % (1 + (i % 7)) === 0 ? 1 : (i % 5) / 5);

let folder: string;
let exploration: Exploration;
let served: Served;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-explorer-"));
  const path = (name: string) => join(folder, name);
  await writeMatrix(path("map.npy"), map);
  await writeMatrix(path("means.npy"), means);
  await writeMatrix(path("sigma.npy"), sigma);
  await writeFile(path("labels.txt"), Array.from({ length: n }, (_, i) => `${names[i % 4]}\n`).join(""));
  const pixels = Float32Array.from({ length: n * height * width }, (_, at) =>
    pixel(Math.floor(at / (height * width)), at % (height * width)),
  );
  await writeArray(path("images.npy"), pixels, [n, height, width]);
  exploration = await openExploration(path("map.npy"), {
    images: path("images.npy"),
    labels: path("labels.txt"),
    sigma: path("sigma.npy"),
    input: path("means.npy"),
  });
  served = await serve(exploration);
});
afterAll(async () => {
  await served.close();
  await rm(folder, { recursive: true });
});

const failure = async (path: string) => {
  const answer = await served.get(path);
  return { status: answer.status, ...((await answer.json()) as Failure) };
};

describe("the explored data", () => {
  it("are described", async () => {
    const description = await served.describe();
    expect(description).toMatchObject({
      name: "map.npy",
      n,
      dimensions: d,
      model: null,
      images: { width, height, channels: 1, tileWidth: 8, tileHeight: 5, columns: 32, perSheet: 1024, sheets: 2 },
      abilities: { decode: false, encode: false, place: false, search: true, uncertainty: false },
    });
    expect(description.layouts.map(({ id, kind, derivedFrom }) => [id, kind, derivedFrom])).toEqual([
      ["map", "map", null],
      ["separated:map", "separated", "map"],
      ["wall:map", "wall", "map"],
    ]);
    expect(description.columns.slice(0, 2).map(({ id, kind }) => [id, kind])).toEqual([
      ["label", "category"],
      ["mean-sigma", "number"],
    ]);
  });

  it("have labels as numbers of categories, in the order of their names", async () => {
    const { columns } = await served.describe();
    const { categories, type, missing } = columns[0] as CategoryColumn;
    expect({ categories, type, missing }).toEqual({ categories: ["9", "10", "first"], type: "uint16", missing: 65535 });
    const codes = new Uint16Array(await (await served.get(paths.column("label"))).arrayBuffer());
    expect(Array.from(codes, (code) => categories[code])).toEqual(Array.from({ length: n }, (_, i) => names[i % 4]));
  });

  it("have numeric columns with their ranges", async () => {
    await watch(served.url, (runs) => runs.get("quality:map")?.state === "finished");
    const { columns } = await served.describe();
    const column = columns[1] as NumberColumn;
    const values = await served.floats(paths.column("mean-sigma"));
    const expected = Array.from({ length: n }, (_, i) => Array.from(sigma.row(i)).reduce((sum, x) => sum + x, 0) / d);
    expected.forEach((mean, i) => {
      expect(values[i]).toBeCloseTo(mean, 5);
    });
    const sorted = values.slice().sort();
    expect(column).toMatchObject({ min: sorted[0], max: sorted[n - 1], low: sorted[22], high: sorted[1077] });
    const kept = await served.floats(paths.column("quality:map"));
    expect(kept).toHaveLength(n);
    expect(kept.every((share) => share >= 0 && share <= 1)).toBe(true);
  });
});

describe("layouts", () => {
  it("include the unchanged map", async () => {
    expect(await served.floats(paths.layout("map"))).toEqual(map.data);
  });

  it("include an evenly spread map and a square wall", async () => {
    const even = await served.floats(paths.layout("separated:map"));
    expect(even).toHaveLength(2 * n);
    const wall = await served.floats(paths.layout("wall:map"));
    const cells = Array.from({ length: n }, (_, i) => {
      const [x, y] = [wall[2 * i], wall[2 * i + 1]];
      return [x - 0.5, y / (height / width) - 0.5].map((at) => Number(at.toFixed(3)));
    });
    expect(cells.flat().every(Number.isInteger)).toBe(true);
    expect(new Set(cells.map(String)).size).toBe(n);
    const most = (axis: number) => Math.max(...cells.map((cell) => cell[axis])) + 1;
    expect((most(0) * width) / (most(1) * height)).toBeCloseTo(1, 0);
  });

  it("are not found by other names", async () => {
    for (const id of ["", "nothing", "separated:nothing", "separated:", "__proto__", "constructor"]) {
      expect(await failure(paths.layout(id))).toMatchObject({ status: 404, code: "NOT_FOUND" });
    }
    expect(await failure(paths.covariances("map"))).toMatchObject({ status: 404 });
    expect(await failure(paths.column("nothing"))).toMatchObject({ status: 404 });
    expect(await failure("/api/nothing")).toMatchObject({ status: 404, code: "NOT_FOUND" });
  });
});

describe("binary data", () => {
  const path = paths.layout("map");

  it("have an entity tag, so that they need not be sent again", async () => {
    const first = await served.get(path);
    const etag = first.headers.get("etag") as string;
    expect(first.headers.get("content-type")).toBe("application/octet-stream");
    expect((await served.get(path, { "if-none-match": etag })).status).toBe(304);
    expect((await served.get(path, { "if-none-match": `"other", ${etag}` })).status).toBe(304);
    expect((await served.get(path, { "if-none-match": '"other"' })).status).toBe(200);
  });

  it("can be requested by range", async () => {
    const bytes = Buffer.from(map.data.buffer);
    const part = async (range: string, others = {}) => {
      const answer = await served.get(path, { range, ...others });
      return { answer, bytes: Buffer.from(await answer.arrayBuffer()) };
    };
    const some = await part("bytes=8-19");
    expect(some.answer.status).toBe(206);
    expect(some.answer.headers.get("content-range")).toBe(`bytes 8-19/${bytes.length}`);
    expect(some.bytes.equals(bytes.subarray(8, 20))).toBe(true);
    expect((await part("bytes=-8")).bytes.equals(bytes.subarray(-8))).toBe(true);
    expect((await part("bytes=8792-")).bytes.equals(bytes.subarray(8792))).toBe(true);
    const beyond = await part(`bytes=${bytes.length}-`);
    expect(beyond.answer.status).toBe(416);
    expect(beyond.answer.headers.get("content-range")).toBe(`bytes */${bytes.length}`);
    for (const whole of ["bytes=0-3,8-11", "lines=1-2", "nonsense"]) {
      expect((await part(whole)).bytes.equals(bytes)).toBe(true);
    }
    expect((await part("bytes=0-3", { "if-range": '"older"' })).answer.status).toBe(200);
    const etag = some.answer.headers.get("etag") as string;
    expect((await part("bytes=0-3", { "if-range": etag })).answer.status).toBe(206);
  });
});

describe("images", () => {
  it("are served in their original size", async () => {
    const answer = await served.get(paths.image(17));
    expect(answer.headers.get("content-type")).toBe("image/png");
    const { data, info } = await sharp(Buffer.from(await answer.arrayBuffer()))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width, height });
    for (let p = 0; p < width * height; p++) expect(data[p * info.channels]).toBe(Math.round(255 * pixel(17, p)));
  });

  it("are on thumbnail sheets in their order", async () => {
    for (const [sheet, count] of [
      [0, 1024],
      [1, n - 1024],
    ] as const) {
      const answer = await served.get(paths.thumbnails(sheet));
      expect(answer.headers.get("content-type")).toBe("image/webp");
      const { data, info } = await sharp(Buffer.from(await answer.arrayBuffer()))
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect(info).toMatchObject({ width: 32 * width, height: Math.ceil(count / 32) * height, format: "raw" });
      // The compression changes some values, but the mean of a tile is still that of its image.
      for (const tile of [0, 31, 32, 50, count - 1]) {
        const means = [0, 0];
        for (let p = 0; p < width * height; p++) {
          const [x, y] = [(tile % 32) * width + (p % width), Math.floor(tile / 32) * height + Math.floor(p / width)];
          means[0] = means[0] + data[(y * info.width + x) * info.channels] / 255;
          means[1] = means[1] + pixel(sheet * 1024 + tile, p);
        }
        expect(Math.abs(means[0] - means[1]) / (width * height)).toBeLessThan(0.06);
      }
    }
  });

  it("are combined on one sheet for any points, in the order of the request", async () => {
    const ask = (body: Uint8Array<ArrayBuffer>) =>
      fetch(served.url + paths.thumbnailsOf, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body,
      });
    const bytes = (indices: readonly number[]) => new Uint8Array(Uint32Array.from(indices).buffer);
    const wanted = [n - 1, 3, 700, 3];
    const answer = await ask(bytes(wanted));
    expect(answer.headers.get("content-type")).toBe("image/webp");
    const { data, info } = await sharp(Buffer.from(await answer.arrayBuffer()))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 4 * width, height });
    for (const [tile, index] of wanted.entries()) {
      let [drawn, given] = [0, 0];
      for (let p = 0; p < width * height; p++) {
        const [x, y] = [tile * width + (p % width), Math.floor(p / width)];
        drawn += (data[(y * info.width + x) * info.channels] ?? 0) / 255;
        given += pixel(index, p);
      }
      expect(Math.abs(drawn - given) / (width * height)).toBeLessThan(0.06);
    }
    for (const body of [bytes([n]), bytes([]), new Uint8Array(3)]) expect((await ask(body)).status).toBe(400);
    const tooMany = await ask(bytes(Array.from({ length: MAX_THUMBNAILS + 1 }, () => 0)));
    expect(tooMany.status).toBe(413);
  });

  it("are not there beyond the last one", async () => {
    for (const path of [paths.image(n), paths.thumbnails(2), "/api/images/-1", "/api/images/1.5", "/api/images/0x1"]) {
      expect(await failure(path)).toMatchObject({ status: 404, code: "NOT_FOUND" });
    }
  });
});

describe("a point", () => {
  it("is described with the same neighbors as a search finds", async () => {
    const point = await served.json<PointDescription>(paths.point(42));
    expect(point).toMatchObject({ index: 42, label: "first", values: { label: "first" }, neighborsIn: "data" });
    const own = Array.from(sigma.row(42));
    expect(point.sigma?.min).toBe(Math.min(...own));
    expect(point.sigma?.max).toBe(Math.max(...own));
    const { indices, distances } = await nearest(means, 42, { sigma, k: 12 });
    expect(point.neighbors.map(({ index }) => index)).toEqual(Array.from(indices));
    expect(point.neighbors.map(({ distance }) => distance)).toEqual(Array.from(distances.data));
  });

  it("is not there beyond the last one", async () => {
    expect(await failure(paths.point(n))).toMatchObject({ status: 404, message: "there is no such point" });
    expect(await failure("/api/points/x")).toMatchObject({ status: 404 });
  });
});

describe("a selection", () => {
  const select = (format: "csv" | "parquet", body: ArrayBufferLike | string, type = "application/octet-stream") =>
    fetch(served.url + paths.selection(format), {
      method: "POST",
      headers: { "content-type": type },
      body: body as ArrayBuffer,
    });
  const rows = Uint32Array.from([7, 3, 1099]);

  it.each(["csv", "parquet"] as const)("is exported as %s", async (format) => {
    const answer = await select(format, rows.buffer);
    expect(answer.headers.get("content-disposition")).toBe(`attachment; filename="selection.${format}"`);
    const path = join(folder, `selection.${format}`);
    await writeFile(path, Buffer.from(await answer.arrayBuffer()));
    const table = await readTable(path);
    expect([...table.keys()].slice(0, 5)).toEqual(["row", "x", "y", "label", "mean-sigma"]);
    expect(Array.from(table.get("row") as Int32Array)).toEqual([7, 3, 1099]);
    expect(Array.from(table.get("x") as Float32Array, Math.fround)).toEqual(Array.from(rows, (i) => map.at(i, 0)));
    expect(Array.from(table.get("label") as string[], String)).toEqual(Array.from(rows, (i) => names[i % 4]));
  });

  it("is exported with an apostrophe before texts that a spreadsheet would run as formulas, unless verbatim is set", async () => {
    const folderOfFormulas = join(folder, "formulas.csv");
    await writeFile(folderOfFormulas, 'x,y,label\n1,2,"=cmd|1"\n3,4,@a\n5,6,-7\n7,8,-a\n9,1,+b\n2,2,c\n');
    const formulas = await serve(await openExploration(folderOfFormulas));
    const labels = async (isVerbatim: boolean) => {
      const body = Uint32Array.from([0, 1, 2, 3, 4, 5]);
      const headers = { "content-type": "application/octet-stream" };
      const answer = await fetch(formulas.url + paths.selection("csv", isVerbatim), { method: "POST", headers, body });
      const lines = (await answer.text()).trimEnd().split("\n").slice(1);
      return lines.map((line) => line.split(",")[3]);
    };
    expect(await labels(false)).toEqual(["'=cmd|1", "'@a", "-7", "'-a", "'+b", "c"]);
    expect(await labels(true)).toEqual(["=cmd|1", "@a", "-7", "-a", "+b", "c"]);
    await formulas.close();
  });

  it("without points, or with points that do not exist, is rejected", async () => {
    const bad = { status: 400, body: { code: "BAD_REQUEST" } };
    const outcome = async (answer: Response) => ({ status: answer.status, body: await answer.json() });
    expect(await outcome(await select("csv", new ArrayBuffer(0)))).toMatchObject(bad);
    expect(await outcome(await select("csv", new ArrayBuffer(6)))).toMatchObject(bad);
    expect(await outcome(await select("csv", Uint32Array.of(n).buffer))).toMatchObject(bad);
    expect((await select("csv", "[1, 2]", "application/json")).status).toBe(400);
    expect((await select("csv", "1, 2", "text/plain")).status).toBe(415);
    expect((await select("csv", new Uint32Array(n + 2).buffer)).status).toBe(413);
  });
});
