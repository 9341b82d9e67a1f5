import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRows, encodeRows } from "../../src/explorer/web/address/row-encoding.js";

const selections = fc.integer({ min: 1, max: 5000 }).chain((n) =>
  fc.uniqueArray(fc.integer({ min: 0, max: n - 1 }), { minLength: 1, maxLength: n }).map((rows) => ({
    n,
    rows: Uint32Array.from(rows).sort(),
  })),
);

test("any selection can be decoded from its text, which needs no escapes in an address", () => {
  fc.assert(
    fc.property(selections, ({ n, rows }) => {
      const text = encodeRows(rows, n);
      expect(text).toMatch(/^[\w-]+$/);
      expect(decodeRows(text, n)).toEqual(rows);
    }),
  );
});

test("runs of rows need few characters, and a random half of all rows needs about n / 6", () => {
  const n = 1_000_000;
  expect(
    encodeRows(
      Uint32Array.from({ length: n }, (_, i) => i),
      n,
    ).length,
  ).toBeLessThan(10);
  const half = Uint32Array.from({ length: n }, (_, i) => i).filter((i) => (Math.imul(i, 0x9e3779b1) >>> 13) & 1);
  expect(encodeRows(half, n).length).toBeLessThan(n / 5.9);
});

test("texts that do not describe rows below n are rejected", () => {
  const text = encodeRows(Uint32Array.of(3, 9), 10);
  expect(decodeRows(text, 9)).toBeUndefined();
  for (const wrong of ["", "r", "b", "x123", "r%%%", "rgICAgICAgIA", "bAAA", "r_____w"]) {
    expect(decodeRows(wrong, 10)).toBeUndefined();
  }
});
