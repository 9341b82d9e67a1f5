import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeGroups, toCsv, Workplace } from "./workplace.js";

const n = 120;
const data = makeGroups(n, 5, 3);
const quick = ["--iterations", "120", "--early-exaggeration-iterations", "60", "--perplexity", "8", "--quiet"];

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  const rows = data.map((row, i) => [`cell-${i}`, ...row, `group ${i % 3}`].join(","));
  await workplace.write("data.csv", `id,a,b,c,d,e,group\n${rows.join("\n")}\n`);
  await workplace.write("sigma.csv", toCsv(data.map((row) => row.map((_, j) => 0.2 + j / 10))));
  const embed = await workplace.run(["embed", "data.csv", "-o", "map.csv", "--save", "run.tsne", ...quick]);
  expect(embed).toMatchObject({ code: 0, stderr: "" });
});
afterAll(() => workplace.remove());

async function readRows(name: string): Promise<string[][]> {
  const text = await readFile(workplace.path(name), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(","));
}

it("writes a table of the scores and prints a sentence for each", async () => {
  const { code, stdout } = await workplace.run(["trust", "run.tsne", "-o", "trust.csv"]);
  expect(code).toBe(0);
  const lines = stdout.trim().split("\n");
  const names = ["Perturbation:", "Singularity:", "Reliability:", "Measurement:", "Together:", "Table"];
  expect(lines.map((line) => line.split(" ")[0])).toEqual(names);
  const [heading, ...rows] = await readRows("trust.csv");
  expect(heading).toEqual(["x", "y", "perturbation", "singularity", "reliability", "reliability_class", "doubts"]);
  expect(rows).toHaveLength(n);
  for (const row of rows) expect(row[5]).toMatch(/^(trustworthy|undecided|dubious)$/);
});

it("copies identifier and labels of the data, and labels of a file, to the table", async () => {
  await workplace.run(["trust", "run.tsne", "--data", "data.csv", "-o", "known.csv", "--quiet"]);
  const [heading, first] = await readRows("known.csv");
  expect(heading).toEqual([
    ...["id", "x", "y", "perturbation", "singularity", "reliability", "reliability_class", "doubts", "group"],
  ]);
  expect([first[0], first[8]]).toEqual(["cell-0", "group 0"]);
  await writeFile(workplace.path("labels.txt"), data.map((_, i) => `l${i}\n`).join(""));
  await workplace.run(["trust", "run.tsne", "--labels", "labels.txt", "-o", "labeled.csv", "--quiet"]);
  expect((await readRows("labeled.csv"))[2].at(-1)).toBe("l1");
});

it("writes a page that contains its style, script and data", async () => {
  const args = [
    "trust",
    "run.tsne",
    "--data",
    "data.csv",
    "-o",
    "paged.csv",
    "--page",
    "paged.html",
    "--json",
    "--quiet",
  ];
  const { code, stdout } = await workplace.run(args);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ page: "paged.html" });
  const page = await readFile(workplace.path("paged.html"), "utf8");
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/(src|href)="/);
  expect(page).toContain('"group 0"');
});

it("prints one JSON object with thresholds, and the columns of the draws for runs with sigma", async () => {
  const given = ["--sigma", "sigma.csv", "-o", "map.npy", "--save", "sigma.tsne"];
  expect((await workplace.run(["embed", "data.csv", ...given, ...quick])).code).toBe(0);
  const args = ["trust", "sigma.tsne", "-o", "measured.csv", "--draws", "3", "--json", "--quiet"];
  const { code, stdout, stderr } = await workplace.run(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const summary = JSON.parse(stdout);
  expect(summary).toMatchObject({
    n,
    output_dimensions: 2,
    output: "measured.csv",
    measurement: { draws: 3, threshold: 0.5 },
  });
  const { trustworthy, undecided, flagged } = summary.reliability;
  expect(trustworthy + undecided + flagged).toBe(n);
  expect(summary.sentences).toHaveLength(5);
  const [heading] = await readRows("measured.csv");
  expect(heading.slice(-5)).toEqual(["displacement", "var_x", "cov_xy", "var_y", "share"]);
});

it("tests the groups of the map and the labels", async () => {
  const args = ["trust", "run.tsne", "--data", "data.csv", "--groups", "--reruns", "3", "-o", "groups.csv"];
  const { code, stdout } = await workplace.run([...args, "--quiet", "--json"]);
  expect(code).toBe(0);
  const { groups, sentences } = JSON.parse(stdout);
  expect(groups).toMatchObject({ reruns: 3, draws: 0 });
  expect(groups.null_separations).toHaveLength(19);
  const names = groups.labels.map((label: { name: string }) => label.name);
  expect(names).toEqual(["group 0", "group 1", "group 2"]);
  expect(sentences).toHaveLength(6 + groups.groups.length + 3);
  const [heading, ...rows] = await readRows("groups.csv");
  const at = heading.indexOf("map_group");
  expect(heading.slice(at, at + 3)).toEqual(["map_group", "map_group_verdict", "staying"]);
  for (const row of rows) expect(row[at]).toMatch(/^(group \d+)?$/);
  const spoken = await workplace.run([...args, "--threads", "1"]);
  expect(spoken.stdout).toContain("\n  Group 1 (");
  expect(spoken.stdout).toContain("\n  Label group 0 (");
});

it.each([
  [["run.tsne", "-o", "t.csv", "--reruns", "5"], "--reruns: cannot be used without --groups", 2],
  [["run.tsne", "-o", "t.csv", "--groups", "--reruns", "1"], "--reruns", 2],
  [["run.tsne", "-o", "trust.npy"], "--output: expected a file name that ends in .parquet", 2],
  [["run.tsne", "-o", "t.csv", "--page", "t.txt"], "--page: expected a file name that ends in .html", 2],
  [["run.tsne", "-o", "t.csv", "--keep", "a"], "--keep: cannot be used without --data", 2],
  [["run.tsne", "-o", "t.csv", "--draws", "1"], "--draws", 2],
  [["run.tsne", "-o", "t.csv", "--perturbation", "0"], "--perturbation", 2],
  [["map.csv", "-o", "t.csv"], "is not a saved run", 1],
])("fails for %j", async (args, message, code) => {
  const outcome = await workplace.run(["trust", ...args]);
  expect(outcome.stderr).toContain(message);
  expect(outcome.code).toBe(code);
});

it("rejects data of another number of rows", async () => {
  await workplace.write("other.csv", "a,b\n1,2\n3,4\n");
  const { code, stderr } = await workplace.run(["trust", "run.tsne", "--data", "other.csv", "-o", "t.csv"]);
  expect(stderr).toContain(`expected the ${n} points of the run, in the same order, received`);
  expect(code).toBe(2);
});
