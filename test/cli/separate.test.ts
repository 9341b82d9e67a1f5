import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readMatrix, readTable } from "../../src/io/index.js";
import { makeGroups, toCsv, Workplace } from "./workplace.js";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  await workplace.write("map.csv", toCsv(makeGroups(300, 2, 2)));
  await workplace.write("labels.txt", toCsv(makeGroups(300, 2, 2).map((_, i) => [`group ${i % 2}`])));
  await workplace.write("three.csv", "0,1\n1,2\n2,3\n");
  await workplace.write("bad.csv", "0,1\n1,2\n2,nan\n3,4\n");
  await workplace.write("wide.csv", "0,1,2\n1,2,3\n2,3,4\n3,4,5\n");
});
afterAll(() => workplace.remove());

it("spreads an embedding, draws it before and after, and prints measures of the result", async () => {
  const args = ["separate", "map.csv", "-o", "even.npy", "--picture", "both.png", "--labels", "labels.txt"];
  const { code, stdout, stderr } = await workplace.run(args);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^300 points, flow\n/);
  expect(stdout).toMatch(
    /^300 points separated: evenness \d\.\d{3} before, \d\.\d{3} after; \d+\.\d % of the 10 nearest/,
  );
  expect(stdout).toMatch(/Written to even\.npy, picture to both\.png: \d+\.\d s\.\n$/);
  expect((await readMatrix(workplace.path("even.npy"))).shape).toEqual([300, 2]);
  expect((await readFile(workplace.path("both.png"))).subarray(1, 4).toString()).toBe("PNG");
});

it("adds rows and columns of a grid, and prints JSON", async () => {
  const args = ["separate", "map.csv", "-o", "wall.csv", "--grid", "auto", "--json", "--quiet", "--threads", "1"];
  const { code, stdout, stderr } = await workplace.run(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const told = JSON.parse(stdout);
  expect(told).toMatchObject({ n: 300, method: "flow", fallbacks: 0, converged: true, output: "wall.csv", threads: 1 });
  expect(told.grid).toMatchObject({ rows: 17, columns: 18 });
  expect(told.grid.factor).toBeCloseTo(1, 6);
  const [heading] = (await readFile(workplace.path("wall.csv"), "utf8")).split("\n");
  expect(heading).toBe("x,y,row,column");
  const table = await readMatrix(workplace.path("wall.csv"));
  expect(new Set(table.toArrays().map(([, , row, column]) => `${row},${column}`)).size).toBe(300);
});

it("writes positions, cells and labels as one table", async () => {
  const outputs = ["-o", "t.npy", "--grid", "auto", "--labels", "labels.txt", "--table", "t.parquet"];
  expect((await workplace.run(["separate", "map.csv", ...outputs])).code).toBe(0);
  const table = await readTable(workplace.path("t.parquet"));
  expect([...table.keys()]).toEqual(["x", "y", "row", "column", "label"]);
  expect(table.get("label")?.[1]).toBe("group 1");
  expect(Math.max(...(table.get("row") as Int32Array))).toBe(16);
});

it.each([
  ["iterative", ["--cells", "20", "--iterations", "30", "--gamma", "0.2", "--tolerance", "0.001"]],
  ["conditional", ["--bins", "12"]],
  ["flow", ["--relaxations", "0"]],
])("accepts the %s method with its options", async (method, options) => {
  const outcome = await workplace.run(["separate", "map.csv", "-o", "m.tsv", "--method", method, ...options, "--json"]);
  expect(outcome.code).toBe(0);
  expect(JSON.parse(outcome.stdout)).toMatchObject({ method, grid: null, picture: null });
});

it.each([
  [["three.csv", "-o", "x.npy"], 1, "three.csv: expected at least 4 points, received 3"],
  [["bad.csv", "-o", "x.npy"], 1, "bad.csv: expected finite numbers, received NaN at row 2, column 1"],
  [["wide.csv", "-o", "x.npy"], 2, "wide.csv: expected an embedding of 2 columns, received 4 x 3"],
  [["absent.csv", "-o", "x.npy"], 1, "absent.csv: cannot be read"],
  [["map.csv", "-o", "map.csv"], 2, "--output: expected a file other than"],
  [["map.csv", "-o", "x.txt"], 2, "--output: expected a file name that ends in"],
  [["map.csv", "-o", "x.npy", "--picture", "x.gif"], 2, "--picture: expected"],
  [["map.csv", "-o", "x.npy", "--labels", "labels.txt"], 2, "--labels: cannot be used without --picture and --table"],
  [["map.csv", "-o", "x.npy", "--grid", "10"], 2, "--grid: expected rows x columns"],
  [["map.csv", "-o", "x.npy", "--grid", "10x29"], 2, "--grid: expected a grid of at least 300 cells"],
  [["map.csv", "-o", "x.npy", "--method", "flaw"], 2, '--method: expected one of "flow", "iterative", "conditional"'],
  [["map.csv", "-o", "x.npy", "--cells", "9"], 2, '--cells: cannot be used with the method "flow"'],
  [["map.csv", "-o", "x.npy", "--method", "iterative", "--gamma", "2"], 2, "--gamma: expected a number above 0"],
])("%s fails with a message of one sentence", async (args, code, sentence) => {
  const outcome = await workplace.run(["separate", ...args]);
  expect(outcome).toMatchObject({ code, stdout: "" });
  expect(outcome.stderr).toContain(sentence);
  expect(outcome.stderr.trim().split("\n")).toHaveLength(1);
});
