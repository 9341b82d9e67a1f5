import { mkdir, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { explore } from "../../src/explorer/index.js";
import { openExploration } from "../../src/explorer/open/open-exploration.js";
import { readMatrix, readTable, writeArray } from "../../src/io/index.js";
import { BINARY_TABLES, type ReaderTable, TEXT_TABLES } from "../io/reader-tables.js";
import { Workplace } from "./workplace.js";

const quick = ["--iterations", "20", "--early-exaggeration-iterations", "10", "--perplexity", "5"];

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
});
afterAll(() => workplace.remove());

async function place({ file, content }: ReaderTable): Promise<string> {
  if (typeof content === "string") await workplace.write(file, content);
  else if (content) {
    await mkdir(workplace.path(file), { recursive: true });
    for (const [name, text] of Object.entries(content)) await writeFile(workplace.path(`${file}/${name}`), text);
  }
  return file;
}

describe.each([...TEXT_TABLES, ...BINARY_TABLES])("a table of $program", (table) => {
  it("is accepted by embed, evaluate, compare and explore without changes", async () => {
    const file = await place(table);
    const run = async (args: readonly string[]) => {
      const outcome = await workplace.run(args);
      expect(outcome.stderr).toBe("");
      expect(outcome.code).toBe(0);
      return JSON.parse(outcome.stdout);
    };
    const cols = table.data[0] === "features" ? 3 : table.data.length;
    const outputs = ["-o", "map.csv", "--table", "table.parquet", "--plot", "map.svg"];
    const embedded = await run(["embed", file, ...outputs, ...quick, "--json", "--quiet"]);
    expect(embedded).toMatchObject({ n: 24, input_dimensions: cols });
    expect(embedded.distance).toBe(table.sigma ? "inverse-variance" : "euclidean");
    expect(embedded.columns).toMatch(/^Data: /);
    for (const name of ["map.csv", "table.parquet"]) {
      const written = await readTable(workplace.path(name));
      const { identifier, labels } = table;
      expect([...written.keys()]).toEqual([
        ...(identifier ? [identifier[0]] : []),
        "x",
        "y",
        ...(labels ? [labels[0]] : []),
      ]);
      if (identifier) {
        expect(Array.from<unknown>(written.get(identifier[0]) as string[]).map(String)).toEqual(
          identifier[1].map(String),
        );
      }
    }
    const quality = await run(["evaluate", file, "map.csv", "--k", "3", "--perplexity", "5", "--json", "--quiet"]);
    expect(quality).toMatchObject({ n: 24, input_dimensions: cols, output_dimensions: 2 });
    expect(quality.accuracy === null).toBe(table.labels === undefined);
    const variants = table.sigma ? [] : ["--variant", "a: perplexity=4", "--variant", "b: perplexity=6"];
    const compared = await run([
      "compare",
      file,
      "-o",
      "comparison",
      ...variants,
      "--iterations",
      "20",
      "--json",
      "--quiet",
    ]);
    expect(compared.n).toBe(24);
    const source = table.content === undefined ? file : workplace.path(file);
    const exploration = await openExploration(source, { cache: false });
    try {
      const { n, dimensions, columns } = exploration.describe();
      expect([n, dimensions]).toEqual([24, cols]);
      const titles = columns.map(({ title }) => title);
      if (table.identifier) expect(titles).toContain(table.identifier[0]);
      const labels = columns.filter(({ id, role }) => id === "label" && role === "label").map(({ name }) => name);
      expect(labels).toEqual(table.labels ? [table.labels[0]] : []);
      expect(titles.includes("Mean sigma")).toBe(table.sigma !== undefined);
    } finally {
      await exploration.close();
    }
  });
});

describe("columns on the command line", () => {
  const rows = Array.from({ length: 24 }, (_, i) => [i % 5, (i * 7) % 11, (i * 3) % 13, 0.1 + (i % 3) / 10]);

  it("are reported on standard error, and chosen by flags", async () => {
    await workplace.write("plain.csv", `a,b,c,spread,note\n${rows.map((row) => `${row.join(",")},n\n`).join("")}`);
    const args = ["embed", "plain.csv", "-o", "map.npy", ...quick, "--columns", "a:", "--json"];
    expect((await workplace.run(args)).stderr).toMatch(
      /--columns: expected one of the columns .* in plain\.csv, received "a:"/,
    );
    const chosen = await workplace.run([
      ...args.slice(0, -3),
      "--exclude",
      "spread",
      "--keep",
      "note",
      "--table",
      "kept.csv",
    ]);
    expect(chosen.stderr).toMatch(
      /^plain\.csv: Data: 3 columns \(a, b, c\)\. Kept: note\. Not used: spread \(excluded\)\.\n/,
    );
    expect([...(await readTable(workplace.path("kept.csv"))).keys()]).toEqual(["x", "y", "note"]);
    const strict = await workplace.run([...args.slice(0, -3), "--strict"]);
    expect(strict).toMatchObject({ code: 1 });
    expect(strict.stderr).toMatch(/plain\.csv: column "note" \(text\) is not used/);
  });

  it("cause an error of every command with --strict if they are left out", async () => {
    await workplace.write("noted.csv", `x,y,note\n${rows.map((row) => `${row[0]},${row[1]},n\n`).join("")}`);
    const saved = ["embed", "noted.csv", "-o", "noted-map.csv", "--save", "noted.tsne", ...quick, "--quiet"];
    expect(await workplace.run(saved)).toMatchObject({ code: 0 });
    await writeArray(workplace.path("noted-images.npy"), new Float32Array(24 * 4), [24, 2, 2]);
    for (const args of [
      ["embed", "noted.csv", "-o", "strict.csv"],
      ["compare", "noted.csv", "-o", "strict", "--sigma", "1"],
      ["evaluate", "noted.csv", "noted-map.csv"],
      ["place", "noted.tsne", "noted.csv", "-o", "strict.csv"],
      ["plot", "noted.csv", "-o", "strict.svg"],
      ["separate", "noted.csv", "-o", "strict.csv"],
      ["wall", "noted.csv", "--images", "noted-images.npy", "-o", "strict.png"],
    ]) {
      const { code, stderr } = await workplace.run([...args, "--strict"]);
      expect([args[0], code, stderr]).toEqual([
        args[0],
        1,
        expect.stringContaining('column "note" (text) is not used'),
      ]);
    }
  });

  it("may hold standard deviations in any form", async () => {
    const errors = (value: (row: number[]) => number) => rows.map((row) => `${row.join(",")},${value(row)}\n`).join("");
    await workplace.write("variance.csv", `a,b,c,d,a_var\n${errors((row) => row[3] ** 2)}`);
    const chosen = ["--sigma-columns", "*_var", "--sigma-is", "variance"];
    const outcome = await workplace.run([
      "embed",
      "variance.csv",
      "-o",
      "v.csv",
      ...quick,
      ...chosen,
      "--json",
      "--quiet",
    ]);
    expect(outcome.stderr).toBe("");
    expect(JSON.parse(outcome.stdout).columns).toContain("Standard deviations: a_var. Without a standard deviation");
    const number = await workplace.run(["embed", "variance.csv", "-o", "v.csv", ...quick, "--sigma", "0.5", "--quiet"]);
    expect(number).toMatchObject({ code: 0, stderr: "" });
    for (const [flags, sentence] of [
      [["--sigma", "variance.csv"], "--sigma: expected a file other than the data"],
      [["--sigma-is", "variance"], "--sigma-is: cannot be used without standard deviations"],
    ] as const) {
      const refused = await workplace.run(["embed", "variance.csv", "-o", "v.csv", ...quick, ...flags]);
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(sentence) });
    }
  });

  it("may have missing values, which are reported, left out or replaced", async () => {
    const holes = rows.map((row, i) => (i === 4 || i === 9 ? ["", ...row.slice(1)] : row));
    await workplace.write("holes.csv", `id,a,b,c,d\n${holes.map((row, i) => `${i},${row.join(",")}\n`).join("")}`);
    const args = ["embed", "holes.csv", "-o", "holed.csv", ...quick, "--table", "holed.parquet"];
    const refused = await workplace.run([...args, "--quiet"]);
    expect(refused.stderr).toMatch(/holes\.csv: expected values everywhere, found none in row 4, column "a"/);
    const dropped = await workplace.run([...args, "--missing", "drop"]);
    expect(dropped.stderr).toContain("2 rows of 24 left out, because a value is missing.");
    for (const name of ["holed.csv", "holed.parquet"]) {
      const table = await readTable(workplace.path(name));
      const gaps = Array.from(table.get("x") as Float64Array, Number.isNaN);
      expect(gaps.flatMap((isGap, i) => (isGap ? [i] : []))).toEqual([4, 9]);
      expect(Array.from(table.get("id") as Int32Array)).toEqual(Array.from({ length: 24 }, (_, i) => i));
    }
    const measured = await workplace.run([
      "evaluate",
      "holes.csv",
      "holed.csv",
      "--missing",
      "drop",
      "--k",
      "3",
      "--json",
      "--quiet",
    ]);
    expect(JSON.parse(measured.stdout).n).toBe(22);
    expect((await workplace.run(["plot", "holed.csv", "-o", "holed.svg"])).code).toBe(0);
    const filled = await workplace.run([...args, "--missing", "mean", "--standardize", "robust", "--json", "--quiet"]);
    expect(JSON.parse(filled.stdout)).toMatchObject({
      n: 24,
      notes: ["2 missing values replaced by the mean of the column."],
    });
  });

  it("have the same roles if the file is read in blocks", async () => {
    const many = Array.from(
      { length: 60 },
      (_, i) => `c${i},${i % 5},${(i * 7) % 11},${(i * 3) % 13},k${i % 3},0.1,0.2,0.3\n`,
    );
    await workplace.write("many.csv", `cell,a,b,c,type,a_err,b_err,c_err\n${many.join("")}`);
    const args = [
      "embed",
      "many.csv",
      "-o",
      "many-map.csv",
      ...quick,
      "--landmarks",
      "30",
      "--standardize",
      "zscore",
      "--json",
    ];
    const outcome = await workplace.run([...args, "--quiet"]);
    expect(outcome.stderr).toBe("");
    expect(JSON.parse(outcome.stdout)).toMatchObject({ n: 60, input_dimensions: 3, distance: "inverse-variance" });
    expect([...(await readTable(workplace.path("many-map.csv"))).keys()]).toEqual(["cell", "x", "y", "type"]);
  });

  it("leave gaps for dropped rows, also with landmarks, and keep the scales for new points", async () => {
    const line = (i: number) => `c${i},${i === 7 ? "" : i % 5},${(i * 7) % 11},${1000 * ((i * 3) % 13)}\n`;
    await workplace.write("gaps.csv", `cell,a,b,c\n${Array.from({ length: 60 }, (_, i) => line(i)).join("")}`);
    await workplace.write("fresh.csv", `cell,a,b,c\n${Array.from({ length: 5 }, (_, i) => line(i)).join("")}`);
    const shared = ["--missing", "drop", "--standardize", "zscore", "--save", "gaps.tsne", "--json", ...quick];
    for (const how of [[], ["--landmarks", "40"]]) {
      const outcome = await workplace.run(["embed", "gaps.csv", "-o", "gaps-map.csv", ...shared, ...how]);
      expect(outcome.code, outcome.stderr).toBe(0);
      expect(JSON.parse(outcome.stdout)).toMatchObject({ n: 59, dropped_rows: 1 });
      const table = await readTable(workplace.path("gaps-map.csv"));
      expect(table.get("cell")?.length).toBe(60);
      expect(Array.from(table.get("x") as Float64Array).findIndex(Number.isNaN)).toBe(7);
    }
    const placed = await workplace.run(["place", "gaps.tsne", "fresh.csv", "-o", "placed.csv", "--json"]);
    expect(placed.code, placed.stderr).toBe(0);
    expect(JSON.parse(placed.stdout).notes).toEqual(["Prepared as the data of the run: standardized columns."]);
  });

  it("may belong to rows without a position, which every command counts", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => (i === 7 ? ",," : `${i % 8},${(i * 3) % 7},`));
    await workplace.write("gap.csv", `cell,x,y,label\n${rows.map((row, i) => `c${i},${row}k${i % 2}\n`).join("")}`);
    await writeArray(workplace.path("gap-images.npy"), new Float32Array(60 * 16).fill(0.5), [60, 4, 4]);
    const images = ["--images", "gap-images.npy"];
    const wall = await workplace.run(["wall", "gap.csv", ...images, "-o", "wall.png", "--json"]);
    expect(JSON.parse(wall.stdout)).toMatchObject({
      n: 59,
      dropped_rows: 1,
      data: expect.stringContaining("Labels: label"),
    });
    const even = await workplace.run(["separate", "gap.csv", "-o", "even.csv", "--json"]);
    expect(JSON.parse(even.stdout)).toMatchObject({ n: 59, dropped_rows: 1, columns: expect.stringContaining("cell") });
    const plot = await workplace.run(["plot", "gap.csv", ...images, "-o", "gap.svg"]);
    expect(plot.stdout).toContain("1 of 60 rows have no position and are left out.");
    const { n, dropped, report, close } = await explore(workplace.path("gap.csv"), {
      images: workplace.path("gap-images.npy"),
    });
    await close();
    expect([n, dropped, report]).toEqual([
      59,
      1,
      "Data: 2 columns (x, y). Identifier: cell. Labels: label. Columns of the points: cell, label.",
    ]);
  });

  it("are copied to a comparison: the row, the identifier and chosen columns of each point", async () => {
    const holes = rows.map((row, i) => [`c${i}`, ...(i === 4 ? ["", ...row.slice(1)] : row)].join(","));
    await workplace.write("compared.csv", `cell,a,b,c,d\n${holes.join("\n")}\n`);
    const chosen = ["--sigma", "0.5", "--missing", "drop", "--keep", "d", "--exclude", "c"];
    const fit = ["--iterations", "20", "--perplexity", "5"];
    const outcome = await workplace.run(["compare", "compared.csv", "-o", "compared", ...chosen, ...fit]);
    expect(outcome.code, outcome.stderr).toBe(0);
    const changes = await readTable(workplace.path("compared/changes.csv"));
    const left = rows.flatMap((_, i) => (i === 4 ? [] : [i]));
    expect(Array.from(changes.get("row") as Int32Array)).toEqual(left);
    expect(changes.get("cell")).toEqual(left.map((i) => `c${i}`));
    expect(Array.from(changes.get("d") as Float64Array)).toEqual(left.map((i) => rows[i][3]));
    for (const name of ["map_standard.npy", "map_sigma-aware.npy", "displacement.npy"]) {
      const written = await readMatrix(workplace.path(`compared/${name}`));
      expect(written.toArrays().flatMap((row, i) => (row.every(Number.isNaN) ? [i] : []))).toEqual([4]);
    }
    const { n, close } = await explore(workplace.path("compared"));
    await close();
    expect(n).toBe(23);
  });

  it("of labels may be those of the data file or of another one", async () => {
    await workplace.write(
      "labeled.csv",
      `a,b,c,label\n${rows.map((row, i) => `${row.slice(0, 3).join(",")},k${i % 3}\n`).join("")}`,
    );
    await workplace.write("names.txt", `species\n${rows.map((_, i) => `s, ${i % 2}\n`).join("")}`);
    for (const [labels, expected] of [
      ["labeled.csv", "k1"],
      ["names.txt", "s, 1"],
    ] as const) {
      const args = ["embed", "labeled.csv", "-o", "l.npy", ...quick, "--labels", labels, "--table", "l.csv", "--quiet"];
      expect(await workplace.run(args)).toMatchObject({ code: 0, stderr: "" });
      expect((await readTable(workplace.path("l.csv"))).get("label")?.[1]).toBe(expected);
    }
  });
});
