import { expect, test } from "vitest";
import { countCommon } from "../../src/explorer/web/selections/common-rows.js";
import { findOverRepresented } from "../../src/explorer/web/statistics/over-representation.js";

test("values that are more frequent in a group than among all points come first, with their lift", () => {
  // Of 1000 points, 100 are in the group: 80 of the 100 points with value 0, and none with value 2.
  const found = findOverRepresented([80, 20, 0], [100, 800, 100]);
  expect(found.map(({ value, count }) => [value, count])).toEqual([[0, 80]]);
  expect(found[0]?.lift).toBeCloseTo(8);
});

test("a value that occurs once, by chance in the group, is not over-represented", () => {
  expect(findOverRepresented([1, 49], [1, 999])).toEqual([]);
});

test("a group of all points and an empty group have no over-represented values", () => {
  expect(findOverRepresented([300, 700], [300, 700])).toEqual([]);
  expect(findOverRepresented([0, 0], [300, 700])).toEqual([]);
});

test("a value that all points of a group have, and no other point, is over-represented", () => {
  const [first, ...others] = findOverRepresented([100, 0, 0], [100, 450, 450]);
  expect(first).toMatchObject({ value: 0, count: 100, lift: 10 });
  expect(others).toEqual([]);
});

test("common rows of two lists are counted", () => {
  expect(countCommon(Uint32Array.of(1, 3, 5, 7), Uint32Array.of(0, 3, 4, 7, 9))).toBe(2);
  expect(countCommon(Uint32Array.of(), Uint32Array.of(1))).toBe(0);
});
