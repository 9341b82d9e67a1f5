import { beforeAll, describe, expect, test } from "vitest";
import { placeStream } from "../../src/filter/index.js";
import { Matrix } from "../../src/matrix.js";
import { type PlacementResult, Tsne } from "../../src/tsne/index.js";
import { makeGroups, makeUniform } from "../tsne/points.js";
import { makeDraws } from "./gaussian-draws.js";
import {
  batchOf,
  bytesOf,
  type Columns,
  collect,
  cut,
  listType,
  piecesOf,
  rowsOf,
  tableOf,
  valuesOf,
} from "./streams.js";

const d = 5;
const n = 40;
const draws = 6;
const all = makeGroups(200 + n, d, 3);
const sigma = makeUniform(200 + n, d, 0.1, 1);
const fitted = { data: all.slice(0, 200), sigma: sigma.slice(0, 200) };
const toFloat32 = (matrix: Matrix) => new Matrix(Float32Array.from(matrix.data), matrix.rows, matrix.cols);
const [fresh, freshSigma] = [toFloat32(all.slice(200, 200 + n)), toFloat32(sigma.slice(200, 200 + n))];
const quick = { iterations: 100, earlyExaggerationIterations: 50, perplexity: 10 };
const NAMES = ["displacement", "var_x", "cov_xy", "var_y", "share"];

let run: Tsne;
let embedding: number[][];
let expected: PlacementResult;
beforeAll(async () => {
  run = new Tsne(fitted.data, {
    ...quick,
    threads: 2,
    sigma: fitted.sigma,
  });
  embedding = rowsOf((await run.fit()).embedding);
  expected = await run.place(fresh, { sigma: freshSigma, uncertainty: draws });
});

const lists = (start: number, end: number): Columns => ({
  mean: [listType("fixed32", d), rowsOf(fresh).slice(start, end)],
  sigma: [listType("fixed32", d), rowsOf(freshSigma).slice(start, end)],
});

const measured = (uncertainty = expected.uncertainty) =>
  Array.from({ length: uncertainty?.displacement.length ?? 0 }, (_, i) => [
    uncertainty?.displacement[i],
    ...Array.from(uncertainty?.covariance.row(i) ?? []),
    uncertainty?.share[i],
  ]);

const columnsOf = (bytes: Uint8Array): unknown[][] => {
  const columns = NAMES.map((name) => valuesOf(tableOf(bytes), name));
  return columns[0].map((_, i) => columns.map((column) => column[i]));
};

const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(...a.map((x, c) => x - b[c]));

describe("uncertainty of positions", () => {
  test("equals the scatter of draws that are placed and summarized one by one", async () => {
    const homes = rowsOf(expected.embedding);
    const ofGaussians = await run.place(fresh, { sigma: freshSigma, uncertainty: draws, prior: "none" });
    const found = measured(ofGaussians.uncertainty);
    for (let i = 0; i < n; i += 5) {
      const drawn = makeDraws(fitted, fresh.row(i), freshSigma.row(i), draws, 42);
      const sigma = Array.from({ length: draws }, () => Array.from(freshSigma.row(i)));
      const positions = rowsOf((await run.place(drawn, { sigma })).embedding);
      const home = homes[i];
      const [x, y] = home as [number, number];
      const sum = (a: 0 | 1, b: 0 | 1) =>
        positions.reduce((total, p) => {
          const away = [p[0] - x, p[1] - y] as const;
          return total + away[a] * away[b];
        }, 0) / draws;
      const away = positions.map((position) => distance(position, home));
      const radius = embedding.map((point) => distance(point, home)).sort((a, b) => a - b)[9];
      const within = (limit: number) => away.filter((length) => length <= limit).length / draws;
      const [displacement, xx, xy, yy, share] = found[i] as [number, number, number, number, number];
      expect(displacement).toBeCloseTo(away.reduce((total, length) => total + length, 0) / draws, 2);
      for (const [ours, twin] of [[xx, sum(0, 0)] as const, [xy, sum(0, 1)] as const, [yy, sum(1, 1)] as const]) {
        expect(Math.abs(ours - twin)).toBeLessThan(0.01 * (1 + Math.abs(twin)));
      }
      expect(share).toBeGreaterThanOrEqual(Math.fround(within(radius * 0.99)));
      expect(share).toBeLessThanOrEqual(Math.fround(within(radius * 1.01)));
    }
  });

  test("does not change the positions", async () => {
    const { embedding, divergence } = await run.place(fresh, { sigma: freshSigma });
    expect(expected.embedding.data).toEqual(embedding.data);
    expect(expected.divergence).toEqual(divergence);
  });

  test.each([
    ["single rows", Array<number>(n).fill(1)],
    ["batches of all sizes", [0, 7, 30, n - 37]],
  ])("has the same bits for %s", async (_, sizes) => {
    const bytes = bytesOf(cut(sizes, lists));
    expect(columnsOf(await collect(placeStream(run, piecesOf(bytes), { uncertainty: draws })))).toEqual(measured());
  });

  test("depends only on the values of a row, not on its position in the stream", async () => {
    const order = Array.from({ length: n }, (_, i) => (i * 7 + 3) % n);
    const pick = (matrix: Matrix) => order.map((i) => Array.from(matrix.row(i)));
    const twice = [...pick(fresh), ...pick(fresh).slice(0, 2)];
    const sigma = [...pick(freshSigma), ...pick(freshSigma).slice(0, 2)];
    const other = new Tsne(fitted.data, { ...quick, sigma: fitted.sigma, threads: 1 });
    await other.fit();
    const { uncertainty } = await other.place(twice, { sigma, uncertainty: draws });
    expect(measured(uncertainty)).toEqual([...order, ...order.slice(0, 2)].map((i) => measured()[i]));
  });

  test("differs from the uncertainty without a prior", async () => {
    const ofGaussians = await run.place(fresh, { sigma: freshSigma, uncertainty: draws, prior: "none" });
    const total = (values: Float32Array | undefined) => values?.reduce((sum, value) => sum + value, 0) ?? 0;
    expect(total(expected.uncertainty?.displacement)).not.toBe(total(ofGaussians.uncertainty?.displacement));
    await expect(run.place(fresh, { sigma: freshSigma, prior: "own" as "none" })).rejects.toThrow(
      'prior: expected one of "neighbors", "none"',
    );
  });

  test("depends on the seed", async () => {
    const other = await run.place(fresh, { sigma: freshSigma, uncertainty: draws, seed: 7 });
    expect(other.embedding.data).toEqual(expected.embedding.data);
    expect(measured(other.uncertainty)).not.toEqual(measured());
  });

  test("is zero for points without noise", async () => {
    const none = new Matrix(new Float32Array(n * d), n, d);
    const { uncertainty } = await run.place(fresh, { sigma: none, uncertainty: 3 });
    for (const value of uncertainty?.covariance.data ?? [1]) expect(value).toBeCloseTo(0, 6);
    for (const value of uncertainty?.displacement ?? [1]) expect(value).toBeCloseTo(0, 6);
  });

  test("is null if a row has no position", async () => {
    const broken = rowsOf(fresh).map((row, i) => (i === 2 ? [Number.NaN, ...row.slice(1)] : row));
    const negative = rowsOf(freshSigma).map((row, i) => (i === 5 ? [-1, ...row.slice(1)] : row));
    const bytes = bytesOf([
      batchOf({ mean: [listType("fixed32", d), broken], sigma: [listType("fixed32", d), negative] }),
    ]);
    const output = await collect(placeStream(run, piecesOf(bytes), { uncertainty: draws }));
    const nulls = NAMES.map(() => null);
    expect(columnsOf(output)).toEqual(measured().map((row, i) => (i === 2 || i === 5 ? nulls : row)));
  });

  test("has a covariance with the dimensions of the embedding", async () => {
    const solid = new Tsne(fitted.data, { ...quick, outputDimensions: 3, sigma: fitted.sigma, iterations: 20 });
    await solid.fit();
    const output = await collect(
      placeStream(solid, piecesOf(bytesOf(cut([3], lists))), { uncertainty: 2, prefix: "m_" }),
    );
    expect(
      tableOf(output)
        .schema.fields.map(({ name }) => name)
        .slice(4),
    ).toEqual(
      [
        "x",
        "y",
        "z",
        "divergence",
        "displacement",
        "var_x",
        "cov_xy",
        "cov_xz",
        "var_y",
        "cov_yz",
        "var_z",
        "share",
      ].map((name) => `m_${name}`),
    );
    const { uncertainty } = await solid.place(fresh, { sigma: freshSigma, uncertainty: 2 });
    expect(uncertainty?.covariance.shape).toEqual([n, 6]);
  });

  test("is rejected for runs without sigma, and out of its range, before the first row", async () => {
    const plain = new Tsne(fitted.data, { perplexity: 10, iterations: 5 });
    await plain.fit();
    const never = async function* (): AsyncGenerator<Uint8Array> {
      await new Promise(() => {});
      yield new Uint8Array();
    };
    await expect(placeStream(plain, never(), { uncertainty: 5 }).next()).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("fitted without sigma"),
    });
    for (const uncertainty of [1, 1001, 2.5]) {
      await expect(placeStream(run, never(), { uncertainty }).next()).rejects.toMatchObject({
        argument: "uncertainty",
      });
    }
    await expect(placeStream(run, never(), { seed: -1 }).next()).rejects.toMatchObject({ argument: "seed" });
  });
});
