import { readdir, readFile } from "node:fs/promises";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readTable } from "../../src/io/index.js";
import { makeGroups, toCsv, Workplace } from "./workplace.js";

const [n, groups] = [60, 3];
const data = makeGroups(n, 4, groups);
const sigma = data.map((row, i) => row.map((_, j) => 0.1 + ((i + j) % 5) / 5));

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  await workplace.write("mu.csv", toCsv(data));
  await workplace.write("sd.csv", toCsv(sigma));
  await workplace.write("new.csv", toCsv(data.slice(0, 2)));
  await workplace.write("new-sd.csv", toCsv(sigma.slice(0, 2)));
  await workplace.write("narrow.csv", toCsv([[1, 2]]));
  await workplace.write("labels.txt", data.map((_, i) => `group ${i % groups}\n`).join(""));
  // Point i is a gray square of brightness 4 i.
  await workplace.write("images.npy", imageFile(n));
  await workplace.write("few.npy", imageFile(5));
  await workplace.write("two.npy", imageFile(2));
});
afterAll(() => workplace.remove());

function imageFile(count: number): Buffer {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${count}, 8, 8), }`.padEnd(117).concat("\n");
  const pixels = Buffer.from(Uint8Array.from({ length: count * 64 }, (_, at) => 4 * Math.floor(at / 64)));
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00\x76\x00", "latin1"), Buffer.from(header), pixels]);
}

/** Returns the other rows, sorted by their Euclidean distance from row `from`. */
function scan(from: number) {
  const far = (i: number) => Math.hypot(...data[i].map((x, j) => x - data[from]?.[j]));
  return data
    .map((_, row) => ({ row, distance: far(row) }))
    .filter(({ row }) => row !== from)
    .sort((a, b) => a.distance - b.distance);
}

it("lists the points nearest to a given point", async () => {
  const { code, stdout } = await workplace.run([
    "search",
    "mu.csv",
    "--query",
    "17",
    "-k",
    "4",
    "--labels",
    "labels.txt",
  ]);
  expect(code).toBe(0);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.trim().split(/\s{2,}/));
  expect(lines[0]).toEqual(["query", "rank", "row", "euclidean", "label"]);
  const expected = scan(17).slice(0, 4);
  expect(lines.slice(1)).toEqual(
    expected.map(({ row, distance }, i) => [
      "17",
      `${i + 1}`,
      `${row}`,
      distance.toPrecision(4),
      `group ${row % groups}`,
    ]),
  );
});

it("writes tables and one JSON object", async () => {
  const args = ["search", "mu.csv", "--query", "17,0", "-k", "3", "--labels", "labels.txt", "-o", "near.parquet"];
  const { code, stdout } = await workplace.run([...args, "--json", "--quiet"]);
  expect(code).toBe(0);
  const expected = [...scan(17).slice(0, 3), ...scan(0).slice(0, 3)];
  const table = await readTable(workplace.path("near.parquet"));
  expect([...table.keys()]).toEqual(["query", "rank", "row", "distance", "label"]);
  expect(table.get("query")).toEqual(Int32Array.of(17, 17, 17, 0, 0, 0));
  expect(table.get("rank")).toEqual(Int32Array.of(1, 2, 3, 1, 2, 3));
  expect(table.get("row")).toEqual(Int32Array.from(expected, ({ row }) => row));
  expect(table.get("label")).toEqual(expected.map(({ row }) => `group ${row % groups}`));
  const summary = JSON.parse(stdout);
  expect(summary).toMatchObject({ n, k: 3, distance: "euclidean", output: "near.parquet", sheet: null });
  expect(summary.results.map(({ query }: { query: number }) => query)).toEqual([17, 0]);
  expect(summary.results[1].rows).toEqual(expected.slice(3).map(({ row }) => row));
});

it("finds the points nearest to vectors of a file, and to points of a run", async () => {
  const vectors = ["--query", "new.csv", "--query-sigma", "new-sd.csv", "-k", "2", "--json"];
  const found = await workplace.run(["search", "mu.csv", "--sigma", "sd.csv", ...vectors]);
  const results = JSON.parse(found.stdout).results;
  expect(results.map(({ rows }: { rows: number[] }) => rows[0])).toEqual([0, 1]);
  expect(results[0].distances[0]).toBeCloseTo(0, 6);
  const embed = ["embed", "mu.csv", "--sigma", "sd.csv", "-o", "map.npy", "--save", "run.saved"];
  expect(await workplace.run([...embed, "--iterations", "10", "--quiet"])).toMatchObject({ code: 0 });
  const again = JSON.parse((await workplace.run(["search", "run.saved", ...vectors])).stdout);
  expect(again.distance).toBe("inverse-variance");
  expect(again.results.map(({ rows }: { rows: number[] }) => rows)).toEqual(
    results.map(({ rows }: { rows: number[] }) => rows),
  );
});

it("draws the images of queries and results", async () => {
  const args = ["search", "mu.csv", "--query", "17", "-k", "2", "--images", "images.npy"];
  expect(await workplace.run([...args, "--sheet", "sheet.png"])).toMatchObject({ code: 0 });
  const { data: pixels, info } = await sharp(workplace.path("sheet.png")).raw().toBuffer({ resolveWithObject: true });
  const grays = new Set<number>();
  for (let at = 0; at < pixels.length; at += info.channels) grays.add(pixels[at]);
  for (const row of [
    17,
    ...scan(17)
      .slice(0, 2)
      .map((one) => one.row),
  ])
    expect(grays).toContain(4 * row);
  const svg = ["--query", "new.csv", "--query-images", "two.npy", "--images", "images.npy", "--sheet", "sheet.svg"];
  expect(await workplace.run(["search", "mu.csv", ...svg])).toMatchObject({ code: 0 });
  expect(await readFile(workplace.path("sheet.svg"), "utf8")).toContain("<title>Nearest in mu.csv</title>");
});

it.each([
  [["--query", "60"], 2, "--query: expected rows from 0 to 59, received 60"],
  [["--query", "3,-1"], 2, "--query: expected rows from 0 to 59, received -1"],
  [["--query", "absent.csv"], 1, "absent.csv: cannot be read"],
  [
    ["--query", "narrow.csv"],
    2,
    "narrow.csv: expected vectors with as many columns as the data, 1 x 4, received 1 x 2",
  ],
  [["--query", "1", "-k", "60"], 2, "-k: expected an integer from 1 to 59, received 60"],
  [["--query", "1", "--distance", "jeffreys"], 2, "--sigma: expected the standard deviations of the data"],
  [["--query", "1", "--distance", "cosin"], 2, 'did you mean "cosine"'],
  [["--query", "new.csv", "--sigma", "sd.csv"], 2, "--query-sigma: expected the standard deviations of the queries"],
  [["--query", "1", "-o", "x.npy"], 2, "--output: expected a file name that ends in .parquet, .arrow, .csv or .tsv"],
  [["--query", "1", "--sheet", "x.png"], 2, "--images: expected images of the points"],
  [
    ["--query", "1", "--images", "few.npy", "--sheet", "x.png"],
    2,
    "few.npy: expected 60 images, one per row, received 5",
  ],
  [["--query", "1", "--images", "images.npy"], 2, "--images: cannot be used without --sheet"],
  [["--query", "1", "--images", "images.npy", "--sheet", "x.jpg"], 2, "--sheet: expected a file name that ends in"],
  [["--query", "1", "-o", "mu.csv"], 2, "--output: expected a file other than that of <data>"],
])("%s fails with a message of one sentence and leaves no file", async (args, code, sentence) => {
  const outcome = await workplace.run(["search", "mu.csv", ...args]);
  expect(outcome).toMatchObject({ code, stdout: "" });
  expect(outcome.stderr).toContain(sentence);
  expect(outcome.stderr.trim().split("\n")).toHaveLength(1);
  expect((await readdir(workplace.folder)).filter((name) => name.startsWith("x."))).toEqual([]);
});
