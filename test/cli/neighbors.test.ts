import { afterAll, beforeAll, expect, it } from "vitest";
import { readMatrix, writeMatrix } from "../../src/io/index.js";
import { makeGroups, Workplace } from "./workplace.js";

const n = 90;
const data = makeGroups(n, 4, 3);
const distances = data.map((a) => data.map((b) => Math.hypot(...a.map((x, k) => x - b[k]))));
const order = distances.map((row) => row.map((_, j) => j).sort((a, b) => row[a] - row[b]));
const indices = order.map((row) => row.slice(0, 31));
const nearest = indices.map((row, i) => row.map((j) => distances[i][j]));
const quick = ["--iterations", "60", "--perplexity", "10", "--quiet", "--json"];

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  await writeMatrix(workplace.path("mu.npy"), data);
  await writeMatrix(workplace.path("all.npy"), distances);
  await writeMatrix(workplace.path("indices.npy"), indices);
  await writeMatrix(workplace.path("distances.npy"), nearest);
});
afterAll(() => workplace.remove());

it("takes neighbors and their distances from files", async () => {
  const lists = await workplace.run([
    ...["embed", "mu.npy", "-o", "lists.npy", "--neighbor-indices", "indices.npy"],
    ...["--neighbor-distances", "distances.npy", ...quick],
  ]);
  expect(lists.stderr).toBe("");
  expect(JSON.parse(lists.stdout)).toMatchObject({ neighbors: "given", recall: 1, distance: "given" });
  await workplace.run(["embed", "mu.npy", "-o", "all-map.npy", "--neighbor-distances", "all.npy", ...quick]);
  expect(await readMatrix(workplace.path("lists.npy"))).toEqual(await readMatrix(workplace.path("all-map.npy")));
});

it("takes new points into the map of neighbors whose distance is named", async () => {
  await workplace.run([
    ...["embed", "mu.npy", "-o", "named.npy", "--neighbor-distances", "all.npy", "--distance", "euclidean"],
    ...["--save", "named.tsne", ...quick],
  ]);
  expect(await readMatrix(workplace.path("named.npy"))).toEqual(await readMatrix(workplace.path("all-map.npy")));
  const { stdout } = await workplace.run(["place", "named.tsne", "mu.npy", "-o", "placed.npy", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ n: 90 });
});

it("says how the neighbors were found", async () => {
  const { stdout } = await workplace.run([
    ...["embed", "mu.npy", "-o", "asked.npy", "--neighbors", "nn-descent", "--distance", "manhattan", ...quick],
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ neighbors: "exact", recall: 1, distance: "manhattan" });
});

it.each([
  [["--neighbors", "exactly"], "--neighbors: expected one of "],
  [["--neighbor-indices", "indices.npy"], "--neighbor-distances: expected a file"],
  [["--squared-distances"], "--neighbor-distances: expected a file"],
  [["--neighbor-distances", "all.npy", "--neighbors", "exact"], "--neighbors: expected to be left out"],
  [["--neighbor-distances", "all.npy", "--sigma", "all.npy"], "--sigma: expected to be left out"],
  [["--neighbor-distances", "all.npy", "--rows", ":50"], "--rows: expected to be left out"],
  [["--neighbor-distances", "distances.npy"], "distances.npy: expected 90 x 90"],
  [["--neighbor-distances", "all.npy", "--neighbor-indices", "distances.npy"], "all.npy: expected 90 x 31"],
  [["--neighbor-distances", "distances.npy", "--neighbor-indices", "indices.npy"], "indices.npy: expected at least 87"],
])("%j is wrong usage", async (flags, message) => {
  const perplexity = message.includes("87") ? "29" : "10";
  const { code, stderr } = await workplace.run([
    ...["embed", "mu.npy", "-o", "never.npy", "--quiet", "--perplexity", perplexity, ...flags],
  ]);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});
