import {
  converter,
  differenceEuclidean,
  filterDeficiencyDeuter,
  filterDeficiencyProt,
  parse,
  wcagContrast,
} from "culori";
import { describe, expect, test } from "vitest";
import { categoricalColors, INKS, sequentialColors } from "../../src/colors/palette.js";
import { THEMES } from "../../src/plot/index.js";

const distance = differenceEuclidean("oklab");
const visions = [converter("rgb"), filterDeficiencyProt(1), filterDeficiencyDeuter(1)];

function closestPair(colors: readonly string[], vision: (color: string) => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  const seen = colors.map((color) => vision(color) as string);
  for (let i = 0; i < seen.length; i++) {
    for (let j = 0; j < i; j++) least = Math.min(least, distance(seen[i], seen[j]));
  }
  return least;
}

describe.each(THEMES)("on the %s theme", (theme) => {
  test.each([
    [8, 0.1, 0.06],
    [20, 0.1, 0.05],
    [50, 0.05, 0.03],
  ])("%i classes have colors that differ for every kind of color vision", (count, normal, deficient) => {
    const colors = categoricalColors(count, theme);
    expect(new Set(colors).size).toBe(count);
    visions.forEach((vision, i) => {
      const see = (color: string) => vision(parse(color) as NonNullable<ReturnType<typeof parse>>);
      expect(closestPair(colors, see)).toBeGreaterThan(i === 0 ? normal : deficient);
    });
  });

  test("every color contrasts with the background", () => {
    const { background, text, muted, rest, single } = INKS[theme];
    for (const color of [...categoricalColors(50, theme), ...sequentialColors(64, theme), rest, single]) {
      expect(wcagContrast(color, background)).toBeGreaterThan(1.25);
    }
    expect(wcagContrast(text, background)).toBeGreaterThan(7);
    expect(wcagContrast(muted, background)).toBeGreaterThan(4.5);
  });

  test("the colors of a quantity change monotonically in lightness", () => {
    const lightness = sequentialColors(64, theme).map((color) => converter("oklab")(color)?.l ?? Number.NaN);
    for (let i = 1; i < lightness.length; i++) expect(lightness[i]).toBeGreaterThan(lightness[i - 1]);
  });
});
