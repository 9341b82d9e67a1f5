import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { estimateNoiseModel, Matrix, readMatrix, runTsne } from "../../src/index.js";

const golden = (name: string) => readMatrix(join(import.meta.dirname, "..", "fixtures", "golden", `${name}.npy`));
const scaled = (matrix: Matrix, factor: number) =>
  new Matrix(
    Float64Array.from(matrix.data, (value) => value * factor),
    matrix.rows,
    matrix.cols,
  );

describe("estimateNoiseModel", () => {
  it("estimates the same floor as the float64 reference for the golden points", async () => {
    const { varianceFloor, variance, neighborVariance } = await estimateNoiseModel(
      await golden("mu"),
      await golden("sigma"),
    );
    expect(varianceFloor).toBeCloseTo(0.2069, 3);
    expect(variance).toHaveLength(12);
    expect(2 * (neighborVariance.reduce((sum, value) => sum + value, 0) / 12)).toBeCloseTo(varianceFloor, 12);
  });

  it("adapts to the units of the data, so that the embedding does not depend on them", async () => {
    const [mu, sigma] = [await golden("mu"), await golden("sigma")];
    const [small, smallSigma] = [scaled(mu, 0.01), scaled(sigma, 0.01)];
    const { varianceFloor } = await estimateNoiseModel(mu, sigma);
    const { varianceFloor: smallFloor } = await estimateNoiseModel(small, smallSigma);
    expect(smallFloor / varianceFloor).toBeCloseTo(1e-4, 9);
    const settings = { perplexity: 10, iterations: 0 };
    const one = await runTsne(mu, { sigma, varianceFloor, ...settings });
    const other = await runTsne(small, { sigma: smallSigma, varianceFloor: smallFloor, ...settings });
    expect(other.kl).toBeCloseTo(one.kl, 5);
  });

  it("does not depend on the number of threads", async () => {
    const [mu, sigma] = [await golden("mu"), await golden("sigma")];
    expect(await estimateNoiseModel(mu, sigma, { threads: 1 })).toEqual(
      await estimateNoiseModel(mu, sigma, { threads: 3 }),
    );
  });

  it("rejects standard deviations of another shape and negative ones", async () => {
    const mu = await golden("mu");
    await expect(estimateNoiseModel(mu, [[1]])).rejects.toMatchObject({ code: "SHAPE_MISMATCH", argument: "sigma" });
    await expect(estimateNoiseModel(mu, scaled(mu, 1))).rejects.toMatchObject({ code: "NEGATIVE_SIGMA" });
  });
});
