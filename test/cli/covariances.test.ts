import { afterAll, beforeAll, expect, it } from "vitest";
import { readMatrix, readStack, writeMatrices, writeMatrix } from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { makeGroups, toCsv, Workplace } from "./workplace.js";

const [n, d, draws] = [90, 3, 6];
const data = makeGroups(n, d, 3);
const quick = ["--iterations", "60", "--perplexity", "8", "--quiet"];

/** Returns one matrix per point, computed by a function of point, row and column. */
const stack = (rows: number, cols: number, value: (i: number, a: number, b: number) => number): Matrix[] =>
  Array.from(
    { length: n },
    (_, i) =>
      new Matrix(
        Float64Array.from({ length: rows * cols }, (_, at) => value(i, Math.floor(at / cols), at % cols)),
        rows,
        cols,
      ),
  );

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  await workplace.write("mu.csv", toCsv(data));
  await workplace.write("sd.csv", toCsv(data.map((row) => row.map(() => 0.2))));
  const size = (i: number) => 0.1 + (i % 7) / 10;
  const save = (name: string, matrices: readonly Matrix[]) => writeMatrices(workplace.path(name), matrices);
  await save(
    "covariances.npy",
    stack(d, d, (i, a, b) => size(i) ** 2 * (a === b ? 1 : 0.5)),
  );
  await save(
    "factors.npy",
    stack(d, 1, (i, a) => size(i) * (a + 1)),
  );
  await save(
    "draws.npy",
    stack(draws, d, (i, a, b) => size(i) * Math.sin(3 * a + b)),
  );
  await save(
    "skewed.npy",
    stack(d, d, (i, a, b) => (a === b ? 1 : i === 4 && a < b ? 0.4 : 0)),
  );
});
afterAll(() => workplace.remove());

it.each([
  ["matrices", ["--covariance", "covariances.npy"]],
  ["factors beside standard deviations", ["--covariance-factors", "factors.npy", "--sigma", "sd.csv"]],
  ["draws", ["--covariance-draws", "draws.npy"]],
])("embeds with covariances from %s, saves the run and places points into it", async (_, flags) => {
  const embedded = await workplace.run([
    "embed",
    "mu.csv",
    ...flags,
    "-o",
    "map.npy",
    "--save",
    "run.tsne",
    ...quick,
    "--uncertainty",
    "3",
    "--json",
  ]);
  expect(embedded).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(embedded.stdout)).toMatchObject({ n, distance: "inverse-variance" });
  expect((await readMatrix(workplace.path("map_uncertainty.npy"))).rows).toBe(n);
  const placed = await workplace.run(["place", "run.tsne", "mu.csv", ...flags, "-o", "placed.npy", "--prior", "none"]);
  expect(placed).toMatchObject({ code: 0 });
  expect((await readMatrix(workplace.path("placed.npy"))).shape).toEqual([n, 2]);
});

it("applies --rows to covariances as well as to the data", async () => {
  const flags = ["embed", "mu.csv", "--covariance", "covariances.npy", "--rows", "10:70", "-o", "cut.npy"];
  expect(await workplace.run([...flags, ...quick])).toMatchObject({ code: 0, stderr: "" });
  expect((await readMatrix(workplace.path("cut.npy"))).rows).toBe(60);
});

it.each([
  [["--covariance", "skewed.npy"], 1, /--covariance: expected symmetric matrices\. The matrix of row 4 has/],
  [["--covariance", "draws.npy"], 2, /--covariance: expected 90 x 3 x 3, one matrix per point, received 90 x 6 x 3/],
  [["--covariance", "mu.csv"], 1, /is not a \.npy file: expected an array of three dimensions/],
  [["--covariance", "covariances.npy", "--sigma", "sd.csv"], 2, /--sigma: cannot be used with --covariance/],
  [["--covariance", "covariances.npy", "--landmarks", "40"], 2, /--landmarks: cannot be used with --covariance/],
  [["--covariance", "covariances.npy", "--standardize", "zscore"], 2, /--standardize: cannot be used/],
  [
    ["--covariance", "covariances.npy", "--distance", "jeffreys"],
    2,
    /--distance: expected one of .* because the other distances cannot be used with covariances/,
  ],
  [["--covariance", "covariances.npy", "--pca", "2"], 2, /--pca: cannot be used with --covariance/],
])("rejects %j with the reason", async (flags, code, message) => {
  const outcome = await workplace.run(["embed", "mu.csv", ...flags, "-o", "refused.npy", ...quick]);
  expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code, stderr: expect.stringMatching(message) });
});

it("reads arrays of three dimensions with their shape", async () => {
  const { data: numbers, shape } = await readStack(workplace.path("factors.npy"));
  expect(shape).toEqual([n, d, 1]);
  expect(numbers[1]).toBeCloseTo(0.2);
  await writeMatrix(workplace.path("flat.npy"), new Matrix(new Float32Array(6), 3, 2));
  await expect(readStack(workplace.path("flat.npy"))).rejects.toThrow(/has shape \(3, 2\): expected three dimensions/);
});
