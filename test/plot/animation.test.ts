import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { type AnimationOptions, drawAnimation } from "../../src/plot/index.js";

const small = { width: 240, height: 200 };
const labels = Array.from({ length: 60 }, (_, i) => i % 3);

/** Three groups of points on a circle with this radius. */
const state = (radius: number, cols = 2) =>
  Array.from({ length: 60 }, (_, i) =>
    [Math.cos(2.1 * (i % 3)) + 0.01 * i, Math.sin(2.1 * (i % 3)) - 0.01 * i, 0.01 * i]
      .slice(0, cols)
      .map((x) => radius * x),
  );
const growing = [1e-4, 4e-4, 4e-3, 0.1, 1, 60];

/** Shares of the frame's width and height that colored points cover. */
async function spread(gif: Uint8Array, page: number): Promise<number> {
  const { data, info } = await sharp(gif, { page }).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  let [least, most] = [info.width, 0];
  // The legend is to the right of the map.
  for (let at = 0; at < data.length; at += 3) {
    const [r, g, b] = [data[at], data[at + 1], data[at + 2]];
    const x = (at / 3) % info.width;
    if (Math.max(r, g, b) - Math.min(r, g, b) < 60 || x > 0.75 * info.width) continue;
    least = Math.min(least, x);
    most = Math.max(most, x);
  }
  return (most - least) / info.width;
}

describe("drawAnimation", () => {
  test.each([1, 2, 3])("draws a frame of each state in %i dimensions, and shows the last one longer", async (cols) => {
    const states = growing.map((radius) => state(radius, cols));
    const captions = growing.map((_, i) => `iteration ${i}`);
    const gif = await drawAnimation(states, { ...small, labels, captions, title: "A map", delay: 50 });
    const { width, pageHeight, pages, delay, loop } = await sharp(gif, { animated: true }).metadata();
    expect({ width, pageHeight, pages, loop }).toEqual({ width: 240, pageHeight: 200, pages: 6, loop: 0 });
    expect(delay).toEqual([50, 50, 50, 50, 50, 2050]);
  });

  test("shows the start, which is ten thousand times smaller, and the whole end", async () => {
    const gif = await drawAnimation(
      growing.map((radius) => state(radius)),
      { ...small, labels },
    );
    expect(await spread(gif, 0)).toBeGreaterThan(0.03);
    // Equal frames were merged into one.
    const { pages = 1 } = await sharp(gif, { animated: true }).metadata();
    expect(await spread(gif, pages - 1)).toBeGreaterThan(0.4);
  });

  test("gives the same bytes each time, also without labels and for a single state", async () => {
    const [one, two] = [await drawAnimation([state(1)], small), await drawAnimation([state(1)], small)];
    expect(Buffer.compare(one, two)).toBe(0);
    expect((await sharp(one).metadata()).format).toBe("gif");
  });

  test("draws every second state and the last one if there are more than 300 states", async () => {
    // Equal frames would be merged into one.
    const states = Array.from({ length: 302 }, (_, i) => [
      [Math.cos(i / 50), Math.sin(i / 50)],
      [0, 0],
    ]);
    expect((await sharp(await drawAnimation(states, small), { animated: true }).metadata()).pages).toBe(151);
  });

  test.each<[string, unknown, AnimationOptions, string]>([
    ["no states", [], {}, "states: expected an array of at least one embedding"],
    ["something else", 5, {}, "states: expected an array of at least one embedding"],
    [
      "states of different points",
      [state(1), state(1).slice(1)],
      {},
      "states[1]: expected 60 x 2, the shape of the first",
    ],
    ["a NaN", [[[1, Number.NaN]]], {}, "states[0]: expected finite numbers"],
    ["too few captions", [state(1)], { captions: [] }, "captions: expected 1 strings, one per state"],
    ["a huge picture", [state(1)], { width: 4000 }, "width: expected an integer from 200 to 2048"],
    ["no delay", [state(1)], { delay: 0 }, "delay: expected an integer from 20 to 10000"],
    ["a format", [state(1)], { format: "svg" } as AnimationOptions, 'unknown option "format"'],
    ["too few labels", [state(1)], { labels: [1] }, "labels: expected 60 labels"],
  ])("refuses %s", async (_, states, options, message) => {
    await expect(drawAnimation(states as number[][][], options)).rejects.toThrow(message);
  });

  test("stops when it is aborted", async () => {
    const signal = AbortSignal.abort();
    await expect(drawAnimation([state(1)], { ...small, signal })).rejects.toMatchObject({ code: "ABORTED" });
  });
});
