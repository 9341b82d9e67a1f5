import { expect, test } from "vitest";
import { Matrix } from "../../src/matrix.js";
import { projectPoints } from "../../src/plot/projection.js";

const strip = (values: readonly number[]) => new Matrix(Float64Array.from(values), values.length, 1);

test("every point of a strip has a position even if the ends are rounded beyond the box", () => {
  for (const width of [205, 172.3, 99.99, 311.7]) {
    const box = { x: 14.1, y: 46.06, width, height: 293.89 };
    for (const diameter of [3.85, 1e-9, 1000]) {
      for (const values of [
        [-0.3, 0.1, 0.7, -0.3],
        [1e30, -1e30, 0],
        [1, 1, 1],
        [0.1, 0.2, 0.3],
      ]) {
        const { x, y } = projectPoints(strip(values), box, diameter);
        expect([...x, ...y].every(Number.isFinite), `${width} ${diameter} ${values}`).toBe(true);
      }
    }
  }
});
