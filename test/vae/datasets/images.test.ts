import { describe, expect, it } from "vitest";
import {
  addNoise,
  augmentImages,
  imagesInMemory,
  selectClass,
  selectImages,
  stretchContrast,
} from "../../../src/vae/datasets/index.js";

/** `count` images whose values are all different. */
function numbered(count: number, height: number, width: number, channels = 1, labels?: Int32Array) {
  const length = count * height * width * channels;
  return imagesInMemory(
    Float32Array.from({ length }, (_, i) => i / length),
    [height, width, channels],
    labels,
  );
}

const all = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("imagesInMemory", () => {
  it("returns images in any order, and rejects numbers of images that do not exist", async () => {
    const images = imagesInMemory(Float32Array.of(0, 0.1, 0.2, 0.3, 0.4, 0.5), [1, 2, 1]);
    expect(images.count).toBe(3);
    expect(Array.from(await images.read([2, 0]))).toEqual([0.4, 0.5, 0, 0.1].map(Math.fround));
    for (const index of [3, -1, 0.5, Number.NaN]) {
      await expect(images.read([0, index])).rejects.toMatchObject({ argument: "indices[1]", code: "OUT_OF_RANGE" });
    }
  });

  it("rejects data and labels that do not suit the shape", () => {
    const refuse = (work: () => unknown) => expect(work).toThrow(expect.objectContaining({ code: "SHAPE_MISMATCH" }));
    refuse(() => imagesInMemory(new Float32Array(5), [2, 2, 1]));
    refuse(() => imagesInMemory(new Float32Array(8), [2, 2, 1], new Int32Array(3)));
  });
});

describe("selectImages and selectClass", () => {
  it("keep the labels of the images", async () => {
    const images = numbered(4, 1, 1, 1, Int32Array.of(7, 8, 7, 9));
    const chosen = selectImages(images, Int32Array.of(3, 0));
    expect(chosen).toMatchObject({ count: 2, labels: Int32Array.of(9, 7) });
    expect(Array.from(await chosen.read([0, 1]))).toEqual([0.75, 0]);
    await expect(chosen.read([2])).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    const sevens = selectClass(images, 7);
    expect(sevens.labels).toEqual(Int32Array.of(7, 7));
    expect(Array.from(await sevens.read([0, 1]))).toEqual([0, 0.5]);
    expect(selectClass(images, 1).count).toBe(0);
    expect(() => selectClass(numbered(1, 1, 1), 0)).toThrow(expect.objectContaining({ argument: "class" }));
  });
});

describe("stretchContrast", () => {
  it("scales every image to the range 0 to 1, whatever its values", async () => {
    const images = imagesInMemory(Float32Array.of(-4, 0, 4, 1000, 1000, 1001), [1, 3, 1]);
    expect(Array.from(await stretchContrast(images).read([0, 1]))).toEqual([0, 0.5, 1, 0, 0, 1]);
  });

  it("cuts off a share at either end, and makes constant images 0", async () => {
    const values = Float32Array.from({ length: 10 }, (_, i) => (i === 9 ? 1000 : i));
    const stretched = await stretchContrast(imagesInMemory(values, [2, 5, 1]), 0.1).read([0]);
    expect([stretched[0], stretched[1], stretched[8], stretched[9]]).toEqual([0, 0, 1, 1]);
    expect(stretched[2]).toBeCloseTo(1 / 7, 6);
    const constant = imagesInMemory(new Float32Array(4).fill(3), [2, 2, 1]);
    expect(Array.from(await stretchContrast(constant).read([0]))).toEqual([0, 0, 0, 0]);
  });

  it("rejects values that are not finite, and shares out of range", async () => {
    const images = imagesInMemory(Float32Array.of(0, 1, 2, Number.NaN), [1, 2, 1]);
    const bad = { code: "NOT_FINITE", row: 1, column: 1 };
    await expect(stretchContrast(images).read([0, 1])).rejects.toMatchObject(bad);
    for (const share of [-0.1, 0.5, Number.NaN]) {
      expect(() => stretchContrast(images, share)).toThrow(expect.objectContaining({ argument: "stretch" }));
    }
  });
});

describe("augmentImages", () => {
  /** All symmetries of a square image, found by repeatedly turning and flipping it. */
  function symmetries(side: number): string[] {
    const turn = (image: number[]) =>
      image.map((_, at) => image[(side - 1 - (at % side)) * side + Math.floor(at / side)]);
    const flip = (image: number[]) => image.map((_, at) => image[at - 2 * (at % side) + side - 1]);
    let image = all(side * side);
    const found = new Set<string>();
    for (let i = 0; i < 4; i++, image = turn(image)) found.add(image.join()).add(flip(image).join());
    return [...found].sort();
  }

  it("gives eight views of squares and four views of other rectangles, about equally often", async () => {
    const square = imagesInMemory(
      Float32Array.from({ length: 9 * 400 }, (_, i) => i % 9),
      [3, 3, 1],
    );
    const seen = new Map<string, number>();
    const data = await augmentImages(square, { symmetry: "dihedral" }).read(all(400));
    for (let i = 0; i < 400; i++) {
      const key = Array.from(data.subarray(9 * i, 9 * i + 9)).join();
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual(symmetries(3));
    for (const count of seen.values()) expect(Math.abs(count - 50)).toBeLessThan(30);

    const wide = imagesInMemory(
      Float32Array.from({ length: 6 * 100 }, (_, i) => i % 6),
      [2, 3, 1],
    );
    const flipped = await augmentImages(wide, { symmetry: "dihedral" }).read(all(100));
    const kinds = new Set(all(100).map((i) => Array.from(flipped.subarray(6 * i, 6 * i + 6)).join()));
    expect([...kinds].sort()).toEqual(["0,1,2,3,4,5", "2,1,0,5,4,3", "3,4,5,0,1,2", "5,4,3,2,1,0"]);
  });

  it("keeps the channels of a pixel together", async () => {
    const images = imagesInMemory(
      Float32Array.from({ length: 12 }, (_, i) => Math.floor(i / 3) * 10 + (i % 3)),
      [2, 2, 3],
    );
    for (let epoch = 0; epoch < 8; epoch++) {
      const data = await augmentImages(images, { symmetry: "dihedral", epoch }).read([0]);
      for (let at = 0; at < 12; at++) expect(data[at] % 10).toBe(at % 3);
    }
  });

  it("moves images by whole pixels and repeats the border pixels", async () => {
    const images = numbered(60, 5, 4);
    const moved = await augmentImages(images, { shift: 2 }).read(all(60));
    const positions = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const original = await images.read([i]);
      const fits = (down: number, right: number) =>
        all(20).every((at) => {
          const row = Math.min(4, Math.max(0, Math.floor(at / 4) - down));
          const column = Math.min(3, Math.max(0, (at % 4) - right));
          return moved[20 * i + at] === original[row * 4 + column];
        });
      const found = all(25)
        .map((k) => [Math.floor(k / 5) - 2, (k % 5) - 2] as const)
        .filter((place) => fits(...place));
      expect(found).toHaveLength(1);
      positions.add(String(found[0]));
    }
    expect(positions.size).toBeGreaterThan(15);
  });

  it("depends only on seed, epoch and image", async () => {
    const images = numbered(20, 6, 6);
    const read = async (options: object, order: number[]) =>
      augmentImages(images, { symmetry: "dihedral", shift: 1, ...options }).read(order);
    const whole = await read({}, all(20));
    expect(await read({}, [7])).toEqual(whole.slice(7 * 36, 8 * 36));
    expect(await read({ epoch: 0, seed: 42 }, all(20))).toEqual(whole);
    expect(await read({ epoch: 1 }, all(20))).not.toEqual(whole);
    expect(await read({ seed: 1 }, all(20))).not.toEqual(whole);
    expect(augmentImages(images, {})).toBe(images);
  });

  it.each<[string, object]>([
    ["symmetry", { symmetry: "all" }],
    ["shift", { shift: 6 }],
    ["shift", { shift: -1 }],
    ["epoch", { epoch: -1 }],
    ["seed", { seed: 0.5 }],
    ["flips", { flips: true }],
  ])("rejects an invalid %s: %j", (argument, options) => {
    expect(() => augmentImages(numbered(1, 6, 6), options)).toThrow(expect.objectContaining({ argument }));
  });
});

describe("addNoise", () => {
  it("adds |N(0, 1)| to a share of the values, and cuts them to 1", async () => {
    const gray = imagesInMemory(new Float32Array(100 * 400).fill(0.3), [20, 20, 1]);
    const data = await addNoise(gray, { share: 0.2 }).read(all(100));
    const changed = data.filter((value) => value !== Math.fround(0.3));
    expect(changed.length / data.length).toBeCloseTo(0.2, 1);
    expect(Math.min(...changed)).toBeGreaterThan(0.3);
    // P(|N| >= 0.7) = 0.484, P(|N| < 0.35) = 0.274
    expect(changed.filter((value) => value === 1).length / changed.length).toBeCloseTo(0.484, 1);
    expect(changed.filter((value) => value < 0.65).length / changed.length).toBeCloseTo(0.274, 1);
  });

  it("depends only on seed, epoch and image, and does not change the original images", async () => {
    const images = numbered(10, 4, 4);
    const noisy = await addNoise(images, { share: 0.5 }).read(all(10));
    expect(await addNoise(images, { share: 0.5 }).read([3])).toEqual(noisy.slice(48, 64));
    expect(await addNoise(images, { share: 0.5, epoch: 1 }).read(all(10))).not.toEqual(noisy);
    expect(await addNoise(images, { share: 0.5, seed: 1 }).read(all(10))).not.toEqual(noisy);
    expect(await images.read(all(10))).toEqual(await numbered(10, 4, 4).read(all(10)));
    expect(addNoise(images, { share: 0 })).toBe(images);
  });

  it.each([-0.1, 1.1, Number.NaN, "0.2"])("rejects a share of %s", (share) => {
    const add = () => addNoise(numbered(1, 2, 2), { share: share as number });
    expect(add).toThrow(expect.objectContaining({ argument: "share" }));
  });
});
