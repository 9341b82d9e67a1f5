import { describe, expect, it } from "vitest";
import { Random } from "../../src/vae/random.js";

describe("standard normal numbers", () => {
  it("are the same from the addon, which draws many at once, and from JavaScript", () => {
    const [many, few] = [new Random(42, 7, 1), new Random(42, 7, 1)];
    const native = many.normals(2000);
    for (let i = 0; i < 2000; i += 100) {
      few.normals(100).forEach((value, j) => {
        expect(native[i + j]).toBeCloseTo(value, 4);
      });
    }
    expect(many.uniform()).toBe(few.uniform());
  });

  it("have mean 0 and variance 1", () => {
    const values = new Random(1, 2, 3).normals(100_001);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(Math.abs(variance - 1)).toBeLessThan(0.02);
  });
});
