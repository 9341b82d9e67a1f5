import fc from "fast-check";
import { expect, test } from "vitest";
import { backend } from "../../src/backend.js";
import { ArgumentError } from "../../src/errors.js";
import { TSNE_OPTIONS } from "../../src/tsne/declarations.js";
import { Tsne } from "../../src/tsne/index.js";
import { resolveTsneOptions, type TsneOptions } from "../../src/tsne/options.js";
import { makeGroups } from "./points.js";

const KEYS = Object.keys(TSNE_OPTIONS);

const CODES = ["INVALID_ARGUMENT", "OUT_OF_RANGE", "UNKNOWN_OPTION"];

const garbage = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withNullPrototype: true }),
  fc.double(),
  fc.constantFrom<unknown>(null, "auto", "pca", "euclidean", Symbol("garbage"), () => {}, new Map(), Number.MAX_VALUE),
);

const sizes = { n: fc.integer({ min: 3, max: 5000 }), d: fc.integer({ min: 1, max: 500 }) };

function expectResolvedOrRejected(options: object, n: number, d: number): void {
  try {
    const resolved = resolveTsneOptions(options as TsneOptions, n, d);
    for (const perplexity of [resolved.perplexity].flat()) {
      expect(perplexity).toBeGreaterThanOrEqual(1);
      expect(perplexity).toBeLessThanOrEqual(Math.max(1, (n - 1) / 3));
    }
    expect([1, 2, 3]).toContain(resolved.outputDimensions);
    expect(resolved.theta).toBeGreaterThanOrEqual(0);
    expect(resolved.theta).toBeLessThanOrEqual(1);
    const iterations = resolved.iterations === "auto" ? resolved.maxIterations : resolved.iterations;
    for (const whole of [iterations, resolved.seed, resolved.earlyExaggerationIterations, resolved.threads]) {
      expect(Number.isSafeInteger(whole) && (whole as number) >= 0).toBe(true);
    }
    const rates = resolved.optimizer === "momentum" ? [resolved.learningRate, resolved.finalLearningRate] : [];
    const floor = resolved.varianceFloor === "auto" ? [] : [resolved.varianceFloor];
    const tolerance = resolved.iterations === "auto" ? [resolved.tolerance] : [];
    for (const positive of [...rates, ...tolerance, ...floor]) {
      expect(positive).toBeGreaterThan(0);
      expect(positive).toBeLessThan(Number.POSITIVE_INFINITY);
    }
    if (resolved.pca !== undefined) expect(resolved.pca).toBeLessThanOrEqual(Math.min(n, d));
    expect(["pca", "random", "given"]).toContain(resolved.init);
  } catch (error) {
    expect(error).toBeInstanceOf(ArgumentError);
    const { code, argument, accepted, message } = error as ArgumentError;
    expect(CODES).toContain(code);
    expect(argument).not.toBe("");
    expect(accepted).not.toBe("");
    expect(message).not.toMatch(/undefined (to|is)|NaN to|\[object/);
  }
}

test("any value of any single option is accepted or rejected with an ArgumentError", () => {
  fc.assert(
    fc.property(fc.constantFrom(...KEYS), garbage, sizes.n, sizes.d, (key, value, n, d) => {
      expectResolvedOrRejected({ [key]: value }, n, d);
    }),
    { numRuns: 2000 },
  );
});

test("any values of several options are accepted or rejected with an ArgumentError", () => {
  fc.assert(fc.property(fc.dictionary(fc.constantFrom(...KEYS), garbage), sizes.n, sizes.d, expectResolvedOrRejected), {
    numRuns: 500,
  });
});

test("the curvature optimizer until convergence is the default, and the momentum optimizer if one of its settings is given", () => {
  const resolve = (options: TsneOptions) => resolveTsneOptions(options, 6000, 10);
  const schedule = {
    earlyExaggerationIterations: 250,
    iterations: 1000,
    tolerance: undefined,
    maxIterations: undefined,
  };
  const momentum = { ...schedule, optimizer: "momentum", momentum: 0.5, finalMomentum: 0.8 };
  const rates = { learningRate: 500, finalLearningRate: 6000 };
  expect(resolve({ optimizer: "momentum" })).toMatchObject({ ...momentum, ...rates });
  expect(resolve({ learningRate: 200 })).toMatchObject({ ...momentum, learningRate: 200, finalLearningRate: 200 });
  expect(resolve({ momentum: 0.7 })).toMatchObject({ ...momentum, ...rates, momentum: 0.7 });
  expect(resolve({ finalMomentum: 0.9 })).toMatchObject({ ...momentum, ...rates, finalMomentum: 0.9 });
  const untilConverged = { iterations: "auto", tolerance: 0.005, maxIterations: 1000 } as const;
  expect(resolve({ optimizer: "momentum", iterations: "auto" })).toMatchObject({
    ...momentum,
    ...rates,
    ...untilConverged,
  });
  const curvature = {
    optimizer: "curvature",
    earlyExaggerationIterations: 90,
    learningRate: undefined,
    finalLearningRate: undefined,
    momentum: undefined,
    finalMomentum: undefined,
  } as const;
  expect(resolve({})).toMatchObject({ ...curvature, ...untilConverged });
  expect(resolve({ learningRate: "auto" })).toMatchObject({ ...curvature, ...untilConverged });
  expect(resolve({ iterations: 300 })).toMatchObject({ ...curvature, iterations: 300 });
});

test.each<[TsneOptions, string]>([
  [{ optimizer: "curvature", learningRate: 200 }, "learningRate"],
  [{ optimizer: "curvature", momentum: 0.5 }, "momentum"],
  [{ optimizer: "curvature", finalMomentum: 0.8 }, "finalMomentum"],
  [{ iterations: 300, tolerance: 0.01 }, "tolerance"],
  [{ iterations: 300, maxIterations: 500 }, "maxIterations"],
  [{ optimizer: "momentum", tolerance: 0.01 }, "tolerance"],
  [{ learningRate: 200, maxIterations: 500 }, "maxIterations"],
])("options that have no effect in a run are rejected: %o", (options, argument) => {
  expect(() => resolveTsneOptions(options, 100, 10)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT", argument }),
  );
});

test("any unknown key is rejected with its name", () => {
  fc.assert(
    fc.property(
      fc.string().filter((key) => !KEYS.includes(key) && key !== "__proto__"),
      garbage,
      (key, value) => {
        expect(() => resolveTsneOptions({ [key]: value } as TsneOptions, 100, 10)).toThrow(
          expect.objectContaining({ code: "UNKNOWN_OPTION", argument: key }),
        );
      },
    ),
  );
});

test("every documented option is accepted within its range", () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
  const whole = fc.integer({ min: 0, max: 1e9 });
  const options = fc.record(
    {
      perplexity: fc.double({ min: 1, max: 33, noNaN: true }),
      theta: unit,
      degreesOfFreedom: fc.double({ min: 0.1, max: 100, noNaN: true }),
      outputDimensions: fc.constantFrom(1, 2, 3),
      iterations: whole,
      seed: fc.maxSafeNat(),
      pca: fc.integer({ min: 1, max: 10 }),
      init: fc.constantFrom("pca", "random"),
      learningRate: positive,
      earlyExaggeration: fc.double({ min: 1, max: 1e6, noNaN: true }),
      earlyExaggerationIterations: whole,
      exaggeration: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
      momentum: unit.filter((value) => value < 1),
      finalMomentum: unit.filter((value) => value < 1),
      threads: fc.integer({ min: 1, max: 1024 }),
      varianceFloor: positive,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(options, (chosen) => {
      const { threads, ...others } = chosen;
      const inUse = threads === undefined ? {} : { threads: Math.min(threads, backend.mostThreads) };
      expect(resolveTsneOptions(chosen as TsneOptions, 100, 10)).toMatchObject({ ...others, ...inUse });
    }),
  );
});

test.each(KEYS)("null for %s counts as left out or is rejected, and never has another effect", (key) => {
  const points = makeGroups(40, 3);
  const resolve = (options: unknown) => new Tsne(points, options as TsneOptions).options;
  try {
    expect(resolve({ [key]: null })).toEqual(resolve({}));
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", argument: key, received: null });
  }
});
