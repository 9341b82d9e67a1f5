import { expect, test } from "vitest";
import type { Matrix } from "../../src/matrix.js";
import { runBhTsne } from "../../src/tsne/index.js";
import { resolveTsneOptions } from "../../src/tsne/options.js";
import { digest, makeGroups } from "./points.js";

const data = makeGroups(300, 6);
const options = { iterations: 400, earlyExaggerationIterations: 100 };

/** Mean distance between points of the same group, divided by the mean distance between all points. */
function spread(embedding: Matrix): number {
  const sums = { within: 0, all: 0 };
  const counts = { within: 0, all: 0 };
  for (let i = 0; i < embedding.rows; i++) {
    for (let j = 0; j < i; j++) {
      const distance = Math.hypot(embedding.at(i, 0) - embedding.at(j, 0), embedding.at(i, 1) - embedding.at(j, 1));
      for (const kind of i % 3 === j % 3 ? (["within", "all"] as const) : (["all"] as const)) {
        sums[kind] += distance;
        counts[kind]++;
      }
    }
  }
  return sums.within / counts.within / (sums.all / counts.all);
}

test("exaggeration draws groups together, and the KL divergence is reported without it", async () => {
  const plain = await runBhTsne(data, options);
  const drawn = await runBhTsne(data, { ...options, exaggeration: 4 });
  expect(spread(drawn.embedding)).toBeLessThan(0.8 * spread(plain.embedding));
  expect(drawn.kl).toBeGreaterThan(plain.kl);
  const asIs = await runBhTsne(data, { ...options, exaggeration: 4, init: drawn.embedding, iterations: 0 });
  const plainThere = await runBhTsne(data, { init: drawn.embedding, iterations: 0 });
  expect(asIs.kl).toBe(plainThere.kl);
  expect(drawn.kl).toBeCloseTo(plainThere.kl, 4);
});

test("early exaggeration followed by the same exaggeration equals one run of it", async () => {
  const rest = { exaggeration: 12, learningRate: 50, momentum: 0.8, iterations: 200 };
  const always = await runBhTsne(data, { ...rest, earlyExaggerationIterations: 0 });
  const inTurn = await runBhTsne(data, { ...rest, earlyExaggerationIterations: 100 });
  expect(digest(inTurn.embedding)).toBe(digest(always.embedding));
});

test("the automatic learning rate depends on the current exaggeration", () => {
  const optimizer = "momentum";
  expect(resolveTsneOptions({ optimizer, exaggeration: 4 }, 12_000, 10)).toMatchObject({
    learningRate: 1000,
    finalLearningRate: 3000,
  });
  expect(resolveTsneOptions({ optimizer, exaggeration: 1000 }, 12_000, 10).finalLearningRate).toBe(50);
});
