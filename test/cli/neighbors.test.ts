import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readMatrix, writeMatrix } from "../../src/io/index.js";
import { encodeScipy } from "../io/scipy-file.js";
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

it("reads neighbors and their distances from files", async () => {
  const lists = await workplace.run([
    ...["embed", "mu.npy", "-o", "lists.npy", "--neighbor-indices", "indices.npy"],
    ...["--neighbor-distances", "distances.npy", ...quick],
  ]);
  expect(lists.stderr).toBe("");
  expect(JSON.parse(lists.stdout)).toMatchObject({ neighbors: "given", recall: 1, distance: "given" });
  await workplace.run(["embed", "mu.npy", "-o", "all-map.npy", "--neighbor-distances", "all.npy", ...quick]);
  expect(await readMatrix(workplace.path("lists.npy"))).toEqual(await readMatrix(workplace.path("all-map.npy")));
});

it("places new points if the distance of the given neighbors is named", async () => {
  await workplace.run([
    ...["embed", "mu.npy", "-o", "named.npy", "--neighbor-distances", "all.npy", "--distance", "euclidean"],
    ...["--save", "named.tsne", ...quick],
  ]);
  expect(await readMatrix(workplace.path("named.npy"))).toEqual(await readMatrix(workplace.path("all-map.npy")));
  const { stdout } = await workplace.run(["place", "named.tsne", "mu.npy", "-o", "placed.npy", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ n: 90 });
});

it("reports how the neighbors were found", async () => {
  const { stdout } = await workplace.run([
    ...["embed", "mu.npy", "-o", "asked.npy", "--neighbors", "cells", "--distance", "manhattan", ...quick],
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ neighbors: "exact", recall: 1, distance: "manhattan" });
});

it.each([
  [["--neighbors", "exactly"], "--neighbors: expected one of "],
  [["--neighbor-indices", "indices.npy"], "--neighbor-distances: expected a file"],
  [["--squared-distances"], "--neighbor-distances: expected a file"],
  [["--neighbor-distances", "all.npy", "--neighbors", "exact"], "--neighbors: cannot be used"],
  [["--neighbor-distances", "all.npy", "--sigma", "all.npy"], "--sigma: cannot be used"],
  [["--neighbor-distances", "all.npy", "--rows", ":50"], "--rows: cannot be used"],
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

it("embeds distances without data, from a full matrix or a sparse matrix of SciPy", async () => {
  const all = await workplace.run(["embed", "--distances", "all.npy", "-o", "alone.csv", ...quick.slice(0, -1)]);
  expect(all).toMatchObject({ code: 0, stderr: "" });
  const graph = {
    format: "csr",
    shape: [n, n],
    data: nearest.flatMap((row) => row.slice(1)),
    indices: indices.flatMap((row) => row.slice(1)),
    starts: Array.from({ length: n + 1 }, (_, i) => 30 * i),
  } as const;
  await writeFile(workplace.path("graph.npz"), encodeScipy(graph));
  const { stdout } = await workplace.run(["embed", "--neighbors", "graph.npz", "-o", "sparse.csv", ...quick]);
  expect(JSON.parse(stdout)).toMatchObject({
    n,
    input_dimensions: 0,
    neighbors: "given",
    columns: "Distances of 90 points, without data.",
  });
  const [one, other] = await Promise.all(["alone.csv", "sparse.csv"].map((file) => readMatrix(workplace.path(file))));
  expect(one.shape).toEqual([n, 2]);
  expect(Math.max(...one.data.map((y, at) => Math.abs(y - other.data[at])))).toBeLessThan(1e-2);
});

it("embeds affinities without data, and reports that it used affinities", async () => {
  const weights = distances.map((row) => row.map((x) => (x < 2 ? Math.exp(-x) : 0)));
  await writeMatrix(workplace.path("weights.npy"), weights);
  const { code, stderr } = await workplace.run([
    "embed",
    "--affinities",
    "weights.npy",
    "-o",
    "weighted.csv",
    "--iterations",
    "60",
  ]);
  expect(stderr).toMatch(
    /^weights\.npy: Affinities of 90 points, without data\.\n90 points, given neighbors, perplexity/,
  );
  expect(code).toBe(0);
});

it.each([
  [["-o", "never.npy"], "<data>: expected a file of data, or --distances"],
  [["--distances", "all.npy", "-o", "never.npy", "--pca", "2"], "--pca: cannot be used"],
  [["--distances", "all.npy", "-o", "never.npy", "--init", "pca"], '--init: expected "spectral"'],
  [["--distances", "all.npy", "-o", "never.npy", "--standardize", "zscore"], "--standardize: cannot be used"],
  [["--distances", "all.npy", "-o", "never.npy", "--affinities", "all.npy"], "--affinities: cannot be used"],
])("%j without data is wrong usage", async (flags, message) => {
  const { code, stderr } = await workplace.run(["embed", ...flags]);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});
