import { describe, expect, test } from "vitest";
import { drawMap, drawMapsSideBySide } from "../../src/plot/index.js";

const n = 120;
const points = Array.from({ length: n }, (_, i) => [(i * 37) % 101, (i * 53) % 97]);
const covariances = Array.from({ length: n }, (_, i) => [4 + (i % 5), 1, 2]);
const values = Array.from({ length: n }, (_, i) => i % 7);
const small = { width: 400, height: 300, format: "svg" } as const;
const drawn = async (options: object) => Buffer.from(await drawMap(points, { ...small, ...options })).toString();

describe("a map with values, sizes and ellipses", () => {
  test("colors values as a quantity even if only few are distinct, with a title above the scale", async () => {
    const plain = await drawn({});
    const colored = await drawn({ values, valuesTitle: "displacement" });
    expect(colored).toContain("Gradient");
    expect(plain).not.toContain("Gradient");
    expect(await drawn({ values })).not.toBe(colored);
  });

  test("handles equal values, no values at all, and NaN", async () => {
    for (const odd of [
      new Float32Array(n),
      Array(n).fill(Number.NaN),
      [Number.POSITIVE_INFINITY, ...values.slice(1)],
    ]) {
      expect(await drawn({ values: odd })).toContain("<svg");
    }
  });

  test("draws larger points for larger sizes", async () => {
    const widths = new Set((await drawn({ sizes: values })).match(/stroke-width="[^"]+"/g));
    expect(widths.size).toBeGreaterThan(4);
    expect(new Set((await drawn({})).match(/stroke-width="[^"]+"/g)).size).toBeLessThan(3);
  });

  test("draws the requested ellipses", async () => {
    const count = (svg: string) => (svg.match(/<path/g) ?? []).length;
    const none = count(await drawn({}));
    const two = count(await drawn({ ellipses: { covariances, points: [3, 80] } }));
    const four = count(await drawn({ ellipses: { covariances, points: [3, 80, 17, 20] } }));
    expect(four - two).toBe(two - none);
    expect(two).toBeGreaterThan(none);
    expect(await drawn({ ellipses: { covariances, points: 0 } })).toContain("<svg");
    const panels = [{ points, ellipses: { covariances } }, { points }];
    expect((await drawMapsSideBySide(panels, { values, width: 400 })).length).toBeGreaterThan(1000);
  });

  test("rejects invalid input with the reason", async () => {
    const refusal = async (options: object, map: number[][] = points) =>
      drawMap(map, { ...small, ...options }).then(
        () => undefined,
        ({ code, argument }: { code: string; argument: string }) => `${code} ${argument}`,
      );
    expect(await refusal({ values: [1, 2] })).toBe("SHAPE_MISMATCH values");
    expect(await refusal({ values: "abc" })).toBe("INVALID_ARGUMENT values");
    expect(await refusal({ values, labels: values })).toBe("INVALID_ARGUMENT values");
    expect(await refusal({ sizes: [1] })).toBe("SHAPE_MISMATCH sizes");
    expect(await refusal({ ellipses: { covariances: [[1, 2, 3]] } })).toBe("SHAPE_MISMATCH ellipses.covariances");
    expect(await refusal({ ellipses: { covariances, level: 1 } })).toBe("OUT_OF_RANGE ellipses.level");
    expect(await refusal({ ellipses: { covariances, points: [n] } })).toBe("OUT_OF_RANGE ellipses.points");
    expect(await refusal({ ellipses: { covariance: covariances } })).toBe("UNKNOWN_OPTION ellipses.covariance");
    expect(await refusal({ ellipses: 5 })).toBe("INVALID_ARGUMENT ellipses");
    expect(await refusal({ ellipses: { covariances, points: "all" } })).toBe("INVALID_ARGUMENT ellipses.points");
    const negative = covariances.map((row, i) => (i === 5 ? [-1, 0, 1] : row));
    expect(await refusal({ ellipses: { covariances: negative } })).toBe("NOT_FINITE ellipses.covariances");
    await expect(drawn({ ellipses: { covariances: negative } })).rejects.toThrow(
      "expected finite covariances, and variances >= 0, received -1 at row 5, column 0",
    );
    const flat = points.map(([x]) => [x]);
    expect(await refusal({ ellipses: { covariances } }, flat)).toBe("SHAPE_MISMATCH ellipses");
    await expect(drawMapsSideBySide([{ points }], { ellipses: { covariances } })).rejects.toMatchObject({
      argument: "ellipses",
    });
  });
});
