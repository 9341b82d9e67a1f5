import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.js";
import { Matrix } from "../../src/matrix.js";
import { type MethodName, runBhTsne, runTsne, type TsneOptions } from "../../src/tsne/index.js";
import { makeGroups, mapValues } from "./points.js";

const data = makeGroups(300, 6);
const quick = { iterations: 150, perplexity: 20 };

describe("the method of repulsion", () => {
  test.each([
    ["few points", {}, "barnes-hut"],
    ["a theta of 0", { theta: 0 }, "exact"],
    ["fft on request", { method: "fft" }, "fft"],
    ["exact on request", { method: "exact" }, "exact"],
    ["a theta with exact", { method: "exact", theta: 0.5 }, "exact"],
  ] satisfies [string, TsneOptions, MethodName][])("with %s is stated in the result", async (_, options, method) => {
    expect((await runTsne(data, { ...quick, ...options })).method).toBe(method);
  });

  test("is chosen by the number of points and dimensions", async () => {
    const many = makeGroups(4000, 2);
    const few = { iterations: 3, perplexity: 5 };
    expect((await runTsne(many, few)).method).toBe("fft");
    expect((await runTsne(many, { ...few, theta: 0.5 })).method).toBe("barnes-hut");
    expect((await runTsne(many, { ...few, outputDimensions: 3 })).method).toBe("barnes-hut");
    expect((await runBhTsne(many, few)).method).toBe("barnes-hut");
  });

  test("does not affect the quality of the embedding", async () => {
    const kls = [];
    for (const method of ["exact", "barnes-hut", "fft"] as const) {
      kls.push((await runTsne(data, { ...quick, iterations: 500, method })).kl);
    }
    expect(Math.max(...kls) - Math.min(...kls)).toBeLessThan(0.05);
  });

  test("gives the same bytes with any number of threads", async () => {
    const embeddings = [];
    for (const threads of [1, 2, 4])
      embeddings.push((await runTsne(data, { ...quick, method: "fft", threads })).embedding);
    expect(embeddings[1]).toEqual(embeddings[0]);
    expect(embeddings[2]).toEqual(embeddings[0]);
  });

  test.each([
    [{ method: "ftt" }, "method", 'did you mean "fft"'],
    [{ method: "fft", outputDimensions: 3 }, "method", 'because "fft" needs 2'],
    [{ meshSpacing: 0 }, "meshSpacing", "0.1 to 1"],
    [{ meshSpacing: Number.NaN }, "meshSpacing", "0.1 to 1"],
  ])("refuses %j", async (options, argument, message) => {
    const failure = await runTsne(data, options as TsneOptions).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ArgumentError);
    expect(failure).toMatchObject({ argument, message: expect.stringContaining(message) });
  });

  test("is always Barnes-Hut for runBhTsne", async () => {
    await expect(runBhTsne(data, { method: "fft" } as TsneOptions)).rejects.toMatchObject({ argument: "method" });
  });
});

describe.each([
  ["barnes-hut", 2],
  ["barnes-hut", 3],
  ["barnes-hut", 1],
  ["fft", 2],
  ["exact", 2],
  ["exact", 3],
] as const)("%s in %i-D", (method, outputDimensions) => {
  test.each([
    ["3 points", makeGroups(3, 4)],
    ["equal points", new Matrix(new Float32Array(200 * 4).fill(0.1), 200, 4)],
    ["two far clusters", mapValues(makeGroups(200, 4), (value, row) => value + (row % 2) * 1e12)],
    ["values of 1e30", mapValues(makeGroups(200, 4), (value) => value * 1e30)],
    ["values of 1e-30", mapValues(makeGroups(200, 4), (value) => value * 1e-30)],
  ])("gives a finite embedding of %s", async (_, points) => {
    for (const sigma of [undefined, mapValues(points, (value) => Math.abs(value))]) {
      const { embedding, kl } = await runTsne(points, { method, outputDimensions, sigma, iterations: 300 });
      expect(embedding.data.every(Number.isFinite)).toBe(true);
      expect(kl).toBeGreaterThan(-1e-3);
      expect(kl).toBeLessThan(20);
    }
  });
});
