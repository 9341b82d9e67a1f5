import { expect, test } from "vitest";
import { ArgumentError, DataError, SigmaTsneError } from "../../src/errors.js";
import type { Matrix, MatrixLike } from "../../src/matrix.js";
import { runBhTsne, Tsne, type TsneOptions } from "../../src/tsne/index.js";
import { makeGroups, makeUniform, mapValues } from "./points.js";

const [n, d] = [40, 3];
const data = makeGroups(n, d);
const sigma = makeUniform(n, d, 0.1, 1);

function withValue(matrix: Matrix, row: number, column: number, value: number): Matrix {
  return mapValues(matrix, (old, i, j) => (i === row && j === column ? value : old));
}

async function failureOf(input: unknown, options: unknown): Promise<unknown> {
  const running = runBhTsne(input as MatrixLike, options as TsneOptions);
  return running.then(
    () => expect.fail("the call was accepted"),
    (reason: unknown) => reason,
  );
}

interface Facts {
  code: string;
  argument: string;
  received?: unknown;
  accepted?: RegExp;
  message: string | RegExp;
}

/** A call that must fail: its name, its options, and the expected fields of its error. */
type Row = [name: string, options: unknown, facts: Facts];

const OPTIONS: Row[] = [
  ...[0.99, -1, 0, 13.1, 40, Number.NaN, Number.POSITIVE_INFINITY].map(
    (perplexity): Row => [
      `perplexity ${perplexity}`,
      { perplexity },
      {
        code: "OUT_OF_RANGE",
        argument: "perplexity",
        received: perplexity,
        accepted: /^1 to \(n - 1\) \/ 3 = 13 for 40 points$/,
        message: `perplexity: expected 1 to (n - 1) / 3 = 13 for 40 points, received ${perplexity}`,
      },
    ],
  ),
  ...Object.entries({
    "an empty list": [],
    "the same twice": [5, 10, 5],
  }).map(
    ([name, perplexity]): Row => [
      `perplexity: ${name}`,
      { perplexity },
      {
        code: "INVALID_ARGUMENT",
        argument: "perplexity",
        received: perplexity,
        message: /^perplexity: expected a number, or an array of at least one, all different, received an array/,
      },
    ],
  ),
  ...[
    [5, 14],
    [Number.NaN, 5],
    [5, 0.5],
  ].map(
    (perplexity): Row => [
      `perplexity ${perplexity}`,
      { perplexity },
      {
        code: "OUT_OF_RANGE",
        argument: "perplexity",
        received: perplexity.find((value) => value !== 5),
        message: /^perplexity: expected 1 to \(n - 1\) \/ 3 = 13 for 40 points, received /,
      },
    ],
  ),
  [
    "texts among the perplexities",
    { perplexity: [5, "10"] },
    {
      code: "INVALID_ARGUMENT",
      argument: "perplexity",
      received: "10",
      message: 'perplexity: expected a number, or an array of numbers, received "10"',
    },
  ],
  ...[
    "perplexity",
    "theta",
    "outputDimensions",
    "iterations",
    "seed",
    "pca",
    "earlyExaggeration",
    "earlyExaggerationIterations",
  ]
    .concat(["degreesOfFreedom", "exaggeration", "momentum", "finalMomentum", "threads", "varianceFloor"])
    .map(
      (argument): Row => [
        `${argument} as a string`,
        { [argument]: "1" },
        {
          code: "INVALID_ARGUMENT",
          argument,
          received: "1",
          accepted: /^("auto" or )?an? (number|integer)/,
          message: /received "1"$/,
        },
      ],
    ),
  ...Object.entries({
    theta: [-0.1, 1.1, Number.NaN],
    degreesOfFreedom: [0, -1, 0.01, 1e6, Number.NaN, Number.POSITIVE_INFINITY],
    outputDimensions: [0, 4, 1.5, -2, Number.NaN],
    snapshotEvery: [0, -1, 0.5, Number.NaN, 1e10],
    iterations: [-1, 0.5, Number.POSITIVE_INFINITY, 1e10],
    seed: [-1, 0.5, 2 ** 53, Number.NaN],
    pca: [0, 4, 1.5],
    learningRate: [0, -1, Number.NaN, Number.POSITIVE_INFINITY],
    earlyExaggeration: [0.5, -1, Number.NaN, Number.POSITIVE_INFINITY],
    earlyExaggerationIterations: [-1, 1.5],
    exaggeration: [0, 0.001, -1, 1e7, Number.NaN, Number.POSITIVE_INFINITY],
    momentum: [-0.1, 1, Number.NaN],
    finalMomentum: [-0.1, 1, Number.NaN],
    threads: [0, -1, 1.5, 1025],
    varianceFloor: [0, -1, Number.NaN, Number.POSITIVE_INFINITY],
  }).flatMap(([argument, values]) =>
    values.map(
      (received): Row => [
        `${argument} ${received}`,
        { [argument]: received },
        {
          code: "OUT_OF_RANGE",
          argument,
          received,
          accepted: /\d/,
          message: new RegExp(`^${argument}: expected .*\\d.*, received ${String(received).replace("+", "\\+")}$`),
        },
      ],
    ),
  ),
  [
    "snapshots without a callback",
    { snapshotEvery: 10 },
    {
      code: "INVALID_ARGUMENT",
      argument: "snapshotEvery",
      received: 10,
      message:
        "snapshotEvery: cannot be used without onSnapshot (on the command line, --animate or --snapshots). Leave it out",
    },
  ],
  [
    "a text as learning rate",
    { learningRate: "fast" },
    {
      code: "INVALID_ARGUMENT",
      argument: "learningRate",
      received: "fast",
      message: 'learningRate: expected "auto" or a number > 0, received "fast"',
    },
  ],
  [
    "an unknown distance",
    { distance: "euclidian" },
    {
      code: "INVALID_ARGUMENT",
      argument: "distance",
      received: "euclidian",
      message:
        'distance: expected one of "euclidean", "inverse-variance", "expected", "wasserstein", "mahalanobis", "mahalanobis-logdet", "bhattacharyya", "jeffreys", "likelihood-ratio", "cosine", "correlation", "manhattan" (did you mean "euclidean"?), received "euclidian"',
    },
  ],
  [
    "a number as distance",
    { distance: 2 },
    { code: "INVALID_ARGUMENT", argument: "distance", received: 2, message: /one of "euclidean".*received 2$/ },
  ],
  [
    "the sigma-aware distance without sigma",
    { distance: "inverse-variance" },
    {
      code: "INVALID_ARGUMENT",
      argument: "distance",
      received: "inverse-variance",
      message: /because the other distances need sigma/,
    },
  ],
  [
    "principal components with sigma",
    { sigma, pca: true },
    {
      code: "INVALID_ARGUMENT",
      argument: "pca",
      received: true,
      message: /^pca: cannot be used with sigma/,
    },
  ],
  [
    "a number of principal components with sigma",
    { sigma, pca: 2 },
    { code: "INVALID_ARGUMENT", argument: "pca", received: 2, message: /cannot be used with sigma/ },
  ],
  ...["verbose"].map(
    (argument): Row => [
      `${argument} as a number`,
      { [argument]: 1 },
      {
        code: "INVALID_ARGUMENT",
        argument,
        received: 1,
        message: `${argument}: expected true or false, received 1`,
      },
    ],
  ),
  [
    "an onProgress that is not a function",
    { onProgress: {} },
    { code: "INVALID_ARGUMENT", argument: "onProgress", received: {}, message: /expected a function/ },
  ],
  [
    "a signal of a wrong type",
    { signal: {} },
    { code: "INVALID_ARGUMENT", argument: "signal", received: {}, message: /expected an AbortSignal/ },
  ],
  ...[
    ["perplexty", "perplexity"],
    ["Perplexity", "perplexity"],
    ["iteration", "iterations"],
    ["randomSeed", undefined],
    ["sigmas", "sigma"],
    ["color", undefined],
  ].map(
    ([key, near]): Row => [
      `the unknown option ${key}`,
      { [key as string]: 3 },
      {
        code: "UNKNOWN_OPTION",
        argument: key as string,
        received: 3,
        accepted: /perplexity, iterations, tolerance, maxIterations, optimizer, outputDimensions, distance/,
        message: near
          ? `unknown option "${key}"; did you mean "${near}"?`
          : new RegExp(`^unknown option "${key}"; the options are sigma, .*distance, .*signal$`),
      },
    ],
  ),
  ...[null, 5, "theta=0", true, [], () => {}].map(
    (options): Row => [
      `options that are ${typeof options === "function" ? "a function" : JSON.stringify(options)}`,
      options,
      { code: "INVALID_ARGUMENT", argument: "options", received: options, message: /^options: expected an object/ },
    ],
  ),
];

const SHAPES: Row[] = [
  [
    "sigma of another number of rows",
    { sigma: makeUniform(n - 1, d, 0, 1) },
    {
      code: "SHAPE_MISMATCH",
      argument: "sigma",
      received: [39, 3],
      message: "sigma: expected 40 x 3, the shape of the data, received 39 x 3",
    },
  ],
  [
    "sigma of another number of columns",
    { sigma: makeUniform(n, 2, 0, 1) },
    { code: "SHAPE_MISMATCH", argument: "sigma", received: [40, 2], message: /received 40 x 2$/ },
  ],
  ...[null, 0.5, "sigma"].map(
    (received): Row => [
      `sigma that is ${received}`,
      { sigma: received },
      { code: "INVALID_ARGUMENT", argument: "sigma", received, message: /^sigma: expected a matrix/ },
    ],
  ),
  [
    "an initial embedding of another shape",
    { init: makeUniform(n, 3, 0, 1) },
    {
      code: "SHAPE_MISMATCH",
      argument: "init",
      received: [40, 3],
      message: "init: expected 40 x 2, points x outputDimensions, received 40 x 3",
    },
  ],
  [
    "an unknown initial embedding",
    { init: "spiral" },
    {
      code: "INVALID_ARGUMENT",
      argument: "init",
      received: "spiral",
      message: 'init: expected "pca", "spectral", "random" or an n x outputDimensions matrix, received "spiral"',
    },
  ],
  [
    "an initial embedding that is a number",
    { init: 1 },
    { code: "INVALID_ARGUMENT", argument: "init", received: 1, message: /^init: expected a matrix/ },
  ],
];

test.each([...OPTIONS, ...SHAPES])("%s is refused", async (_, options, { accepted, message, ...facts }) => {
  const error = await failureOf(data, options);
  expect(error).toBeInstanceOf(ArgumentError);
  expect(error).toMatchObject(facts);
  expect((error as ArgumentError).accepted).toMatch(accepted ?? /./);
  if (typeof message === "string") expect((error as Error).message).toBe(message);
  else expect((error as Error).message).toMatch(message);
  expect(() => new Tsne(data, options as TsneOptions)).toThrow((error as Error).message);
});

const VALUES: [string, unknown, unknown, Facts & { row: number; column: number }][] = [
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].flatMap(
    (received): [string, unknown, unknown, Facts & { row: number; column: number }][] => [
      [
        `${received} in the data`,
        withValue(withValue(data, 17, 1, received), 17, 2, Number.NaN),
        {},
        {
          code: "NOT_FINITE",
          argument: "data",
          received,
          row: 17,
          column: 1,
          message: `data: expected finite numbers, received ${received} at row 17, column 1`,
        },
      ],
      [
        `${received} in sigma`,
        data,
        { sigma: withValue(sigma, 39, 2, received) },
        {
          code: "NOT_FINITE",
          argument: "sigma",
          received,
          row: 39,
          column: 2,
          message: `sigma: expected finite standard deviations >= 0, received ${received} at row 39, column 2`,
        },
      ],
      [
        `${received} in the start`,
        data,
        { init: withValue(makeUniform(n, 2, -1, 1), 5, 1, received) },
        { code: "NOT_FINITE", argument: "init", received, row: 5, column: 1, message: /^init: .* at row 5, column 1$/ },
      ],
    ],
  ),
  [
    "a negative standard deviation",
    data,
    { sigma: withValue(sigma, 3, 0, -0.25) },
    {
      code: "NEGATIVE_SIGMA",
      argument: "sigma",
      received: -0.25,
      row: 3,
      column: 0,
      message: "sigma: expected finite standard deviations >= 0, received -0.25 at row 3, column 0",
    },
  ],
  [
    "an initial embedding with a huge value",
    data,
    { init: withValue(makeUniform(n, 2, -1, 1), 5, 0, -2e6) },
    {
      code: "OUT_OF_RANGE",
      argument: "init",
      received: -2e6,
      row: 5,
      column: 0,
      message: "init: expected numbers from -1000000 to 1000000, received -2000000 at row 5, column 0",
    },
  ],
  [
    "a cell of text in nested arrays",
    data.toArrays().map((row, i) => (i === 8 ? [row[0], "n/a", row[2]] : row)),
    {},
    {
      code: "INVALID_ARGUMENT",
      argument: "data",
      received: "n/a",
      row: 8,
      column: 1,
      message: 'data: expected numbers, received "n/a" at row 8, column 1',
    },
  ],
];

test.each(VALUES)("%s is refused with its row and column", async (_, input, options, { message, ...facts }) => {
  const error = await failureOf(input, options);
  expect(error).toBeInstanceOf(DataError);
  expect(error).toMatchObject(facts);
  if (typeof message === "string") expect((error as Error).message).toBe(message);
  else expect((error as Error).message).toMatch(message);
});

test.each([
  ["0 x 0", []],
  ["0 x 3", { data: new Float32Array(), rows: 0, cols: 3 }],
  ["1 x 3", [[1, 2, 3]]],
  ["2 x 1", [[1], [2]]],
  ["5 x 0", { data: new Float32Array(), rows: 5, cols: 0 }],
  ["3 x 0", [[], [], []]],
])("data of %s is rejected because it is too small", async (received, input) => {
  const error = await failureOf(input, {});
  expect(error).toBeInstanceOf(DataError);
  expect(error).toMatchObject({
    code: "TOO_FEW_POINTS",
    argument: "data",
    message: `data: expected at least 3 points of at least 1 dimension, received ${received}`,
    row: undefined,
    column: undefined,
  });
});

test.each([
  ["undefined", undefined],
  ["null", null],
  ["a number", 3],
  ["a string", "data.npy"],
  ["an object", { values: [1, 2] }],
  ["a flat array", [1, 2, 3]],
  ["a flat typed array", Float32Array.of(1, 2, 3)],
  ["a promise", Promise.resolve([[1]])],
])("data that is %s is refused", async (_, input) => {
  expect(await failureOf(input, {})).toMatchObject({
    name: "ArgumentError",
    code: "INVALID_ARGUMENT",
    argument: "data",
    received: input,
    accepted: expect.stringContaining("{data, rows, cols}"),
  });
});

test.each([1e18, 1e39, Number.MAX_VALUE])(
  "a learning rate of %s gives the error that the embedding diverged",
  async (learningRate) => {
    for (const theta of [0, 0.5]) {
      const error = await failureOf(data, { learningRate, theta });
      expect(error).toBeInstanceOf(SigmaTsneError);
      expect(error).toMatchObject({
        code: "DIVERGED",
        message: expect.stringMatching(/iteration \d+. Use a smaller learningRate$/),
      });
    }
  },
);

test("bad input rejects the promise and never throws", () => {
  for (const [input, options] of [
    [undefined, {}],
    [data, null],
    [data, { outputDimensions: 9 }],
  ] as const) {
    const running = runBhTsne(input as unknown as MatrixLike, options as TsneOptions);
    expect(running).toBeInstanceOf(Promise);
    running.catch(() => {});
  }
});
