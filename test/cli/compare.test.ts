import { mkdir, readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readLabels, readMatrix } from "../../src/io/index.js";
import { makeGroups, toCsv, Workplace } from "./workplace.js";

const hostile = '</script><img src=x onerror="alert(1)">';
let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  const means = makeGroups(120, 5, 3);
  await workplace.write("mu.csv", toCsv(means));
  await workplace.write("sigma.csv", toCsv(means.map((row) => row.map((value) => 0.1 + Math.abs(value) / 4))));
  const labels = means.map((_, i) => (i === 7 ? hostile.replaceAll('"', '""') : `group ${i % 3}`));
  await workplace.write("labels.csv", `label\n${labels.map((label) => `"${label}"\n`).join("")}`);
});
afterAll(() => workplace.remove());

const FILES = [
  ...["changes.csv", "comparison.png", "displacement.npy", "map_sigma-aware.npy", "map_standard.npy"],
  ...["metrics.json", "report.html"],
];
const input = ["compare", "mu.csv", "--sigma", "sigma.csv", "--labels", "labels.csv", "--iterations", "300"];

it("writes maps, changes, picture, metrics and report, and prints the changes", async () => {
  const { code, stdout } = await workplace.run([...input, "-o", "out"]);
  expect(code).toBe(0);
  expect(stdout.replace(/\s+/g, " ")).toMatch(
    /standard to sigma-aware: disparity 0\.\d+, median displacement .* Rank correlation of a point/,
  );
  expect((await readdir(workplace.path("out"))).sort()).toEqual(FILES);
  expect((await readMatrix(workplace.path("out/map_standard.npy"))).shape).toEqual([120, 2]);
  expect((await readMatrix(workplace.path("out/displacement.npy"))).shape).toEqual([120, 1]);
  const changes = await readFile(workplace.path("out/changes.csv"), "utf8");
  expect(changes.split("\n")[0]).toBe(
    "row,x_standard,y_standard,x_sigma-aware,y_sigma-aware,displacement,changed,mean_sigma,label",
  );
  expect((await readLabels(workplace.path("out/changes.csv")))[7]).toBe(hostile);
  const metrics = JSON.parse(await readFile(workplace.path("out/metrics.json"), "utf8"));
  expect(metrics).toMatchObject({ kind: "sigma-tsne comparison", n: 120, d: 5, k: 15, files: expect.any(Array) });
  expect(metrics.quality).toHaveLength(4);
});

it("writes a report without markup from texts of the data and without external addresses", async () => {
  const html = await readFile(workplace.path("out/report.html"), "utf8");
  expect(html).not.toContain("<img");
  expect(html.match(/<\/script>/g)).toHaveLength(2);
  expect(html.match(/https?:\/\/[^"'`\s]+/g)).toEqual(["http://www.w3.org/2000/svg"]);
});

it("replaces an earlier comparison, and writes into a folder with other files only with --force", async () => {
  const again = await workplace.run([
    ...input,
    "-o",
    "out",
    "--json",
    "--quiet",
    "--variant",
    "a:perplexity=5",
    "--variant",
    "b: perplexity=20 distance=euclidean",
  ]);
  expect(again).toMatchObject({ code: 0, stderr: "" });
  const metrics = JSON.parse(again.stdout);
  expect(
    metrics.maps.map(({ name, options }: { name: string; options: { perplexity: number } }) => [
      name,
      options.perplexity,
    ]),
  ).toEqual([
    ["a", 5],
    ["b", 20],
  ]);
  expect(await readdir(workplace.path("out"))).toContain("map_a.npy");
  expect(await readdir(workplace.path("out"))).not.toContain("map_standard.npy");

  await mkdir(workplace.path("home"));
  await workplace.write("home/letter.txt", "dear");
  const refused = await workplace.run([...input, "-o", "home"]);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toBe(
    "sigma-tsne compare: home: contains something other than an earlier comparison, so it was not changed. Choose another folder\n",
  );
  expect(await workplace.run([...input, "-o", "home", "--force", "--quiet"])).toMatchObject({ code: 0 });
  expect((await readdir(workplace.path("home"))).sort()).toEqual([...FILES, "letter.txt"].sort());
});

it.each([
  [["--variant", "no colon"], /--variant: expected "name: key=value key=value"/],
  [["--variant", "a: speed=3"], /--variant: expected settings key=value with one of the keys perplexity, /],
  [["--variant", "a: theta=0.4 theta=0.5"], /--variant: expected each key only once, but theta is given twice/],
  [["--variant", "a: theta=7", "--variant", "b:"], /--variant theta: expected a number from 0 to 1/],
  [["--k", "60"], /--k: expected an integer from 1 to 59/],
  [["--distance", "euclidean"], /--distance: expected a distance other than/],
])("refuses %j with exit code 2", async (args, message) => {
  const { code, stderr } = await workplace.run([...input, "-o", "never", "--quiet", ...args]);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});

it("requires standard deviations", async () => {
  const { code, stderr } = await workplace.run(["compare", "mu.csv", "-o", "never"]);
  expect(code).toBe(2);
  expect(stderr).toContain("--sigma: expected standard deviations");
});
