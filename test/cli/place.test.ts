import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readMatrix } from "../../src/io/index.js";
import { batchOf, bytesOf, listType, tableOf, valuesOf } from "../filter/streams.js";
import { entry, makeGroups, toCsv, Workplace } from "./workplace.js";

const data = makeGroups(170, 6, 3);
const quick = ["--iterations", "120", "--early-exaggeration-iterations", "60", "--perplexity", "10", "--quiet"];
const sigma = data.map((row, i) => row.map((_, j) => 0.1 + ((i + j) % 5) / 5));

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  await workplace.write("mu.csv", toCsv(data.slice(0, 150)));
  await workplace.write("sd.csv", toCsv(sigma.slice(0, 150)));
  await workplace.write("new.csv", toCsv(data.slice(150)));
  await workplace.write("new-sd.csv", toCsv(sigma.slice(150)));
  const embedded = await workplace.run([
    ...["embed", "mu.csv", "--sigma", "sd.csv", "-o", "map.npy", "--save", "run.tsne", "--uncertainty", "4"],
    ...["--plot", "map.png", ...quick, "--json"],
  ]);
  expect(embedded).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(embedded.stdout)).toMatchObject({ save: "run.tsne", uncertainty: "map_uncertainty.npy" });
});
afterAll(() => workplace.remove());

it("places new points into a saved run and reports their number", async () => {
  const args = ["place", "run.tsne", "new.csv", "--sigma", "new-sd.csv", "-o", "placed.npy"];
  const { code, stdout } = await workplace.run(args);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^20 points placed, written to placed\.npy: \d+\.\d s\.\n$/);
  expect((await readMatrix(workplace.path("placed.npy"))).shape).toEqual([20, 2]);
  const json = await workplace.run([...args, "--json", "--quiet", "--threads", "1"]);
  expect(JSON.parse(json.stdout)).toMatchObject({
    n: 20,
    output_dimensions: 2,
    fitted: 150,
    distance: "inverse-variance",
  });
});

it("writes the same uncertainty of new points to a file, a table and a stream", async () => {
  const args = ["place", "run.tsne", "new.csv", "--sigma", "new-sd.csv", "-o", "firm.csv", "--table", "firm.arrow"];
  const { code, stdout } = await workplace.run([...args, "--uncertainty", "4", "--json", "--quiet"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ n: 20, uncertainty: "firm_uncertainty.csv" });
  const [heading, ...lines] = (await readFile(workplace.path("firm_uncertainty.csv"), "utf8")).trim().split("\n");
  expect(heading).toBe("displacement,var_x,cov_xy,var_y,share");
  const rows = lines.map((line) => line.split(",").map((value) => Math.fround(Number(value))));
  const table = tableOf(await readFile(workplace.path("firm.arrow")));
  expect(rows.map(([displacement]) => displacement)).toEqual(valuesOf(table, "displacement"));
  const lists = (values: number[][]) => [listType("fixed64", 6), values] as const;
  const columns = { mean: lists(data.slice(150)), sigma: lists(sigma.slice(150)) };
  await writeFile(workplace.path("rows.arrows"), bytesOf([batchOf(columns)]));
  const names = ["displacement", "var_x", "cov_xy", "var_y", "share"];
  for (const [seed, isSame] of [["42", true] as const, ["7", false] as const]) {
    const filter = ["place", "run.tsne", "--arrow", "--uncertainty", "4", "--seed", seed, "--threads", "1", "--quiet"];
    const done = spawnSync(process.execPath, [entry, ...filter], {
      cwd: workplace.folder,
      input: await readFile(workplace.path("rows.arrows")),
    });
    expect(done.status).toBe(0);
    const found = tableOf(done.stdout);
    const columnsOf = names.map((name) => valuesOf(found, name));
    expect(JSON.stringify(columnsOf) === JSON.stringify(names.map((_, c) => rows.map((row) => row[c])))).toBe(isSame);
  }
});

it("writes the uncertainty to a second file, with column names in text formats", async () => {
  expect((await readMatrix(workplace.path("map_uncertainty.npy"))).shape).toEqual([150, 5]);
  const args = ["embed", "mu.csv", "--sigma", "sd.csv", "-o", "map.csv", "--uncertainty", "4", ...quick];
  expect(await workplace.run(args)).toMatchObject({ code: 0 });
  const [heading] = (await readFile(workplace.path("map_uncertainty.csv"), "utf8")).split("\n");
  expect(heading).toBe("displacement,var_x,cov_xy,var_y,share");
});

it("draws a column of the uncertainty, and ellipses", async () => {
  const args = ["plot", "map.npy", "--color-by", "map_uncertainty.npy:share", "--ellipses", "map_uncertainty.npy"];
  expect(await workplace.run([...args, "-o", "u.svg"])).toMatchObject({ code: 0, stderr: "" });
  const wrong = await workplace.run(["plot", "map.npy", "--color-by", "map_uncertainty.npy:shear", "-o", "w.svg"]);
  expect(wrong).toMatchObject({ code: 2 });
  expect(wrong.stderr).toContain("--color-by: expected a column of map_uncertainty.npy");
});

it("draws a named column of a table with columns of text", async () => {
  const rows = Array.from({ length: 150 }, (_, i) => `point ${i},${i / 150}`);
  await writeFile(workplace.path("table.csv"), ["name,depth", ...rows].join("\n"));
  const draw = (column: string) =>
    workplace.run(["plot", "map.npy", "--color-by", `table.csv:${column}`, "-o", "t.svg"]);
  expect(await draw("depth")).toMatchObject({ code: 0, stderr: "" });
  expect(await draw("name")).toMatchObject({ code: 2, stderr: expect.stringContaining("--labels") });
  expect(await draw("width")).toMatchObject({ code: 1, stderr: expect.stringContaining("it has name, depth") });
});

it.each([
  [["place", "run.tsne", "new.csv", "-o", "x.npy"], 2, "--sigma: expected the standard deviations"],
  [
    ["place", "run.tsne", "new.csv", "--sigma", "new-sd.csv", "-o", "x.npy", "--seed", "3"],
    2,
    "--seed: cannot be used without --uncertainty",
  ],
  [["place", "mu.csv", "new.csv", "-o", "x.npy"], 1, "mu.csv: is not a saved run"],
  [["place", "absent.tsne", "new.csv", "-o", "x.npy"], 1, "absent.tsne: cannot be read"],
  [["place", "run.tsne", "map.npy", "--sigma", "map.npy", "-o", "x.npy"], 2, "--sigma: expected a file other than"],
  [["place", "run.tsne", "new.csv", "-o", "run.tsne"], 2, "--output"],
  [
    ["place", "run.tsne", "new.csv", "--sigma", "new-sd.csv", "-o", "x.npy", "--uncertainty", "1"],
    2,
    "--uncertainty: ",
  ],
  [
    ["embed", "mu.csv", "-o", "x.npy", "--uncertainty", "4"],
    2,
    "--sigma: expected a file of standard deviations, or covariances",
  ],
  [["embed", "mu.csv", "--sigma", "sd.csv", "-o", "x.npy", "--uncertainty", "1"], 2, "--uncertainty: expected"],
  [
    ["embed", "mu.csv", "--sigma", "sd.csv", "-o", "x.npy", "--uncertainty", "4", "--degrees-of-freedom", "0.5"],
    2,
    "--degrees-of-freedom: expected 1 with --uncertainty",
  ],
])("%s fails with a message of one sentence", async (args, code, sentence) => {
  const outcome = await workplace.run(args);
  expect(outcome).toMatchObject({ code, stdout: "" });
  expect(outcome.stderr).toContain(sentence);
  expect(outcome.stderr.trim().split("\n")).toHaveLength(1);
});
