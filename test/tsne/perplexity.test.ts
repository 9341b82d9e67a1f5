import { expect, test } from "vitest";
import { evaluate } from "../../src/quality/index.js";
import { Tsne, type TsneOptions } from "../../src/tsne/index.js";
import { digest, makeGroups, makeUniform } from "./points.js";

const data = makeGroups(150, 6);
const embed = (options: TsneOptions) => new Tsne(data, { iterations: 60, ...options }).fit();

test("a list of one perplexity gives the same bits as that perplexity", async () => {
  const [one, listed] = [await embed({ perplexity: 10 }), await embed({ perplexity: [10] })];
  expect(digest(listed.embedding)).toBe(digest(one.embedding));
  expect(listed.options).toEqual(one.options);
});

test("several perplexities give a different embedding, which does not depend on their order or on the threads", async () => {
  const several = await embed({ perplexity: [40, 5, 12.5], sigma: makeUniform(150, 6, 0.1, 1) });
  const sorted = await embed({ perplexity: [5, 12.5, 40], sigma: makeUniform(150, 6, 0.1, 1), threads: 3 });
  expect(several.options.perplexity).toEqual([5, 12.5, 40]);
  expect(digest(several.embedding)).toBe(digest(sorted.embedding));
  for (const perplexity of [5, 12.5, 40]) {
    expect(digest((await embed({ perplexity })).embedding)).not.toBe(digest(several.embedding));
  }
});

test("the largest perplexity decides how many given neighbors are needed", async () => {
  const lists = (m: number) => ({
    indices: Array.from({ length: 150 }, (_, i) => Array.from({ length: m }, (_, j) => (i + j + 1) % 150)),
    distances: Array.from({ length: 150 }, () => Array.from({ length: m }, (_, j) => j + 1)),
  });
  const { embedding } = await embed({ perplexity: [5, 20], neighbors: lists(60) });
  expect(embedding.data.every(Number.isFinite)).toBe(true);
  expect(() => new Tsne(data, { perplexity: [5, 20], neighbors: lists(59) })).toThrow("at least 60 other points");
});

test("the measures of an embedding accept the same perplexities", async () => {
  const perplexity = [5, 12, 40];
  const { embedding, kl } = await embed({ perplexity, theta: 0 });
  expect((await evaluate(data, embedding, { perplexity })).kl).toBeCloseTo(kl, 5);
});
