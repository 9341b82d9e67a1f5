import { join } from "node:path";
import { expect, test } from "vitest";
import { readMatrix } from "../../src/io/index.js";
import { runBhTsne } from "../../src/tsne/index.js";
import summary from "../fixtures/golden/summary.json" with { type: "json" };

const fixture = (name: string) => readMatrix(join(import.meta.dirname, "..", "fixtures", "golden", `${name}.npy`));
const mu = await fixture("mu");
const sigma = await fixture("sigma");
const y = await fixture("y");
const atY = { perplexity: summary.perplexity, init: y, iterations: 0 };

test.each([
  ["exact", 0, 5],
  ["Barnes-Hut", 0.2, 3],
])("the KL divergence of a given embedding is that of the reference, %s", async (_, theta, digits) => {
  const plain = await runBhTsne(mu, { ...atY, theta });
  expect(plain.kl).toBeCloseTo(summary.euclidean_kl_at_y, digits);
  const aware = await runBhTsne(mu, { ...atY, theta, sigma, varianceFloor: summary.variance_floor });
  expect(aware.kl).toBeCloseTo(summary.sigma_kl_at_y, digits);
});

test("a run of zero iterations returns the given initial embedding", async () => {
  const { embedding, iterations } = await runBhTsne(mu, atY);
  expect(embedding.data).toEqual(Float32Array.from(y.data));
  expect(embedding.shape).toEqual([summary.n, 2]);
  expect(iterations).toBe(0);
});
