import { describe, expect, test } from "vitest";
import { DataError } from "../../src/errors.js";
import { openRows, rowsInMemory, writeMatrix } from "../../src/io/index.js";
import { Matrix, toMatrix } from "../../src/matrix.js";
import { FORMULAS } from "../../src/tsne/distances.js";
import { type EmbedLandmarksOptions, embedLandmarks, estimateNoiseModel, Tsne } from "../../src/tsne/index.js";
import { chooseLandmarks, drawFromStrata, drawRows } from "../../src/tsne/landmarks.js";
import { useFolder } from "../io/folder.js";
import { makeGroups, makeUniform, takeRows } from "./points.js";

const path = useFolder();
const data = makeGroups(3000, 6, 3);
const sigma = makeUniform(3000, 6, 0.1, 1);
const quick: EmbedLandmarksOptions = {
  landmarks: 150,
  iterations: 80,
  earlyExaggerationIterations: 40,
  perplexity: 10,
  threads: 2,
};

const noOptions = {};
const fromRows = (rows: number[][]) => toMatrix(rows, "rows");
const settings = { distance: "inverse-variance", varianceFloor: 0.01, threads: 2, seed: 42 } as const;
const source = { data: rowsInMemory(data), sigma: rowsInMemory(sigma) };

interface Gaussians {
  readonly means: Matrix;
  readonly sigma: Matrix;
}

/** For each row of the data, returns the landmarks from the nearest to the farthest. */
function rankSlowly(landmarks: Gaussians): number[][] {
  const at = ({ means, sigma: deviations }: Gaussians, row: number) => ({
    mean: means.row(row),
    sigma: deviations.row(row),
  });
  return Array.from({ length: data.rows }, (_, row) => {
    const distances = Array.from({ length: landmarks.means.rows }, (__, k) =>
      FORMULAS["inverse-variance"](at({ means: data, sigma }, row), at(landmarks, k), { varianceFloor: 0.01 }),
    );
    return Array.from(distances.keys()).sort((a, b) => distances[a] - distances[b]);
  });
}

/**
 * Moves each landmark to the mean of the rows nearest to it. Its sigma is the root mean square of their standard
 * deviations.
 */
function moveSlowly(landmarks: Gaussians): Gaussians {
  const nearest = rankSlowly(landmarks).map(([first]) => first);
  const fill = (of: (members: readonly number[], j: number) => number) =>
    fromRows(
      Array.from({ length: landmarks.means.rows }, (_, k) => {
        const members = Array.from(nearest.keys()).filter((row) => nearest[row] === k);
        return Array.from({ length: data.cols }, (__, j) => of(members, j));
      }),
    );
  const mean = (members: readonly number[], of: (row: number) => number) =>
    members.reduce((sum, row) => sum + of(row), 0) / members.length;
  return {
    means: fill((members, j) => mean(members, (row) => data.at(row, j))),
    sigma: fill((members, j) => Math.sqrt(mean(members, (row) => sigma.at(row, j) ** 2))),
  };
}

describe("chooseLandmarks", () => {
  test("moves drawn rows, three times, to the mean of the rows that are nearest to each", async () => {
    const drawn = Array.from(drawRows(3000, 160, 42));
    let expected: Gaussians = { means: takeRows(data, drawn), sigma: takeRows(sigma, drawn) };
    for (let step = 0; step < 3; step++) expected = moveSlowly(expected);
    const found = await chooseLandmarks(source, 160, settings, 30, noOptions);
    for (const name of ["means", "sigma"] as const) {
      for (const [at, value] of expected[name].data.entries()) expect(found[name]?.data[at]).toBeCloseTo(value, 5);
    }
  });

  test("finds the landmarks that are near the same rows", async () => {
    const found = await chooseLandmarks(source, 160, settings, 30, noOptions);
    const { indices, distances } = found.neighbors as { indices: Matrix; distances: Matrix };
    const shares = rankSlowly(found as Gaussians).map((order) => {
      const share = new Float64Array(160);
      for (const [rank, k] of order.slice(0, 15).entries()) share[k] = 1 / (rank + 1);
      return share;
    });
    const belongs = (row: number, k: number) => (shares[row] as Float64Array)[k];
    const share = (i: number, j: number) => {
      let sum = 0;
      for (let row = 0; row < data.rows; row++) sum += belongs(row, i) * belongs(row, j);
      return sum;
    };
    for (const i of [0, 77, 159]) {
      const likeness = Array.from({ length: 160 }, (_, j) => share(i, j) / Math.sqrt(share(i, i) * share(j, j)));
      const nearest = Array.from(likeness.keys())
        .filter((j) => j !== i && likeness[j] > 0)
        .sort((a, b) => likeness[b] - likeness[a])
        .slice(0, 30);
      const own = indices.data.subarray(30 * i, 30 * i + nearest.length);
      expect(Array.from(own)).toEqual(nearest);
      for (const [m, j] of nearest.entries()) {
        expect(distances.data[30 * i + m]).toBeCloseTo(-Math.log(likeness[j]), 4);
      }
    }
  });

  test("fills the lists of landmarks that share too few rows with the nearest other landmarks", async () => {
    // Two groups that are too far apart to share rows. Each has fewer landmarks than the requested number of neighbors.
    const apart = fromRows(Array.from({ length: 200 }, (_, i) => [i < 100 ? i : 1e4 + i, Math.sin(i)]));
    const { neighbors } = await chooseLandmarks(
      { data: rowsInMemory(apart) },
      40,
      { ...settings, distance: "euclidean" },
      30,
      noOptions,
    );
    const { indices, distances } = neighbors as { indices: Matrix; distances: Matrix };
    for (let i = 0; i < 40; i++) {
      const own = Array.from(indices.data.subarray(30 * i, 30 * i + 30));
      expect(new Set(own).size).toBe(30);
      expect(own).not.toContain(i);
      const squared = Array.from(distances.data.subarray(30 * i, 30 * i + 30));
      expect(squared).toEqual([...squared].sort((a, b) => a - b));
    }
  });

  test("uses a sample of 20 rows per landmark if there are more rows", async () => {
    let read = 0;
    const counting = {
      ...source.data,
      read: (rows: ArrayLike<number>) => {
        read += rows.length;
        return source.data.read(rows);
      },
    };
    await chooseLandmarks({ data: counting }, 50, { ...settings, distance: "euclidean" }, 10, noOptions);
    expect(read).toBe(50 + 4 * 20 * 50);
  });

  test("does not move a landmark that equals another one", async () => {
    const twins = takeRows(data, [0, 1, 1, 2, 3, 3]);
    const { means, neighbors } = await chooseLandmarks(
      { data: rowsInMemory(twins) },
      6,
      { ...settings, distance: "euclidean" },
      3,
      noOptions,
    );
    expect(means).toEqual(twins);
    for (const value of (neighbors.distances as Matrix).data) expect(value).toBeGreaterThanOrEqual(0);
  });
});

describe("embedLandmarks", () => {
  test("fits the landmarks as a separate run, and places the rows into its embedding", async () => {
    const { distance, varianceFloor } = settings;
    const all = { ...quick, sigma: source.sigma, varianceFloor };
    const { embedding, divergence, run } = await embedLandmarks(source.data, all);
    const { landmarks, ...options } = quick;
    const { means, sigma: ofMeans, neighbors } = await chooseLandmarks(source, landmarks, settings, 30, noOptions);
    const alone = new Tsne(means, { ...options, sigma: ofMeans, distance, varianceFloor, neighbors });
    await alone.fit();
    const placed = await alone.place(data, { sigma });
    expect(embedding).toEqual(placed.embedding);
    expect(divergence).toEqual(placed.divergence);
    await run.save(path("landmarks.tsne"));
    const again = await (await Tsne.load(path("landmarks.tsne"))).place(data, { sigma });
    expect(again.embedding).toEqual(placed.embedding);
  });

  test("estimates one floor from the rows, not from the landmarks", async () => {
    const { run, result } = await embedLandmarks(source.data, { ...quick, sigma: source.sigma });
    const { varianceFloor } = await estimateNoiseModel(data, sigma);
    expect(result.varianceFloor).toBeCloseTo(varianceFloor, 12);
    await run.save(path("one-floor.tsne"));
    expect((await (await Tsne.load(path("one-floor.tsne"))).fit(0)).varianceFloor).toBe(result.varianceFloor);
  });

  test("reports its progress", async () => {
    const said: string[] = [];
    await embedLandmarks(rowsInMemory(data), {
      ...quick,
      onProgress: ({ stage }) => said.push(stage),
      onRowProgress: ({ stage, fraction }) => said.push(`${stage} ${fraction}`),
    });
    expect(said.slice(0, 4)).toEqual([0.25, 0.5, 0.75, 1].map((done) => `landmarks ${done}`));
    expect(said).toContain("optimization");
    expect(said.at(-1)).toBe("placement 1");
  });

  test("gives the same result for a file as for data in memory", async () => {
    await writeMatrix(path("data.npy"), data);
    await writeMatrix(path("data.csv"), data);
    const expected = (await embedLandmarks(rowsInMemory(data), quick)).embedding.data;
    for (const name of ["data.npy", "data.csv"]) {
      const source = await openRows(path(name));
      expect((await embedLandmarks(source, quick)).embedding.data).toEqual(expected);
      await source.close();
    }
  });

  test("names the row of the data that cannot be used, whether it is drawn as a landmark or not", async () => {
    const fitted = drawRows(3000, 150, 42);
    const other = Array.from(data.data.keys()).find((row) => !fitted.includes(row)) as number;
    for (const row of [fitted[5], other]) {
      const broken = new Matrix(data.data.slice(), data.rows, data.cols);
      broken.data[row * 6 + 2] = Number.NaN;
      const failure = embedLandmarks(rowsInMemory(broken), quick);
      await expect(failure).rejects.toThrow(DataError);
      await expect(failure).rejects.toMatchObject({ argument: "data", row, column: 2 });
    }
  });

  test.each<[Partial<EmbedLandmarksOptions>, string]>([
    [{ landmarks: 3001 }, "landmarks: expected an integer from 3 to 3000"],
    [{ sigma: rowsInMemory(takeRows(sigma, [1, 2])) }, "sigma: expected 3000 x 6"],
    [{ perplexity: 60 }, "perplexity"],
  ])("refuses %o", async (options, sentence) => {
    await expect(embedLandmarks(rowsInMemory(data), { ...quick, ...options })).rejects.toThrow(sentence);
  });

  test("draws every row equally often, no row twice, and the same rows for the same seed", () => {
    expect(drawRows(20, 20, 1)).toEqual(Uint32Array.from({ length: 20 }, (_, i) => i));
    expect(drawRows(1e6, 50, 7)).toEqual(drawRows(1e6, 50, 7));
    const counts = new Float64Array(20);
    for (let seed = 0; seed < 8000; seed++) for (const row of drawRows(20, 5, seed)) counts[row] = counts[row] + 1;
    // Each count has the expected value 2000 and the standard deviation 39.
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(5 * 39);
  });

  test("draws from equal parts, in order, every row equally often", () => {
    expect(drawFromStrata(20, 20, 1)).toEqual(Uint32Array.from({ length: 20 }, (_, i) => i));
    const counts = new Float64Array(18);
    for (let seed = 0; seed < 8000; seed++) {
      const rows = drawFromStrata(18, 4, seed);
      expect(rows).toEqual(rows.slice().sort());
      for (const row of rows) counts[row] = counts[row] + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1778)).toBeLessThan(5 * 37);
  });
});
