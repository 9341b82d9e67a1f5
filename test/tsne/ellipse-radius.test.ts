import { expect, test } from "vitest";
import { ellipseRadius } from "../../src/index.js";

/** Standard normal numbers, which are the same for the same seed. */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

test.each([
  [0.68, 5],
  [0.95, 5],
  [0.95, 20],
])("contains a new draw with probability %d if the covariance was estimated from %d draws", (level, draws) => {
  const normal = normals(11);
  const trials = 20_000;
  let inside = 0;
  for (let trial = 0; trial < trials; trial++) {
    let [xx, xy, yy] = [0, 0, 0];
    for (let draw = 0; draw < draws; draw++) {
      const [x, y] = [normal(), normal()];
      [xx, xy, yy] = [xx + (x * x) / draws, xy + (x * y) / draws, yy + (y * y) / draws];
    }
    const [x, y] = [normal(), normal()];
    const squared = (yy * x * x - 2 * xy * x * y + xx * y * y) / (xx * yy - xy * xy);
    inside += Number(squared <= ellipseRadius(level, draws) ** 2);
  }
  expect(inside / trials).toBeCloseTo(level, 1.7);
});

test("equals the radius of a Gaussian for a known covariance, and rejects other numbers", () => {
  expect(ellipseRadius(0.95)).toBeCloseTo(Math.sqrt(5.991), 3);
  expect(ellipseRadius(0.95, 1e6)).toBeCloseTo(ellipseRadius(0.95), 4);
  expect(() => ellipseRadius(1)).toThrow(/level: expected a number between 0 and 1/);
  expect(() => ellipseRadius(0.5, 1)).toThrow(/draws: expected 2 or more/);
});
