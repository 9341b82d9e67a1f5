import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArgumentError, DataError } from "../src/errors.js";
import { Matrix, type MatrixLike, type NumericArray, toMatrix } from "../src/matrix.js";

const six = Float32Array.of(1, 2, 3, 4, 5, 6);

function failureOf(input: unknown, argument?: string): unknown {
  try {
    toMatrix(input as MatrixLike, argument);
  } catch (error) {
    return error;
  }
  return expect.fail("the input was accepted");
}

describe("Matrix", () => {
  const matrix = new Matrix(six, 2, 3);

  test("wraps its data row after row, without a copy", () => {
    expect(matrix.data).toBe(six);
    expect(matrix.shape).toEqual([2, 3]);
    expect(matrix.at(0, 2)).toBe(3);
    expect(matrix.at(1, 0)).toBe(4);
    expect(matrix.row(1)).toEqual(Float32Array.of(4, 5, 6));
    expect(matrix.row(1).buffer).toBe(six.buffer);
    expect(matrix.toArrays()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  test("slices rows as views", () => {
    expect(matrix.slice(1, 2).toArrays()).toEqual([[4, 5, 6]]);
    expect(matrix.slice(1, 2).data.buffer).toBe(six.buffer);
    expect(matrix.slice(1, 1).shape).toEqual([0, 3]);
    expect(matrix.slice(0, 2).toArrays()).toEqual(matrix.toArrays());
  });

  test("may be empty", () => {
    expect(new Matrix(new Float32Array(), 0, 3).toArrays()).toEqual([]);
    expect(new Matrix(new Float32Array(), 2, 0).toArrays()).toEqual([[], []]);
  });

  test.each([
    [2, 2],
    [7, 1],
    [-2, -3],
    [1.5, 4],
    [Number.NaN, 6],
  ])("rejects six numbers for the shape %s x %s", (rows, cols) => {
    expect(() => new Matrix(six, rows, cols)).toThrow(
      expect.objectContaining({ name: "ArgumentError", code: "SHAPE_MISMATCH", argument: "data", received: six }),
    );
  });

  test.each([
    ["an array", [1, 2, 3, 4, 5, 6]],
    ["integers", Int32Array.of(1, 2, 3, 4, 5, 6)],
    ["undefined", undefined],
  ])("rejects data that is %s", (_, data) => {
    expect(() => new Matrix(data as unknown as Float32Array, 2, 3)).toThrow(ArgumentError);
  });
});

describe("toMatrix", () => {
  test("returns a Matrix unchanged", () => {
    const matrix = new Matrix(six, 2, 3);
    expect(toMatrix(matrix)).toBe(matrix);
  });

  test.each<[string, MatrixLike]>([
    ["{data, rows, cols}", { data: six, rows: 2, cols: 3 }],
    ["{data, shape}", { data: six, shape: [2, 3] }],
    ["a typed array with a shape", Object.assign(six.subarray(), { shape: [2, 3] })],
    ["a tensor", { shape: [2, 3], dataSync: () => six }],
  ])("wraps floats without a copy: %s", (_, input) => {
    const matrix = toMatrix(input);
    expect(matrix).toBeInstanceOf(Matrix);
    expect(matrix.shape).toEqual([2, 3]);
    expect(matrix.data.buffer).toBe(six.buffer);
  });

  test("calls dataSync as a method of its tensor", () => {
    class Tensor {
      readonly shape = [2, 3];
      readonly values = six;
      dataSync(): Float32Array {
        return this.values;
      }
    }
    expect(toMatrix(new Tensor()).toArrays()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  test("accepts a shape that is a typed array", () => {
    expect(toMatrix({ data: six, shape: Int32Array.of(3, 2) as unknown as number[] }).shape).toEqual([3, 2]);
  });

  test.each([
    [Int8Array, Float32Array],
    [Uint8Array, Float32Array],
    [Uint8ClampedArray, Float32Array],
    [Int16Array, Float32Array],
    [Uint16Array, Float32Array],
    [Int32Array, Float64Array],
    [Uint32Array, Float64Array],
  ])("converts %o to floating-point numbers without loss", (From, To) => {
    const greatest = From.from([-1, 2 ** 32 - 1, 127]) as NumericArray;
    const { data } = toMatrix({ data: greatest, rows: 1, cols: 3 });
    expect(data).toBeInstanceOf(To);
    expect(Array.from(data)).toEqual(Array.from(greatest));
  });

  test("copies nested arrays, and rows of typed arrays, into float64", () => {
    const rows = [
      [0.1, 2],
      [3, 4],
    ];
    expect(toMatrix(rows)).toEqual(new Matrix(Float64Array.of(0.1, 2, 3, 4), 2, 2));
    expect(toMatrix(rows.map((row) => Float64Array.from(row)))).toEqual(toMatrix(rows));
    expect(toMatrix([])).toEqual(new Matrix(new Float64Array(), 0, 0));
    expect(toMatrix([[], []]).shape).toEqual([2, 0]);
  });

  test("does not check the values", () => {
    expect(toMatrix([[Number.NaN, Number.POSITIVE_INFINITY]]).toArrays()).toEqual([
      [Number.NaN, Number.POSITIVE_INFINITY],
    ]);
  });

  test.each([
    ["undefined", undefined],
    ["null", null],
    ["a number", 1],
    ["a string", "1,2"],
    ["a function", () => six],
    ["an empty object", {}],
    ["a typed array without a shape", six],
    ["data without a shape", { data: six }],
    ["a shape without data", { shape: [2, 3] }],
    ["data in a plain array", { data: [1, 2], rows: 1, cols: 2 }],
    ["data in a buffer", { data: six.buffer, rows: 2, cols: 3 }],
    ["data in a DataView", { data: new DataView(six.buffer), rows: 2, cols: 3 }],
    ["64-bit integers", { data: BigInt64Array.of(1n), rows: 1, cols: 1 }],
    ["a negative shape", { data: six, shape: [-2, -3] }],
    ["a fractional shape", { data: six, shape: [1.5, 4] }],
    ["a shape of text", { data: six, shape: ["2", "3"] }],
    ["rows of text", { data: six, rows: "2", cols: 3 }],
    ["a flat array", [1, 2, 3]],
    ["an array of text", ["ab", "cd"]],
    ["an array of nulls", [null, null]],
    ["rows that only have a length", [{ length: -1 }]],
    ["rows of an endless length", [{ length: 1e20 }]],
    ["a tensor with a promise of data", { shape: [1, 1], dataSync: async () => six }],
  ])("rejects %s, which is not a matrix", (_, input) => {
    const error = failureOf(input, "sigma");
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({
      code: "INVALID_ARGUMENT",
      argument: "sigma",
      message: expect.stringMatching(/^sigma: expected (a matrix|numbers)/),
    });
  });

  test.each([[[6]], [[1, 2, 3]]])("rejects the shape %j and names its dimensions", (shape) => {
    expect(failureOf({ data: six, shape })).toMatchObject({
      code: "INVALID_ARGUMENT",
      received: shape,
      message: `data: expected a shape of two dimensions, received [${shape.join(", ")}]`,
    });
  });

  test("rejects a shape that does not match the data", () => {
    expect(failureOf({ data: six, rows: 3, cols: 3 }, "init")).toMatchObject({
      name: "ArgumentError",
      code: "SHAPE_MISMATCH",
      argument: "init",
      received: six,
      accepted: "3 x 3 = 9 numbers",
      message: "init: expected 3 x 3 = 9 numbers, received a Float32Array of length 6",
    });
  });

  test("rejects an array whose memory was transferred", () => {
    const gone = Float32Array.of(1, 2);
    structuredClone(gone, { transfer: [gone.buffer] });
    expect(failureOf({ data: gone, rows: 1, cols: 2 })).toMatchObject({ code: "SHAPE_MISMATCH" });
  });

  test("rejects rows of different lengths and names the first one that differs", () => {
    const ragged = [[1, 2], [3, 4], [5], [6]];
    expect(failureOf(ragged)).toMatchObject({
      name: "ArgumentError",
      code: "SHAPE_MISMATCH",
      argument: "data",
      received: [5],
      accepted: "rows of equal length (row 0 has 2 columns, row 2 has 1)",
    });
  });

  test("rejects a missing row", () => {
    const sparse = [[1, 2], undefined, [3, 4]];
    expect(failureOf(sparse)).toMatchObject({ code: "SHAPE_MISMATCH", message: expect.stringContaining("row 1") });
    delete sparse[1];
    expect(failureOf(sparse)).toMatchObject({ code: "SHAPE_MISMATCH", message: expect.stringContaining("row 1") });
  });

  test.each(["3", null, undefined, true, 3n])("rejects the cell %o and names its row and column", (received) => {
    const error = failureOf([
      [1, 2],
      [3, received],
    ]);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", argument: "data", received, row: 1, column: 1 });
  });

  test("preserves all numbers of a matrix of any shape", () => {
    const shaped = fc
      .record({ rows: fc.nat(20), cols: fc.integer({ min: 1, max: 20 }) })
      .chain(({ rows, cols }) =>
        fc.array(fc.array(fc.double(), { minLength: cols, maxLength: cols }), { minLength: rows, maxLength: rows }),
      );
    fc.assert(
      fc.property(shaped, (rows) => {
        const nested = toMatrix(rows);
        expect(nested.toArrays()).toEqual(rows);
        const { data, shape } = nested;
        const forms: MatrixLike[] = [
          { data, rows: shape[0], cols: shape[1] },
          { data, shape },
          Object.assign(data.slice(), { shape }),
          { shape, dataSync: () => data },
          rows.map((row) => Float64Array.from(row)),
        ];
        for (const form of forms) expect(toMatrix(form).toArrays()).toEqual(rows);
      }),
    );
  });

  test("accepts any value or rejects it with an ArgumentError", () => {
    const keys = fc.constantFrom("data", "shape", "rows", "cols", "dataSync", "length", "0");
    const leaf = fc.oneof(
      fc.anything({ withBigInt: true, withTypedArray: true, withSparseArray: true, withNullPrototype: true }),
      fc.array(fc.oneof(fc.integer({ min: -2, max: 9 }), fc.double())),
      fc.float32Array(),
      fc.bigInt64Array(),
      fc.integer({ min: -3, max: 1000 }),
      fc.constant(() => six),
    );
    const value = fc.oneof(leaf, fc.dictionary(keys, leaf), fc.array(fc.oneof(leaf, fc.dictionary(keys, leaf))));
    fc.assert(
      fc.property(value, (input) => {
        try {
          const matrix = toMatrix(input as MatrixLike, "input");
          expect(matrix.data.length).toBe(matrix.rows * matrix.cols);
          expect(matrix.data instanceof Float32Array || matrix.data instanceof Float64Array).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ArgumentError);
          expect((error as ArgumentError).code).toMatch(/^(INVALID_ARGUMENT|SHAPE_MISMATCH)$/);
          expect((error as ArgumentError).argument).toBe("input");
        }
      }),
      { numRuns: 3000 },
    );
  });
});
