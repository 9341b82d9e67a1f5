import { expect, describe as group, test } from "vitest";
import { AbortError, ArgumentError, DataError, describe, FileError, SigmaTsneError } from "../src/errors.js";

group("every error of the package", () => {
  const cause = new Error("below");
  const facts = { argument: "theta", received: 2, accepted: "0 to 1" };

  test.each([
    ["SigmaTsneError", new SigmaTsneError("BUSY", "at work", { cause }), "BUSY", "at work"],
    [
      "ArgumentError",
      new ArgumentError("OUT_OF_RANGE", facts, { cause }),
      "OUT_OF_RANGE",
      "theta: expected 0 to 1, received 2",
    ],
    ["FileError", new FileError("FILE_READ", "map.npy", "is a folder", { cause }), "FILE_READ", "map.npy: is a folder"],
    ["AbortError", new AbortError("enough", { cause }), "ABORTED", "enough"],
  ])("is a SigmaTsneError with name, code, message and cause: %s", (name, error, code, message) => {
    expect(error).toBeInstanceOf(SigmaTsneError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name, code, message });
    expect(error.cause).toBe(cause);
    expect(error.stack).toContain(message);
    expect(String(error)).toBe(`${name}: ${message}`);
  });
});

test("an ArgumentError contains the received value and the accepted values", () => {
  const received = Float32Array.of(1, 2);
  const error = new ArgumentError("SHAPE_MISMATCH", { argument: "sigma", received, accepted: "3 numbers" });
  expect(error.received).toBe(received);
  expect(error).toMatchObject({ argument: "sigma", accepted: "3 numbers" });
  expect(error.message).toBe("sigma: expected 3 numbers, received a Float32Array of length 2");
});

test("an ArgumentError may have its own message", () => {
  const facts = { argument: "sigma", received: 1, accepted: "0", message: "no sigma" };
  expect(new ArgumentError("INVALID_ARGUMENT", facts).message).toBe("no sigma");
});

test("a DataError is an ArgumentError with row and column, if they are known", () => {
  const facts = { argument: "data", received: Number.NaN, accepted: "finite numbers" };
  const placed = new DataError("NOT_FINITE", { ...facts, row: 0, column: 2 });
  expect(placed).toBeInstanceOf(ArgumentError);
  expect(placed).toMatchObject({ name: "DataError", row: 0, column: 2 });
  expect(placed.message).toBe("data: expected finite numbers, received NaN at row 0, column 2");
  const whole = new DataError("TOO_FEW_POINTS", facts);
  expect(whole).toMatchObject({ row: undefined, column: undefined });
  expect(whole.message).toBe("data: expected finite numbers, received NaN");
});

test("a FileError contains the path", () => {
  expect(new FileError("FILE_WRITE", "a/b.csv", "disk full").path).toBe("a/b.csv");
});

test.each([
  ["text", '"text"'],
  ['with "quotes"\n', '"with \\"quotes\\"\\n"'],
  ["x".repeat(61), "a string of 61 characters"],
  [1.5, "1.5"],
  [Number.NaN, "NaN"],
  [Number.NEGATIVE_INFINITY, "-Infinity"],
  [true, "true"],
  [null, "null"],
  [undefined, "undefined"],
  [12n, "12n"],
  [[1, 2, 3], "an array of length 3"],
  [new Float64Array(4), "a Float64Array of length 4"],
  [new Int32Array(4), "an Int32Array of length 4"],
  [new DataView(new ArrayBuffer(8)), "a DataView of 8 bytes"],
  [{ data: new Float32Array(6), rows: 2, cols: 3 }, "a matrix of 2 x 3"],
  [{ a: 1, b: 2 }, "an object with keys a, b"],
  [{}, "an object with keys (none)"],
  [Object.create(null), "an object with keys (none)"],
  [Object.fromEntries(Array.from("abcdefghij", (key) => [key, 1])), "an object with keys a, b, c, d, e, f, g, h"],
  [() => {}, "a function"],
  [Symbol("s"), "a symbol"],
])("a received value is described briefly: %o", (value, description) => {
  expect(describe(value)).toBe(description);
});
