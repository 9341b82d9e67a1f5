import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readMatrix } from "../../src/io/index.js";
import { makeGroups, toCsv, Workplace } from "./workplace.js";

let workplace: Workplace;
const labels = Array.from({ length: 120 }, (_, i) => `${i % 3}\n`).join("");
beforeAll(async () => {
  workplace = await Workplace.create();
  const groups = makeGroups(120, 6, 3);
  await workplace.write("data.csv", toCsv(groups));
  await workplace.write("sigma.csv", toCsv(groups.map((row) => row.map(() => 0.5))));
  await workplace.write("map.csv", toCsv(groups.map((row) => row.slice(0, 2))));
  await workplace.write("labels.txt", labels);
  await workplace.write("few.csv", toCsv(makeGroups(119, 2, 3)));
  await workplace.write("same.txt", "a\n".repeat(120));
});
afterAll(() => workplace.remove());

it("prints a table that fits 80 columns", async () => {
  const { code, stdout, stderr } = await workplace.run([
    ...["evaluate", "data.csv", "map.csv", "--sigma", "sigma.csv", "--labels", "labels.txt"],
    ...["--perplexity", "10", "--k", "5,20", "--sample", "50", "--quiet"],
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^120 points, inverse-variance distance, variance floor \d\.\d+, perplexity 10\n/);
  expect(stdout).toMatch(/^KL divergence +\d\.\d{4} /m);
  expect(stdout).toMatch(/^trustworthiness +5 {3}0\.\d{4} ± 0\.\d{4} {3}near positions/m);
  expect(stdout).toMatch(/^silhouette /m);
  expect(stdout).toContain("50 of the points");
  for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});

it("prints one JSON object for scripts", async () => {
  const { code, stdout } = await workplace.run(["evaluate", "data.csv", "map.csv", "--json", "--quiet"]);
  expect(code).toBe(0);
  const quality = JSON.parse(stdout);
  expect(quality).toMatchObject({
    n: 120,
    input_dimensions: 6,
    output_dimensions: 2,
    accuracy: null,
    silhouette: null,
    sample: 120,
    per_point: null,
  });
  expect(quality.neighborhoods.map(({ k }: { k: number }) => k)).toEqual([10, 50, 59]);
  expect(quality.neighborhoods[0].kept).toMatchObject({ error: 0, count: 120 });
});

it("writes the contribution of each point as a table or an array", async () => {
  const args = ["evaluate", "data.csv", "map.csv", "--labels", "labels.txt", "--k", "10", "--quiet", "--per-point"];
  expect(await workplace.run([...args, "points.csv"])).toMatchObject({ code: 0 });
  const text = await readFile(workplace.path("points.csv"), "utf8");
  expect(text.split("\n")[0]).toBe("kept_10,trustworthiness_10,continuity_10,accuracy,silhouette");
  expect(await workplace.run([...args, "points.npy"])).toMatchObject({ code: 0 });
  const [table, array] = [
    await readMatrix(workplace.path("points.csv")),
    await readMatrix(workplace.path("points.npy")),
  ];
  expect(array.shape).toEqual([120, 5]);
  expect(Float32Array.from(table.data)).toEqual(array.data);
});

it("applies --rows to all files", async () => {
  const args = [
    "evaluate",
    "data.csv",
    "map.csv",
    "--sigma",
    "sigma.csv",
    "--labels",
    "labels.txt",
    "--json",
    "--quiet",
  ];
  const { code, stdout } = await workplace.run([...args, "--rows", "20:80"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ n: 60, accuracy: { count: 60 } });
});

it("reports undefined measures", async () => {
  const args = ["evaluate", "data.csv", "map.csv", "--labels", "same.txt", "--quiet"];
  const { code, stdout } = await workplace.run(args);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^silhouette +undefined/m);
  expect(stdout).toContain("The silhouette is undefined: all labels are the same.");
  expect(JSON.parse((await workplace.run([...args, "--json"])).stdout).silhouette).toBeNull();
});

describe("wrong usage", () => {
  it.each([
    [["few.csv"], "few.csv: expected 120 rows, a position for each row of the data, received 119 x 2"],
    [["map.csv", "--k", "60"], "--k: expected integers from 1 to 59, less than half of the 120 points, received 60"],
    [["map.csv", "--k", "ten"], '--k: expected an integer of 1 or more, received "ten"'],
    [["map.csv", "--distance", "manhatan"], "--distance: expected one of"],
    [
      ["map.csv", "--per-point", "points.txt"],
      "--per-point: expected a file name that ends in .npy, .csv, .tsv, .parquet",
    ],
    [["map.csv", "--per-point", "data.csv"], "--per-point: expected a file other than that of <data>"],
    [["map.csv", "--labels", "labels.txt", "--sample", "1"], "--sample: expected an integer of 2 or more"],
  ])("%j", async (args, message) => {
    const { code, stdout, stderr } = await workplace.run(["evaluate", "data.csv", ...args, "--quiet"]);
    expect(stderr).toContain(`sigma-tsne evaluate: ${message}`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});
