import { createCanvas } from "@napi-rs/canvas";
import { describe, expect, test } from "vitest";
import { layOutColorBar } from "../../src/canvas/legend.js";

const EM = 16;
const INK = { text: "#000", muted: "#888", rest: "#bbb", single: "#00f", ground: "#fff" } as never;

/** The labels of a bar, each with the interval that it covers along the bar. */
function labelsOf(least: number, most: number, length: number, isUpright: boolean) {
  const context = createCanvas(10, 10).getContext("2d");
  const labels: { text: string; from: number; to: number }[] = [];
  context.fillText = (text, x, y) => {
    const size = isUpright ? EM : context.measureText(text).width;
    labels.push({ text, from: (isUpright ? y : x) - size / 2, to: (isUpright ? y : x) + size / 2 });
  };
  layOutColorBar(context, ["#000", "#fff"], [least, most], isUpright, length, EM, INK).draw(context, 0, 0);
  return labels.sort((a, b) => a.from - b.from);
}

const RANGES: [number, number][] = [
  [0, 1],
  [0, 1_234],
  [1_150, 1_920],
  [-120_000, 480_000],
  [0.0012, 0.0019],
  [-1e9, 3e12],
  [1_100.3, 1_100.9],
];

describe("the numbers of a color bar", () => {
  test.each(RANGES)("from %d to %d do not overlap at any length, and at least one remains", (least, most) => {
    for (const isUpright of [false, true]) {
      for (const length of [10, 40, 80, 120, 200, 384, 800]) {
        const labels = labelsOf(least, most, length, isUpright);
        expect(labels.length).toBeGreaterThan(0);
        for (const [i, { from }] of labels.slice(1).entries()) expect(from).toBeGreaterThan(labels[i].to);
      }
    }
  });

  test("are at most eight where there is enough space", () => {
    for (const [least, most] of RANGES) {
      const count = labelsOf(least, most, 2000, false).length;
      expect(count).toBeGreaterThanOrEqual(3);
      expect(count).toBeLessThanOrEqual(8);
    }
  });

  test("are fewer in a narrow bar", () => {
    expect(labelsOf(0, 1_234, 384, false).map(({ text }) => text)).toEqual([
      "0",
      "200",
      "400",
      "600",
      "800",
      "1,000",
      "1,200",
    ]);
    expect(labelsOf(0, 1_234, 140, false).map(({ text }) => text)).toEqual(["0", "500", "1,000"]);
  });
});
