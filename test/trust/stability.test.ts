import { expect, it } from "vitest";
import { LEFT_OUT, measureStability, measureStaying, NO_GROUP } from "../../src/trust/stability.js";

const two = Int32Array.of(0, 0, 0, 0, 1, 1, 1, 1);

it("counts groups that only have other numbers as complete and unmixed", () => {
  const again = Int32Array.of(3, 3, 3, 3, 0, 0, 0, 0);
  expect(measureStability(two, 2, again)).toEqual([
    { together: 1, mixed: 0 },
    { together: 1, mixed: 0 },
  ]);
  expect([...measureStaying(two, 2, again)]).toEqual(new Array(8).fill(1));
});

it("counts the pairs that stay together when a group splits, and the mixed pairs when groups merge", () => {
  // Three points of group 0 stay together. The fourth point joins the four points of group 1.
  const again = Int32Array.of(0, 0, 0, 1, 1, 1, 1, 1);
  const [first, second] = measureStability(two, 2, again);
  // 3 of the 6 pairs of group 0 stay together. Its points form 6 ordered pairs with each other and 4 with points of
  // group 1.
  expect(first).toEqual({ together: 0.5, mixed: 4 / 10 });
  expect(second).toEqual({ together: 1, mixed: 4 / 16 });
  const staying = measureStaying(two, 2, again);
  expect(staying[0]).toBeCloseTo(2 / 3, 6);
  expect([...staying.subarray(3)]).toEqual([0, 1, 1, 1, 1]);
});

it("averages over repetitions, without the points that a repetition left out", () => {
  const left = [LEFT_OUT, LEFT_OUT];
  const again = Int32Array.from([...left, 0, 0, 1, 1, 1, 1, ...[0, 0, 1, 1], ...[2, 2, 2, 2]]);
  const [first, second] = measureStability(two, 2, again);
  // The repetitions contain 1 and 6 pairs of the group, of which 1 and 2 stay together.
  expect(first).toEqual({ together: 3 / 7, mixed: 0 });
  expect(second).toEqual({ together: 1, mixed: 0 });
  expect(measureStaying(two, 2, again)[2]).toBeCloseTo((1 + 1 / 3) / 2, 6);
});

it("treats points without a group in a repetition as separate from all others", () => {
  const again = Int32Array.of(0, 0, NO_GROUP, NO_GROUP, 1, 1, 1, 1);
  expect(measureStability(two, 2, again)[0]).toEqual({ together: 1 / 6, mixed: 0 });
});

it("measures no stability for points without a group, but counts them as points of other groups", () => {
  const partial = Int32Array.of(0, 0, NO_GROUP, NO_GROUP);
  expect(measureStability(partial, 1, Int32Array.of(0, 0, 0, 1))).toEqual([{ together: 1, mixed: 2 / 4 }]);
  expect(measureStaying(partial, 1, Int32Array.of(0, 0, 0, 1))[2]).toBeNaN();
});

it("returns NaN if there is no pair of points", () => {
  const [only] = measureStability(Int32Array.of(0, -1, -1), 1, Int32Array.of(0, 0, 0));
  expect(only.together).toBeNaN();
  expect(measureStability(two, 2, new Int32Array()).map(({ together }) => together)).toEqual([Number.NaN, Number.NaN]);
});
