import { describe, expect, test } from "vitest";
import { toRgba } from "../../src/images/index.js";
import { Matrix } from "../../src/matrix.js";
import { drawMap, type ImageSource } from "../../src/plot/index.js";
import { projectPoints } from "../../src/plot/projection.js";
import { choosePoints } from "../../src/plot/thumbnails.js";
import { makeUniform } from "../tsne/points.js";
import { pixelsOf } from "./pixels.js";

const shape = { height: 2, width: 2, channels: 1 };
const grays = (rgba: Uint8ClampedArray) => Array.from({ length: rgba.length / 4 }, (_, i) => rgba[4 * i]);
const alphas = (rgba: Uint8ClampedArray) => Array.from({ length: rgba.length / 4 }, (_, i) => rgba[4 * i + 3]);
const sized = (side: number, stretch?: number) => ({ width: side, height: side, stretch });

describe("an image in a picture", () => {
  test("has square pixels when it is enlarged by a whole multiple, and is averaged when it is reduced", () => {
    const pixels = Float32Array.of(0, 1, 0.2, 0.6);
    const large = [0, 0, 255, 255, 0, 0, 255, 255, 51, 51, 153, 153, 51, 51, 153, 153];
    expect(grays(toRgba(pixels, shape, sized(4)))).toEqual(large);
    expect(grays(toRgba(pixels, shape, sized(1)))).toEqual([Math.round((255 * 1.8) / 4)]);
    // Two pixels are drawn as three, so the middle one covers half of each.
    expect(
      grays(toRgba(Float32Array.of(0, 0.5), { height: 1, width: 2, channels: 1 }, { ...sized(3), height: 1 })),
    ).toEqual([0, 64, 128]);
  });

  test("shows values from 0 to 1 unchanged, scales other values to their range, and is stretched on request", () => {
    expect(grays(toRgba(Float32Array.of(0.2, 0.4, 0.4, 0.4), shape, sized(2)))).toEqual([51, 102, 102, 102]);
    expect(grays(toRgba(Float32Array.of(-3, 5, 1, 1), shape, sized(2)))).toEqual([0, 255, 128, 128]);
    expect(grays(toRgba(Float32Array.of(0.2, 0.4, 0.3, 0.3), shape, sized(2, 0)))).toEqual([0, 255, 128, 128]);
    // Of 101 values from 0 to 1, the 2nd percentile becomes black and the 98th percentile becomes white.
    const ramp = Float32Array.from({ length: 101 }, (_, i) => i / 100);
    const stretched = grays(
      toRgba(ramp, { height: 1, width: 101, channels: 1 }, { width: 101, height: 1, stretch: 0.02 }),
    );
    expect([stretched[1], stretched[2], stretched[50], stretched[98], stretched[99]]).toEqual([0, 0, 127, 255, 255]);
    expect(stretched[3]).toBeGreaterThan(0);
    expect(grays(toRgba(Float32Array.of(7, 7, 7, 7), shape, sized(2)))).toEqual([128, 128, 128, 128]);
  });

  test("is transparent at NaN values, and has colors with three or four channels", () => {
    const some = toRgba(Float32Array.of(Number.NaN, 1, Number.NaN, 1), shape, sized(2));
    expect(alphas(some)).toEqual([0, 255, 0, 255]);
    expect(Array.from(toRgba(Float32Array.of(Number.NaN, 1, Number.NaN, 1), shape, sized(1)))).toEqual([
      255, 255, 255, 128,
    ]);
    const one = { height: 1, width: 1 };
    expect(Array.from(toRgba(Float32Array.of(1, 0.2, 0), { ...one, channels: 3 }, sized(1)))).toEqual([
      255, 51, 0, 255,
    ]);
    expect(Array.from(toRgba(Float32Array.of(1, 0.2, 0, 0.5), { ...one, channels: 4 }, sized(1)))).toEqual([
      255, 51, 0, 255,
    ]);
  });
});

describe("the points whose images are shown", () => {
  const box = { x: 0, y: 0, width: 800, height: 600 };
  const projected = projectPoints(makeUniform(3000, 2, -5, 5), box, 2);
  const areApart = (chosen: readonly number[], width: number, height: number) => {
    const at = (i: number) => [projected.x[i], projected.y[i]] as const;
    return chosen.every((i, a) =>
      chosen.slice(a + 1).every((j) => {
        const [[x1, y1], [x2, y2]] = [at(i), at(j)];
        return Math.abs(x1 - x2) >= width - 1e-9 || Math.abs(y1 - y2) >= height - 1e-9;
      }),
    );
  };

  test("are as many as fit without touching, and the same every time", () => {
    const chosen = choosePoints(projected, 60, 40, 1e6);
    expect(areApart(chosen, 60, 40)).toBe(true);
    expect(choosePoints(projected, 60, 40, 1e6)).toEqual(chosen);
    // No further image fits on the map.
    for (let i = 0; i < 3000; i++) if (!chosen.includes(i)) expect(areApart([...chosen, i], 60, 40)).toBe(false);
  });

  test("are spread over the map if fewer are requested", () => {
    const chosen = choosePoints(projected, 60, 40, 20);
    expect(chosen.length).toBeGreaterThan(12);
    expect(chosen.length).toBeLessThanOrEqual(20);
    const quarter = (i: number) => Number(projected.x[i] > 400) + 2 * Number(projected.y[i] > 300);
    expect(new Set(chosen.map(quarter)).size).toBe(4);
    expect(choosePoints(projected, 60, 40, 0)).toEqual([]);
  });

  test("can be a single point, or all at the same position", () => {
    expect(choosePoints(projectPoints(new Matrix(Float64Array.of(1, 2), 1, 2), box, 2), 60, 40, 9)).toEqual([0]);
    const same = projectPoints(new Matrix(new Float64Array(10).fill(3), 5, 2), box, 2);
    expect(choosePoints(same, 60, 40, 9)).toHaveLength(1);
    expect(choosePoints(same, 60, 40, 1)).toHaveLength(1);
  });
});

describe("a map with images", () => {
  const source = (count: number, value: (i: number) => number): ImageSource => ({
    count,
    height: 2,
    width: 2,
    channels: 1,
    read: async (indices) =>
      Float32Array.from(indices as number[], value).reduce(
        (all, v, k) => all.fill(v, 4 * k, 4 * k + 4),
        new Float32Array(4 * indices.length),
      ),
  });
  const points = [
    [0, 0],
    [10, 0],
  ];
  const small = { width: 400, height: 300 } as const;

  test("shows each image at its point with a frame in the color of its class", async () => {
    const images = { images: source(2, (i) => 0.2 + 0.4 * i), size: 40 };
    const plain = await pixelsOf(await drawMap(points, { images, ...small }));
    const row = Array.from({ length: 400 }, (_, x) => plain.at(x, 150)[0]);
    expect(row.filter((value) => value === 51)).toHaveLength(40);
    expect(row.filter((value) => value === 153)).toHaveLength(40);
    const framed = await pixelsOf(await drawMap(points, { images, labels: ["a", "b"], ...small }));
    const line = Array.from({ length: 400 }, (_, x) => framed.at(x, 150).join());
    expect(line[line.indexOf("51,51,51") - 1]).toBe("0,114,178");
    expect(line[line.indexOf("153,153,153") - 1]).toBe("230,159,0");
  });

  test("can be an SVG, and has the same bytes every time", async () => {
    const options = { images: { images: source(2, () => 1) }, format: "svg", ...small } as const;
    const svg = await drawMap(points, options);
    expect(Buffer.from(svg).toString()).toContain("<image");
    expect(Buffer.compare(await drawMap(points, options), svg)).toBe(0);
  });

  test("rejects a wrong number of images and options that are out of range", async () => {
    const images = source(3, () => 1);
    const refused = (options: object, code: string, message: string) =>
      expect(drawMap(points, options)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    await refused(
      { images: { images } },
      "SHAPE_MISMATCH",
      "images.images: expected 2 images, one per point, received 3",
    );
    await refused({ images: { images: source(2, () => 1), size: 3 } }, "OUT_OF_RANGE", "images.size");
    await refused({ images: { images: source(2, () => 1), stretch: 0.5 } }, "OUT_OF_RANGE", "images.stretch");
    await refused({ images: { images: { ...images, channels: 2 } } }, "OUT_OF_RANGE", "images.images.channels");
    await refused({ images: { images, sise: 9 } }, "UNKNOWN_OPTION", "size");
    await refused({ images: {} }, "INVALID_ARGUMENT", "images.images");
    await refused({ contours: 3 }, "INVALID_ARGUMENT", "contours");
  });
});

test("contours surround the points and are absent far from them", async () => {
  const points = makeUniform(2000, 2, -1, 1)
    .toArrays()
    .concat([[9, 9]]);
  const plain = await pixelsOf(await drawMap(points, { width: 400, height: 400 }));
  const lined = await pixelsOf(await drawMap(points, { width: 400, height: 400, contours: true }));
  let [near, far] = [0, 0];
  for (let y = 0; y < 400; y++) {
    for (let x = 0; x < 400; x++) {
      if (plain.at(x, y).join() === lined.at(x, y).join()) continue;
      if (x < 160 && y > 240) near++;
      else far++;
    }
  }
  expect(near).toBeGreaterThan(200);
  expect(far).toBe(0);
  await expect(drawMap([[1, 2]], { contours: true })).resolves.toBeInstanceOf(Uint8Array);
});
