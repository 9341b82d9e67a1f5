import { describe, expect, test } from "vitest";
import type { Matrix, MatrixLike } from "../../src/matrix.js";
import { runBhTsne } from "../../src/tsne/index.js";
import { digest, makeGroups, makeUniform, mapValues } from "./points.js";

const [n, d] = [60, 4];
const data = makeGroups(n, d);
const sigma = makeUniform(n, d, 0.1, 2);
const start = makeUniform(n, 2, -1, 1);
const iterations = 30;

const FORMS: Record<string, (matrix: Matrix) => MatrixLike> = {
  "a Matrix": (matrix) => matrix,
  "nested arrays": (matrix) => matrix.toArrays(),
  "rows of Float32Array": ({ rows, row, ...matrix }) =>
    Array.from({ length: rows }, (_, i) => Float32Array.from(row.call({ rows, ...matrix } as Matrix, i))),
  "{data, rows, cols} in float32": ({ data, rows, cols }) => ({ data: Float32Array.from(data), rows, cols }),
  "{data, shape} in float64": ({ data, shape }) => ({ data: Float64Array.from(data), shape }),
  "{data, shape} in float32": ({ data, shape }) => ({ data: Float32Array.from(data), shape }),
  "a Float64Array with a shape": ({ data, shape }) => Object.assign(Float64Array.from(data), { shape }),
  "a tensor": ({ data, shape }) => ({ shape, dataSync: () => Float32Array.from(data) }),
  "a view into a larger buffer": ({ data, rows, cols }) => {
    const buffer = new Float32Array(data.length + 10);
    buffer.set(data, 7);
    return { data: buffer.subarray(7, 7 + data.length), rows, cols };
  },
  "shared memory": ({ data, rows, cols }) => {
    const shared = new Float64Array(new SharedArrayBuffer(8 * data.length));
    shared.set(data);
    return { data: shared, rows, cols };
  },
};

describe("data, sigma and init are accepted as", () => {
  test.each(Object.entries(FORMS))("%s", async (_, form) => {
    const expected = await runBhTsne(data, { sigma, init: start, iterations });
    const result = await runBhTsne(form(data), { sigma: form(sigma), init: form(start), iterations });
    expect(digest(result.embedding)).toEqual(digest(expected.embedding));
  });

  test.each([Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array])(
    "%o",
    async (Type) => {
      const whole = mapValues(data, (value) => Math.round(10 * Math.abs(value)));
      const expected = await runBhTsne(whole, { iterations });
      const result = await runBhTsne({ data: Type.from(whole.data), rows: n, cols: d }, { iterations });
      expect(digest(result.embedding)).toEqual(digest(expected.embedding));
    },
  );
});

test("the input is not modified", async () => {
  const inputs = [data, sigma, start].map((matrix) => mapValues(matrix, (value) => value));
  const [means, deviations, init] = inputs as [Matrix, Matrix, Matrix];
  await runBhTsne(means, { sigma: deviations, init, iterations });
  await runBhTsne(means, { pca: true, iterations });
  expect(inputs.map(({ data }) => data)).toEqual([data.data, sigma.data, start.data]);
});

test("options are not modified and may be frozen", async () => {
  const options = Object.freeze({ sigma, init: start, iterations });
  await runBhTsne(data, options);
  expect(options).toEqual({ sigma, init: start, iterations });
});

test("changes of the input after the call have no effect", async () => {
  const expected = await runBhTsne(data, { sigma, init: start, iterations });
  const [means, deviations, init] = [data, sigma, start].map((matrix) => mapValues(matrix, (value) => value)) as [
    Matrix,
    Matrix,
    Matrix,
  ];
  const running = runBhTsne(means, { sigma: deviations, init, iterations });
  for (const matrix of [means, deviations, init]) {
    matrix.data.fill(Number.NaN);
    structuredClone(matrix.data.buffer, { transfer: [matrix.data.buffer as ArrayBuffer] });
  }
  expect(digest((await running).embedding)).toEqual(digest(expected.embedding));
});

test("every result has separate memory", async () => {
  const [first, second] = await Promise.all([runBhTsne(data, { iterations }), runBhTsne(data, { iterations })]);
  first.embedding.data.fill(0);
  expect(second.embedding.data.some((value) => value !== 0)).toBe(true);
});
