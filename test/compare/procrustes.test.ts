import { describe, expect, test } from "vitest";
import { procrustes } from "../../src/compare/index.js";
import fixture from "../fixtures/scipy-comparison.json" with { type: "json" };
import { makeUniform } from "../tsne/points.js";

test.each(fixture.procrustes)(
  "the disparity equals scipy 1.x's spatial.procrustes, case %#",
  ({ reference, map, disparity }) => {
    expect(procrustes(reference, map).disparity).toBeCloseTo(disparity, 9);
    expect(procrustes(map, reference).disparity).toBeCloseTo(disparity, 9);
  },
);

describe.each([1, 2, 3])("in %i dimensions", (outputDimensions) => {
  const reference = makeUniform(40, outputDimensions, -3, 5);
  const [cosine, sine] = [Math.cos(2), Math.sin(2)];
  const copy = reference.toArrays().map((row) => {
    // Rotated in the first two axes, mirrored in the first axis, enlarged by a factor of seven, and shifted.
    const [x = 0, y = 0, z = 0] = row;
    const turned =
      outputDimensions === 1 ? [-x] : [-(cosine * x - sine * y), sine * x + cosine * y, z].slice(0, outputDimensions);
    return turned.map((value) => 7 * value + 100);
  });

  test("a rotated, mirrored, scaled and shifted copy has disparity 0 and no displacement", () => {
    const found = procrustes(reference, copy);
    expect(found.disparity).toBeLessThan(1e-12);
    expect(found.scale).toBeCloseTo(1 / 7, 9);
    expect(found.reflected).toBe(true);
    expect(Math.max(...found.displacement)).toBeLessThan(1e-5);
    for (const [at, value] of found.aligned.data.entries()) expect(value).toBeCloseTo(reference.data[at], 4);
  });

  test("the rotation is orthogonal, and no small change of it fits better", () => {
    const map = makeUniform(40, outputDimensions, -1, 1, 5);
    const { rotation, scale, from, to, disparity } = procrustes(reference, map);
    for (const [i, row] of rotation.entries()) {
      for (const [j, other] of rotation.entries()) {
        expect(row.reduce((sum, value, k) => sum + value * other[k], 0)).toBeCloseTo(Number(i === j), 12);
      }
    }
    const misfit = (matrix: number[][], size: number) => {
      let sum = 0;
      for (let i = 0; i < map.rows; i++) {
        for (let c = 0; c < outputDimensions; c++) {
          let value = to[c];
          for (let r = 0; r < outputDimensions; r++) value += size * (map.at(i, r) - from[r]) * matrix[r][c];
          sum += (value - reference.at(i, c)) ** 2;
        }
      }
      return sum;
    };
    const least = misfit(rotation, scale);
    for (const angle of [-0.01, 0.01]) {
      const turned = rotation.map(([x = 0, y = 0, ...rest]) =>
        outputDimensions === 1
          ? [x]
          : [Math.cos(angle) * x - Math.sin(angle) * y, Math.sin(angle) * x + Math.cos(angle) * y, ...rest],
      );
      expect(misfit(turned, scale)).toBeGreaterThanOrEqual(least);
      expect(misfit(rotation, scale * (1 + angle))).toBeGreaterThan(least);
    }
    expect(disparity).toBeGreaterThan(0);
    expect(disparity).toBeLessThanOrEqual(1);
  });
});

test("maps without extent along some or all axes are aligned too", () => {
  const line = [
    [0, 0],
    [1, 0],
    [3, 0],
  ];
  const upright = [
    [0, 0],
    [0, 2],
    [0, 6],
  ];
  expect(procrustes(line, upright).disparity).toBeCloseTo(0, 12);
  const place = [
    [2, 2],
    [2, 2],
    [2, 2],
  ];
  expect(procrustes(place, place)).toMatchObject({ disparity: 0, displacement: new Float32Array(3) });
  expect(procrustes(line, place).disparity).toBe(1);
});

test("wrong shapes and values are rejected with the name of the argument", () => {
  expect(() => procrustes([[1, 2]], [[1, 2, 3]])).toThrow(/^embedding: expected 1 x 2/);
  expect(() => procrustes([[1, 2, 3, 4]], [[1, 2, 3, 4]])).toThrow(
    /^reference: expected at least one point in 1, 2 or 3/,
  );
  expect(() =>
    procrustes(
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2],
        [3, Number.NaN],
      ],
    ),
  ).toThrow(/embedding: .*row 1, column 1/);
});
