import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openExploration } from "../../src/explorer/open/open-exploration.js";
import { type ColumnDescription, type PointDescription, paths } from "../../src/explorer/protocol.js";
import { TextValues } from "../../src/explorer/text-values.js";
import { readTable, writeMatrix } from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { type Served, serve } from "./serve.js";
import { makeSurvey, SURVEY_COLUMNS } from "./survey.js";

const N = 400;
let folder: string;
const path = (name: string) => join(folder, name);
const fixture = (name: string) => fileURLToPath(new URL(`../io/fixtures/tables/${name}`, import.meta.url));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-columns-"));
  await writeFile(path("survey.csv"), makeSurvey(N));
});
afterAll(() => rm(folder, { recursive: true }));

const byName = (columns: readonly ColumnDescription[]) => Object.fromEntries(columns.map((one) => [one.name, one]));
const save = (served: Served, format: string, rows: readonly number[]) =>
  fetch(`${served.url}/api/selection.${format}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: Uint32Array.from(rows),
  });

describe("a table with x and y", () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve(await openExploration(path("survey.csv")));
  });
  afterAll(() => served.close());

  it("is a map, and all its other columns are shown according to their content", async () => {
    const { n, layouts, columns, notices } = await served.describe();
    expect(n).toBe(N);
    expect(notices).toEqual([
      expect.stringContaining("Column “cutout” contains paths of images, but the first files do not"),
    ]);
    expect(layouts[0]).toMatchObject({ id: "map" });
    expect(columns.map(({ name }) => name).toSorted()).toEqual([...SURVEY_COLUMNS].toSorted());
    const found = byName(columns);
    expect(Object.fromEntries(columns.map(({ name, kind }) => [name, kind]))).toEqual({
      object_id: "text",
      label: "category",
      field: "category",
      redshift: "number",
      flux: "number",
      exposures: "number",
      night: "date",
      processed: "date",
      merger: "category",
      remark: "text",
      page: "text",
      cutout: "text",
    });
    expect(found.label).toMatchObject({ id: "label", role: "label" });
    expect(found.object_id).toMatchObject({ role: "identifier", format: "plain" });
    expect(found.page).toMatchObject({ format: "link" });
    expect(found.cutout).toMatchObject({ format: "image" });
    expect(found.exposures).toMatchObject({ isWhole: true, empty: 0 });
    expect(found.redshift).toMatchObject({ isWhole: false, empty: Math.floor((N + 1) / 7) });
    expect(found.night).toMatchObject({ precision: "day" });
    expect(found.processed).toMatchObject({ precision: "second" });
    expect(found.merger).toMatchObject({ categories: ["false", "true"] });
  });

  it("provides the values of each column and marks missing ones", async () => {
    const { columns } = await served.describe();
    const table = await readTable(path("survey.csv"));
    const { remark, night, redshift } = byName(columns);
    const bytes = await (await served.get(paths.column(remark.id))).arrayBuffer();
    const texts = TextValues.decode(bytes, N);
    expect(Array.from({ length: N }, (_, i) => texts.at(i))).toEqual(table.get("remark"));
    const dates = new Float64Array(await (await served.get(paths.column(night.id))).arrayBuffer());
    expect(Array.from(dates, (date) => new Date(date).toISOString().slice(0, 10))).toEqual(table.get("night"));
    expect(await served.floats(paths.column(redshift.id))).toEqual(
      Float32Array.from(table.get("redshift") as Float64Array),
    );
    const point = await served.json<PointDescription>(paths.point(5));
    expect(point.values[redshift.id]).toBeNull();
    expect(point.values[remark.id]).toBe((table.get("remark") as string[])[5]);
  });

  it("exports every column with its name and values in the file", async () => {
    const csv = await (await save(served, "csv", [3, 5])).text();
    const [header, first] = csv.split("\n");
    expect(header.split(",").slice(0, 3)).toEqual(["row", "x", "y"]);
    expect(header.split(",").slice(3).toSorted()).toEqual([...SURVEY_COLUMNS].toSorted());
    const [, original] = makeSurvey(N).split("\n").slice(3, 5);
    for (const cell of original.split(",").slice(0, 4)) expect(first).toContain(cell);
    expect(first).toMatch(/\d{4}-\d\d-\d\d,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/);
    await writeFile(path("saved.parquet"), Buffer.from(await (await save(served, "parquet", [0, 1])).arrayBuffer()));
    const saved = await readTable(path("saved.parquet"));
    expect(saved.get("object_id")).toEqual(["G0000000", "G0000001"]);
    expect(saved.get("night")).toEqual((await readTable(path("survey.csv"))).get("night")?.slice(0, 2));
  });
});

describe("columns of other formats", () => {
  it.each(["polars.parquet", "polars.arrow", "duckdb.parquet", "pandas.feather"])("are shown from %s", async (file) => {
    const exploration = await openExploration(fixture(file), { columns: ["pc1", "pc2"] });
    const { columns, notices } = exploration.describe();
    const date = columns.find(({ kind }) => kind === "date");
    expect(date).toMatchObject({ precision: "day", min: Date.UTC(2024, 0, 1), max: Date.UTC(2024, 0, 24) });
    expect(columns.map(({ name }) => name)).toContain("pc3");
    expect(notices).toEqual(file === "polars.parquet" ? ["Column “nested” is left out: it is nested."] : []);
    await exploration.close();
  });

  it("preserve identifiers with more digits than a number can represent", async () => {
    const exploration = await openExploration(fixture("duckdb.parquet"), { columns: ["pc1", "pc2"] });
    const point = await exploration.point(1);
    expect(point?.values["column:id"]).toBe(String(2n ** 60n + 1n));
    await exploration.close();
  });
});

describe("metadata", () => {
  it("belong to the points of another file, and rows without a position are left out of both files", async () => {
    const positions = Float32Array.from({ length: 2 * N }, (_, at) => (at < 4 ? Number.NaN : at));
    await writeMatrix(path("map.npy"), new Matrix(positions, N, 2));
    const exploration = await openExploration(path("map.npy"), { metadata: path("survey.csv") });
    const { n, withoutPosition, columns } = exploration.describe();
    expect([n, withoutPosition]).toEqual([N - 2, 2]);
    expect(columns.map(({ name }) => name)).toEqual(expect.arrayContaining(["row", "x", "y", ...SURVEY_COLUMNS]));
    const point = await exploration.point(0);
    expect(point?.values).toMatchObject({ "file-row": 2, "column:object_id": "G0000002", label: "lenticular" });
    const served = await serve(exploration);
    const [header, line] = (await (await save(served, "csv", [0])).text()).split("\n");
    expect(header.startsWith("row,x,y,")).toBe(true);
    expect(line.startsWith("2,4,5,")).toBe(true);
    await served.close();
  });

  it("must have one row per point", async () => {
    await writeMatrix(path("short.npy"), new Matrix(new Float32Array(20), 10, 2));
    await expect(openExploration(path("short.npy"), { metadata: path("survey.csv") })).rejects.toThrow(
      `survey.csv: expected 10 rows, one per point, received ${N}`,
    );
  });
});

describe("columns that look dangerous", () => {
  it("are treated like all other columns", async () => {
    const name = '"><img src=x onerror=alert(1)>,__proto__\u202e';
    const text = ["=1+1", "javascript:alert(1)", "\u202eevil", "x".repeat(3000)];
    const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
    const lines = [`x,y,constructor,${quoted(name)}`, ...text.map((cell, i) => `${i},${i},${i},${quoted(cell)}`)];
    await writeFile(path("hostile.csv"), `${lines.join("\n")}\n`);
    const served = await serve(await openExploration(path("hostile.csv")));
    const { columns } = await served.describe();
    expect(columns.map((column) => column.name)).toEqual(["constructor", name]);
    expect((await served.json<PointDescription>(paths.point(1))).values[`column:${name}`]).toBe(text[1]);
    expect((await served.get(paths.column(`column:${name}`))).status).toBe(200);
    expect(await (await save(served, "csv", [0])).text()).toContain("'=1+1");
    await served.close();
  });
});

describe("a column of image paths", () => {
  it("provides the images of the points, but only from the folder of the table", async () => {
    await mkdir(path("pictures/inner"), { recursive: true });
    const save = (name: string, width: number, red: number) =>
      sharp({ create: { width, height: 10, channels: 3, background: { r: red, g: 0, b: 0 } } })
        .png()
        .toFile(path(name));
    await save("pictures/inner/a.png", 20, 255);
    await save("pictures/b.png", 10, 128);
    await save("outside.png", 20, 255);
    await symlink(path("outside.png"), path("pictures/link.png"));
    const files = ["inner/a.png", "b.png", "missing.png", "../outside.png", path("outside.png"), "link.png"];
    await writeFile(path("pictures/table.csv"), `x,y,image\n${files.map((file, i) => `${i},${i},${file}\n`).join("")}`);
    const served = await serve(await openExploration(path("pictures/table.csv")));
    const { images } = await served.describe();
    expect(images).toMatchObject({ width: 20, height: 10, channels: 3 });
    const pixel = async (index: number) => {
      const bytes = Buffer.from(await (await served.get(paths.image(index))).arrayBuffer());
      const { data, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
      return Array.from(data.subarray(4 * (5 * info.width + 10), 4 * (5 * info.width + 10) + 4));
    };
    expect(await pixel(0)).toEqual([255, 0, 0, 255]);
    expect(await pixel(1)).toEqual([128, 0, 0, 255]);
    for (const refused of [2, 3, 4, 5]) expect((await pixel(refused))[3]).toBe(0);
    await expect
      .poll(async () => (await served.describe()).notices)
      .toEqual(["Column “image” contains paths of images; 4 of these files are missing."]);
    await served.close();
  });
});
