import { expect, it } from "vitest";
import { LEFT_OUT, measureStability, measureStaying, NO_GROUP } from "../../src/trust/stability.js";

const two = Int32Array.of(0, 0, 0, 0, 1, 1, 1, 1);

it("finds that groups which return under other numbers are kept whole and unmixed", () => {
  const again = Int32Array.of(3, 3, 3, 3, 0, 0, 0, 0);
  expect(measureStability(two, 2, again)).toEqual([
    { together: 1, mixed: 0 },
    { together: 1, mixed: 0 },
  ]);
  expect([...measureStaying(two, 2, again)]).toEqual(new Array(8).fill(1));
});

it("counts the pairs of a group that splits, and the pairs with others where groups merge", () => {
  // Group 0 splits into 3 + 1; that one point joins the four of group 1.
  const again = Int32Array.of(0, 0, 0, 1, 1, 1, 1, 1);
  const [first, second] = measureStability(two, 2, again);
  // Of its 6 pairs 3 stay; the pairs of its points are these 3 twice, and 4 with group 1.
  expect(first).toEqual({ together: 0.5, mixed: 4 / 10 });
  expect(second).toEqual({ together: 1, mixed: 4 / 16 });
  const staying = measureStaying(two, 2, again);
  expect(staying[0]).toBeCloseTo(2 / 3, 6);
  expect([...staying.subarray(3)]).toEqual([0, 1, 1, 1, 1]);
});

it("averages over repetitions, and leaves out the points that a repetition did not have", () => {
  const left = [LEFT_OUT, LEFT_OUT];
  const again = Int32Array.from([...left, 0, 0, 1, 1, 1, 1, ...[0, 0, 1, 1], ...[2, 2, 2, 2]]);
  const [first, second] = measureStability(two, 2, again);
  // 1 pair of 1, then 2 pairs of 6.
  expect(first).toEqual({ together: 3 / 7, mixed: 0 });
  expect(second).toEqual({ together: 1, mixed: 0 });
  expect(measureStaying(two, 2, again)[2]).toBeCloseTo((1 + 1 / 3) / 2, 6);
});

it("treats points without a group in a repetition as separate from all others", () => {
  const again = Int32Array.of(0, 0, NO_GROUP, NO_GROUP, 1, 1, 1, 1);
  expect(measureStability(two, 2, again)[0]).toEqual({ together: 1 / 6, mixed: 0 });
});

it("ignores points without a group of their own, but counts them as others", () => {
  const partial = Int32Array.of(0, 0, NO_GROUP, NO_GROUP);
  expect(measureStability(partial, 1, Int32Array.of(0, 0, 0, 1))).toEqual([{ together: 1, mixed: 2 / 4 }]);
  expect(measureStaying(partial, 1, Int32Array.of(0, 0, 0, 1))[2]).toBeNaN();
});

it("returns NaN if there is no pair of points", () => {
  const [only] = measureStability(Int32Array.of(0, -1, -1), 1, Int32Array.of(0, 0, 0));
  expect(only.together).toBeNaN();
  expect(measureStability(two, 2, new Int32Array()).map(({ together }) => together)).toEqual([Number.NaN, Number.NaN]);
});
