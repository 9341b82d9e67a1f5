import { expect, test, vi } from "vitest";
import { binding } from "../../src/binding.js";
import { ArgumentError, DataError } from "../../src/errors.js";
import { Matrix } from "../../src/matrix.js";
import { usesSigma } from "../../src/tsne/distances.js";
import {
  DISTANCES,
  type DistanceMatrix,
  type DistanceName,
  describeRecall,
  type NeighborLists,
  runTsne,
  Tsne,
  type TsneOptions,
} from "../../src/tsne/index.js";
import { useFolder } from "../io/folder.js";
import { digest, makeGroups, makeUniform, mapValues } from "./points.js";

const path = useFolder();

const [n, d, perplexity] = [60, 5, 5];
const needed = 15;
const data = makeGroups(n, d);

const FORMULAS = {
  euclidean: (a: number[], b: number[]) => Math.hypot(...a.map((x, i) => x - b[i])),
  manhattan: (a: number[], b: number[]) => sum(a.map((x, i) => Math.abs(x - b[i]))),
  cosine: (a: number[], b: number[]): number => 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)),
  correlation: (a: number[], b: number[]): number => FORMULAS.cosine(centered(a), centered(b)),
};

const sum = (a: number[]) => a.reduce((total, x) => total + x, 0);
const dot = (a: number[], b: number[]) => sum(a.map((x, i) => x * b[i]));
const centered = (a: number[]) => a.map((x) => x - sum(a) / a.length);

/** All distances between the rows of `points`. */
function distancesOf(points: Matrix, formula: (a: number[], b: number[]) => number): Matrix {
  const rows = points.toArrays();
  return new Matrix(Float64Array.from(rows.flatMap((a) => rows.map((b) => formula(a, b)))), points.rows, points.rows);
}

/** The `k` nearest other points of each point. */
function listsOf(distances: Matrix, k: number): { indices: Matrix; distances: Matrix } {
  const order = distances.toArrays().map((row, i) =>
    row
      .map((distance, j) => ({ distance, j }))
      .filter(({ j }) => j !== i)
      .sort((a, b) => a.distance - b.distance || a.j - b.j)
      .slice(0, k),
  );
  const gather = (pick: (entry: { distance: number; j: number }) => number) =>
    new Matrix(Float64Array.from(order.flatMap((row) => row.map(pick))), distances.rows, k);
  return { indices: gather(({ j }) => j), distances: gather(({ distance }) => distance) };
}

const distances = distancesOf(data, FORMULAS.euclidean);
const lists = listsOf(distances, 20);

const embed = (options: TsneOptions, points: Matrix = data) =>
  runTsne(points, { perplexity, iterations: 60, method: "barnes-hut", ...options });

test("neighbors are exact for few points, with every option", async () => {
  for (const neighbors of ["auto", "exact", "cells", undefined] as const) {
    const result = await embed({ neighbors });
    expect(result.neighbors).toEqual({ method: "exact", recall: 1 });
    expect(result.options.neighbors).toBe(neighbors ?? "auto");
  }
});

test("the search in cells finds most neighbors of many points and reports the fraction", async () => {
  const points = makeGroups(3000, 12, 4);
  const run = (threads: number) =>
    runTsne(points, { neighbors: "cells", perplexity: 10, iterations: 250, threads, method: "barnes-hut" });
  const [one, two, exact] = await Promise.all([
    run(1),
    run(2),
    runTsne(points, { perplexity: 10, iterations: 250, method: "barnes-hut" }),
  ]);
  expect(one.neighbors.method).toBe("cells");
  expect(one.neighbors.recall).toBeGreaterThan(0.95);
  expect(one.neighbors.recall).toBeLessThanOrEqual(1);
  expect(digest(two.embedding)).toBe(digest(one.embedding));
  expect(Math.abs(one.kl - exact.kl)).toBeLessThan(0.1);
});

test("verbose runs print how the neighbors were found", async () => {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    await embed({ verbose: true });
    await embed({ verbose: true, neighbors: lists });
    const lines = write.mock.calls.map(([line]) => String(line));
    expect(lines.filter((line) => /neighbors(?! \.)/.test(line))).toEqual([
      "sigma-tsne: exact neighbors\n",
      "sigma-tsne: neighbors as given\n",
    ]);
  } finally {
    write.mockRestore();
  }
});

test.each(Object.entries(FORMULAS))(
  "%s gives the same embedding as distances computed with its formula",
  async (distance, formula) => {
    const searched = await embed({ distance: distance as DistanceName, iterations: 1 });
    const given = await embed({ neighbors: listsOf(distancesOf(data, formula), needed), iterations: 1 });
    expect(searched.options.distance).toBe(distance);
    expect(searched.kl).toBeCloseTo(given.kl, 5);
  },
);

const sigma = makeUniform(n, d, 0.1, 1);
const floor = 0.01;

/** Squared distances of coordinates: means a and b, standard deviations s and t. */
const BETWEEN_GAUSSIANS: Partial<Record<DistanceName, (a: number, b: number, s: number, t: number) => number>> = {
  expected: (a, b, s, t) => (a - b) ** 2 + s ** 2 + t ** 2,
  wasserstein: (a, b, s, t) => (a - b) ** 2 + (s - t) ** 2,
  mahalanobis: (a, b, s, t) => (a - b) ** 2 / (s ** 2 + t ** 2 + floor),
  // Given distances must not be negative. A constant makes them positive and does not change the affinities: log(v) is
  // above -5 here.
  "mahalanobis-logdet": (a, b, s, t) => {
    const v = s ** 2 + t ** 2 + floor;
    return (a - b) ** 2 / v + Math.log(v) + 5;
  },
  bhattacharyya: (a, b, s, t) => {
    const [v, w] = [s ** 2 + floor, t ** 2 + floor];
    return (a - b) ** 2 / (4 * (v + w)) + Math.log((v + w) / (2 * Math.sqrt(v * w))) / 2;
  },
  jeffreys: (a, b, s, t) => {
    const [v, w] = [s ** 2 + floor, t ** 2 + floor];
    return ((v + (a - b) ** 2) / w + (w + (a - b) ** 2) / v) / 2 - 1;
  },
};

test("the core and the library support the same distances", () => {
  expect(Object.keys(binding.distances).sort()).toEqual([...DISTANCES].sort());
  const needsSigma = DISTANCES.filter(usesSigma);
  expect(needsSigma.sort()).toEqual(["inverse-variance", "likelihood-ratio", ...Object.keys(BETWEEN_GAUSSIANS)].sort());
});

test.each(Object.entries(BETWEEN_GAUSSIANS))(
  "%s between Gaussians gives the same embedding as distances computed with its formula",
  async (name, term) => {
    const [mu, sd] = [data.toArrays(), sigma.toArrays()];
    const squared = mu.flatMap((a, i) => mu.map((b, j) => sum(a.map((x, k) => term(x, b[k], sd[i][k], sd[j][k])))));
    const searched = await embed({ distance: name as DistanceName, sigma, varianceFloor: floor, iterations: 1 });
    const given = await embed({
      neighbors: { ...listsOf(new Matrix(Float64Array.from(squared), n, n), needed), squared: true },
      iterations: 1,
    });
    expect(searched.options.distance).toBe(name);
    expect(searched.kl).toBeCloseTo(given.kl, 5);
  },
);

test("distances between Gaussians need sigma, and give the plain embedding if sigma is constant", async () => {
  const plain = await embed({});
  const equal = mapValues(sigma, () => 0.3);
  for (const distance of DISTANCES.filter(usesSigma)) {
    await expect(embed({ distance })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", argument: "distance" });
    const aware = await embed({ distance, sigma: equal });
    // The likelihood ratio weights each coordinate by its own spread.
    const isPlain = distance !== "likelihood-ratio";
    expect(digest(aware.embedding) === digest(plain.embedding)).toBe(isPlain);
  }
});

test("sigma and data of any size give an embedding", async () => {
  for (const distance of DISTANCES.filter(usesSigma)) {
    for (const [ofData, ofSigma] of [1e30, 1e-30, 1].flatMap((a) => [1e30, 1e-30, 0].map((b) => [a, b] as const))) {
      const points = mapValues(data, (value) => value * ofData);
      const { embedding, kl } = await embed({ distance, sigma: mapValues(sigma, (s) => s * ofSigma) }, points);
      expect(embedding.data.every(Number.isFinite) && Number.isFinite(kl)).toBe(true);
    }
  }
});

test("distances of the means alone ignore sigma", async () => {
  for (const distance of DISTANCES.filter((name) => !usesSigma(name))) {
    const [plain, aware] = await Promise.all([embed({ distance }), embed({ distance, sigma })]);
    expect(digest(aware.embedding)).toBe(digest(plain.embedding));
  }
});

test("the cosine distance does not depend on the length of rows, nor the correlation distance on their mean", async () => {
  const longer = mapValues(data, (value, row) => value * 2 ** (row % 5));
  const raised = mapValues(data, (value, row) => value + (row % 5));
  const start = makeUniform(n, 2, -1e-4, 1e-4);
  const kl = async (distance: DistanceName, points: Matrix) =>
    (await embed({ distance, init: start, iterations: 0 }, points)).kl;
  expect(await kl("cosine", longer)).toBeCloseTo(await kl("cosine", data), 5);
  expect(await kl("correlation", raised)).toBeCloseTo(await kl("correlation", data), 5);
  expect(await kl("euclidean", longer)).not.toBeCloseTo(await kl("euclidean", data), 3);
});

test("zero rows and constant rows have a position in the embedding", async () => {
  const holed = mapValues(data, (value, row) => (row % 7 === 0 ? 0 : row % 7 === 1 ? 3 : value));
  for (const distance of ["cosine", "correlation", "manhattan"] as const) {
    const { embedding, kl } = await embed({ distance }, holed);
    expect(embedding.data.every(Number.isFinite)).toBe(true);
    expect(kl).toBeGreaterThan(0);
  }
});

test("principal components and the cosine distance can be combined", async () => {
  const { embedding, options } = await embed({ distance: "cosine", pca: 3 });
  expect(options).toMatchObject({ distance: "cosine", pca: 3 });
  expect(embedding.data.every(Number.isFinite)).toBe(true);
});

test("lists in any order, wider than needed, with the point itself and with -1 for missing neighbors give the same embedding", async () => {
  const expected = await embed({ neighbors: listsOf(distances, needed) });
  expect(expected.neighbors).toEqual({ method: "given", recall: 1 });
  expect(expected.options).toMatchObject({ neighbors: "given", distance: "given" });
  const reversed = (matrix: Matrix) => matrix.toArrays().map((row) => row.reverse());
  const withSelf = {
    indices: lists.indices.toArrays().map((row, i) => [i, ...row, -1]),
    distances: lists.distances.toArrays().map((row) => [0, ...row, Number.NaN]),
  };
  const asFaiss = {
    indices: { data: Int32Array.from(lists.indices.data), rows: n, cols: 20 },
    distances: mapValues(lists.distances, (value) => value ** 2),
    squared: true,
  };
  for (const neighbors of [
    lists,
    { indices: reversed(lists.indices), distances: reversed(lists.distances) },
    withSelf,
    { distances },
  ]) {
    expect(digest((await embed({ neighbors })).embedding)).toBe(digest(expected.embedding));
  }
  // Squared distances are rounded to float32, and a difference in the last digit grows with every iteration. So only
  // early iterations are compared.
  const [early, rounded] = await Promise.all([lists, asFaiss].map((neighbors) => embed({ neighbors, iterations: 5 })));
  expect(rounded?.kl).toBeCloseTo(early?.kl, 4);
});

test("the unit of given distances does not matter", async () => {
  const expected = await embed({ neighbors: lists });
  for (const unit of [2 ** 500, 2 ** -500]) {
    const neighbors = { ...lists, distances: mapValues(lists.distances, (value) => value * unit) };
    expect(digest((await embed({ neighbors })).embedding)).toBe(digest(expected.embedding));
  }
});

test("given neighbors that equal the found ones give the same embedding", async () => {
  const [searched, given] = await Promise.all([embed({ iterations: 5 }), embed({ neighbors: lists, iterations: 5 })]);
  expect(given.kl).toBeCloseTo(searched.kl, 4);
  given.embedding.data.forEach((value, at) => {
    expect(value).toBeCloseTo(searched.embedding.data[at], 3);
  });
});

test("a matrix of distances need not be symmetric, and its diagonal is ignored", async () => {
  const expected = await embed({ neighbors: { distances }, iterations: 5 });
  const odd = mapValues(distances, (value, i, j) => (i === j ? Number.NaN : i > j ? value : value * (1 + 1e-9)));
  const found = await embed({ neighbors: { distances: odd }, iterations: 5 });
  expect(found.kl).toBeCloseTo(expected.kl, 4);
});

test("distances just below 0 count as 0, and infinite ones mean that points are not neighbors", async () => {
  const twin = mapValues(distances, (value, i, j) => (i < 2 && j < 2 ? 0 : value));
  const expected = await embed({ neighbors: { distances: twin }, iterations: 5 });
  const rounded = mapValues(twin, (value, i, j) => (i < 2 && j < 2 && i !== j ? -1.19e-7 : value));
  expect((await embed({ neighbors: { distances: rounded }, iterations: 5 })).embedding).toEqual(expected.embedding);
  const farthest = Math.max(...listsOf(distances, needed).distances.data);
  const apart = mapValues(distances, (value) => (value > farthest ? Number.POSITIVE_INFINITY : value));
  const whole = await embed({ neighbors: { distances }, iterations: 5 });
  expect((await embed({ neighbors: { distances: apart }, iterations: 5 })).embedding).toEqual(whole.embedding);
  const alone = mapValues(distances, (value, i) => (i === 9 ? Number.POSITIVE_INFINITY : value));
  await expect(async () => embed({ neighbors: { distances: alone } })).rejects.toThrow(/received 0 in row 9/);
});

test("equal points all at distance 0 can be given", async () => {
  const neighbors = { ...lists, distances: mapValues(lists.distances, () => 0) };
  expect((await embed({ neighbors })).embedding.data.every(Number.isFinite)).toBe(true);
});

function withValue(matrix: Matrix, row: number, column: number, value: number): Matrix {
  return mapValues(matrix, (old, i, j) => (i === row && j === column ? value : old));
}

const twice = withValue(lists.indices, 4, 9, lists.indices.at(4, 2));

const BAD: [name: string, neighbors: unknown, facts: object, message: string | RegExp][] = [
  [
    "an unknown search",
    "cell",
    { code: "INVALID_ARGUMENT", argument: "neighbors" },
    'neighbors: expected one of "auto", "exact", "cells" (did you mean "cells"?), received "cell"',
  ],
  ["a number", 5, { code: "INVALID_ARGUMENT", argument: "neighbors" }, /\{indices, distances\}.*received 5$/],
  [
    "indices alone",
    { indices: lists.indices },
    { code: "INVALID_ARGUMENT", argument: "neighbors" },
    /\{indices, distances\}/,
  ],
  [
    "an unknown key",
    { ...lists, indexes: 1 },
    { code: "UNKNOWN_OPTION", argument: "neighbors.indexes" },
    /did you mean "indices"\?/,
  ],
  [
    "squared as a number",
    { ...lists, squared: 1 },
    { code: "INVALID_ARGUMENT", argument: "neighbors.squared" },
    "neighbors.squared: expected true or false, received 1",
  ],
  [
    "lists of other points",
    { indices: lists.indices.slice(0, 59), distances: lists.distances.slice(0, 59) },
    { code: "SHAPE_MISMATCH", argument: "neighbors.indices" },
    "neighbors.indices: expected 60 rows, one per point, received 59 x 20",
  ],
  [
    "distances of another shape",
    { indices: lists.indices, distances: listsOf(distances, 19).distances },
    { code: "SHAPE_MISMATCH", argument: "neighbors.distances" },
    "neighbors.distances: expected 60 x 20, the shape of the indices, received 60 x 19",
  ],
  [
    "a matrix that is not square",
    { distances: lists.distances },
    { code: "SHAPE_MISMATCH", argument: "neighbors.distances" },
    "neighbors.distances: expected 60 x 60, all points x all points, received 60 x 20",
  ],
  ...[60, -2, 1.5, Number.NaN].map((received): (typeof BAD)[number] => [
    `the index ${received}`,
    { ...lists, indices: withValue(lists.indices, 7, 3, received) },
    { code: "OUT_OF_RANGE", argument: "neighbors.indices", received, row: 7, column: 3 },
    `neighbors.indices: expected integers from 0 to 59, or -1 for a missing neighbor, received ${received} at row 7, column 3`,
  ]),
  [
    "a neighbor that occurs twice in a row",
    { ...lists, indices: twice },
    { code: "INVALID_ARGUMENT", argument: "neighbors.indices", received: twice.at(4, 9), row: 4, column: 9 },
    /expected each neighbor only once per row, received \d+ at row 4, column 9$/,
  ],
  ...[Number.NaN, Number.NEGATIVE_INFINITY].map((received): (typeof BAD)[number] => [
    `the distance ${received}`,
    { ...lists, distances: withValue(lists.distances, 2, 0, received) },
    { code: "NOT_FINITE", argument: "neighbors.distances", received, row: 2, column: 0 },
    `neighbors.distances: expected finite distances >= 0, received ${received} at row 2, column 0`,
  ]),
  [
    "a negative distance",
    { distances: withValue(distances, 2, 5, -1) },
    { code: "OUT_OF_RANGE", argument: "neighbors.distances", received: -1, row: 2, column: 5 },
    "neighbors.distances: expected finite distances >= 0, received -1 at row 2, column 5",
  ],
  [
    "too few for the perplexity",
    listsOf(distances, 14),
    { code: "OUT_OF_RANGE", argument: "neighbors", received: 14 },
    "neighbors: expected at least 15 other points in each row, which is 3 times the perplexity, received 14 in row 0. Give more neighbors, or use a smaller perplexity",
  ],
  [
    "too few because some are missing",
    { ...lists, indices: mapValues(lists.indices, (index, i, j) => (i === 31 && j > 9 ? -1 : index)) },
    { code: "OUT_OF_RANGE", argument: "neighbors", received: 10 },
    /received 10 in row 31\. Give more/,
  ],
];

test.each(BAD)("%s is refused", (_, neighbors, facts, message) => {
  const make = () => new Tsne(data, { perplexity, neighbors: neighbors as NeighborLists | DistanceMatrix });
  expect(make).toThrow(message);
  expect(make).toThrow(expect.objectContaining(facts));
  expect(make).toThrow("row" in facts ? DataError : ArgumentError);
});

test("sigma together with given neighbors is rejected if no distance is named", () => {
  const sigma = makeUniform(n, d, 0, 1);
  expect(() => new Tsne(data, { perplexity, neighbors: lists, sigma })).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT", argument: "sigma" }),
  );
});

test.each(["euclidean", "inverse-variance"] as const)(
  "new points can be placed into an embedding of given neighbors if their distance %s is named",
  async (distance) => {
    const sigma = distance === "euclidean" ? undefined : makeUniform(n, d, 0.1, 1);
    const options = { perplexity, iterations: 30, distance, ...(sigma && { sigma }) };
    const run = new Tsne(data, { ...options, neighbors: lists });
    const { embedding } = await run.fit();
    expect(embedding).toEqual((await embed({ neighbors: lists, iterations: 30 })).embedding);
    const placed = await run.place(data, { ...(sigma && { sigma }) });
    // Placement depends only on the embedding and the distance, not on how the embedding was computed.
    const other = new Tsne(data, { ...options, init: embedding, iterations: 0 });
    await other.fit();
    expect(placed.embedding).toEqual((await other.place(data, { ...(sigma && { sigma }) })).embedding);
    const file = path(`${distance}.tsne`);
    await run.save(file);
    const loaded = await Tsne.load(file);
    expect((await loaded.place(data, { ...(sigma && { sigma }) })).embedding).toEqual(placed.embedding);
  },
);

test("the search is stopped by its signal", async () => {
  const controller = new AbortController();
  const running = runTsne(makeGroups(4000, 40), {
    neighbors: "cells",
    iterations: 1e9,
    signal: controller.signal,
    onProgress: ({ stage, fraction }) => {
      if (stage === "neighbors" && fraction >= 0) controller.abort();
    },
  });
  await expect(running).rejects.toMatchObject({ code: "ABORTED" });
});

test("a run warns if many neighbors were not found", () => {
  expect(describeRecall({ method: "cells", recall: 0.713 })).toEqual([
    expect.stringMatching(/^The search for neighbors \(cells\) found 71\.3 % of the true neighbors: expected 95 %/),
  ]);
  expect(describeRecall({ method: "cells", recall: 0.96 })).toEqual([]);
  expect(describeRecall({ method: "exact", recall: 1 })).toEqual([]);
});
