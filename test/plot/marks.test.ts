import { expect, test } from "vitest";
import { drawMap, drawMapsSideBySide } from "../../src/plot/index.js";

const points = [
  [0, 0],
  [1, 1],
  [2, 0],
];
const small = { width: 240, height: 240 };

test("marked points look different, in the order of the marks", async () => {
  const plain = await drawMap(points, small);
  const [one, other] = await Promise.all(
    [
      [1, 2],
      [2, 1],
    ].map((marks) => drawMap(points, { ...small, marks })),
  );
  expect(one).not.toEqual(plain);
  expect(other).not.toEqual(one);
  expect(await drawMap(points, { ...small, marks: [] })).toEqual(plain);
});

test("marks that are not valid rows are rejected", async () => {
  await expect(drawMap(points, { marks: [3] })).rejects.toMatchObject({ code: "OUT_OF_RANGE", argument: "marks" });
  await expect(drawMapsSideBySide([{ points }], { marks: [-1] })).rejects.toMatchObject({ argument: "marks" });
});
