import { describe, expect, test } from "vitest";
import { densityLevels } from "../../src/explorer/web/names/density.js";
import { placeNames } from "../../src/explorer/web/names/place-names.js";
import { densitiesOf, type MapName, nameClasses, nameRegions } from "../../src/explorer/web/names/region-names.js";
import { termsOfCategories, termsOfTexts } from "../../src/explorer/web/names/terms.js";

/** Evenly filled discs of 400 points each around centers. */
const PER_DISC = 400;
function discs(centers: readonly (readonly [number, number])[], radius = 0.08): Float32Array {
  return Float32Array.from(
    centers.flatMap(([x, y]) =>
      Array.from({ length: PER_DISC }, (_, i) => {
        const [angle, distance] = [i * 2.39996, radius * Math.sqrt(i / PER_DISC)];
        return [x + distance * Math.cos(angle), y + distance * Math.sin(angle)];
      }).flat(),
    ),
  );
}
const centers = [
  [-0.7, 0],
  [0.6, 0.5],
  [0.6, -0.5],
] as const;
const xy = discs(centers);
const discOf = (row: number) => Math.floor(row / PER_DISC);
const rows = Array.from({ length: 3 * PER_DISC }, (_, row) => row);

const near = (name: MapName | undefined, [x, y]: readonly [number, number]) =>
  name !== undefined && Math.hypot(name.x - x, name.y - y) < 0.12;

describe("dense regions", () => {
  test("are named after the most frequent value of their points", () => {
    const terms = termsOfCategories(rows.map(discOf), ["cat", "dog", "fox"]);
    const names = nameRegions(xy, densitiesOf(xy), terms, false);
    const first = names.filter(({ level }) => level === 0);
    expect(first.map(({ text }) => text).sort()).toEqual(["cat", "dog", "fox"]);
    for (const [at, text] of ["cat", "dog", "fox"].entries()) {
      expect(
        near(
          first.find((name) => name.text === text),
          centers[at],
        ),
      ).toBe(true);
      expect(first.find((name) => name.text === text)?.size).toBe(PER_DISC);
    }
  });

  test("have no names if no value is over-represented", () => {
    const terms = termsOfCategories(
      rows.map((row) => row % 4),
      ["a", "b", "c", "d"],
    );
    expect(nameRegions(xy, densitiesOf(xy), terms, false).filter(({ level }) => level === 0)).toEqual([]);
  });

  test("are named after the words of their texts, except words that all texts contain", () => {
    const topics = ["planet orbit", "violin sonata", "goal keeper"];
    const terms = termsOfTexts((row) => `The report about ${topics[discOf(row)]} number ${row % 7}`, rows.length);
    const names = nameRegions(xy, densitiesOf(xy), terms, true).filter(({ level }) => level === 0);
    expect(names.map(({ text }) => text.split(", ").sort().join(" ")).sort()).toEqual([
      "goal keeper",
      "orbit planet",
      "sonata violin",
    ]);
  });

  test("do not include rows that are filtered out", () => {
    const terms = termsOfCategories(rows.map(discOf), ["cat", "dog", "fox"]);
    const isLeftOut = Uint8Array.from(rows, (row) => (discOf(row) === 2 ? 1 : 0));
    const names = nameRegions(xy, densitiesOf(xy, isLeftOut), terms, false, isLeftOut);
    expect(new Set(names.map(({ text }) => text))).toEqual(new Set(["cat", "dog"]));
  });

  test("are named on a finer level if they are small and inside a larger region", () => {
    const pair = discs(
      [
        [0.3, 0.03],
        [0.3, -0.03],
        [-0.6, 0],
      ],
      0.018,
    );
    const terms = termsOfCategories(rows.map(discOf), ["left", "right", "far"]);
    const names = nameRegions(pair, densitiesOf(pair), terms, false);
    expect(
      names
        .filter(({ level }) => level === 0)
        .map(({ text }) => text)
        .sort(),
    ).toEqual(["far", "left, right"]);
    expect(
      names
        .filter(({ level }) => level === 3)
        .map(({ text }) => text)
        .sort(),
    ).toEqual(["far", "left", "right"]);
  });
});

test("the name of a class that is split into two clusters is in one of them, not between them", () => {
  const [name] = nameClasses(
    xy,
    rows.map((row) => (discOf(row) === 0 ? 1 : 0)),
    [{ category: 0, name: "split" }],
  );
  expect(near(name, centers[1]) || near(name, centers[2])).toBe(true);
});

test("contours contain their stated share of the points", () => {
  const density = densitiesOf(xy)[2];
  if (!density) throw new Error("there is no density");
  const total = density.values.reduce((sum, value) => sum + value, 0);
  for (const [at, level] of densityLevels(density, [0.5, 0.9]).entries()) {
    const inside = density.values.reduce((sum, value) => sum + (value >= level ? value : 0), 0);
    expect(inside / total).toBeCloseTo([0.5, 0.9][at] as number, 1);
  }
});

describe("placed names", () => {
  const name = (text: string, x: number, y: number, level = 0, size = 100): MapName => ({
    ...{ text, x, y, level, size, width: 0.4, height: 0.4, regions: [`${level}:${text}`] },
  });
  const sightAt = (scale: number) => ({
    width: 800,
    height: 800,
    scale,
    toPixels: ([x, y]: readonly [number, number]) => [400 + x * scale, 400 - y * scale] as const,
  });
  const measure = (text: string) => 8 * text.length;
  const placed = (names: readonly MapName[], scale: number) =>
    placeNames(names, sightAt(scale), measure).map(({ text }) => text);

  test("do not overlap, and larger regions have priority", () => {
    const names = [name("small", 0, 0.01, 0, 10), name("large", 0, 0, 0, 500), name("apart", 0.5, 0.5)];
    expect(placed(names, 400)).toEqual(["large", "apart"]);
  });

  test("need a region that is wide enough, which it becomes by zooming in", () => {
    const names = [name("a very long name of a region", 0, 0)];
    expect(placed(names, 300)).toEqual([]);
    expect(placed(names, 600)).toEqual(["a very long name of a region"]);
  });

  test("are shown only once for a region and its parts, but again for another region", () => {
    const whole = { ...name("b, a", 0, 0), regions: ["0:1"] };
    const part = { ...name("a, b", 0.2, 0.2, 1), regions: ["0:1", "1:1"] };
    const other = { ...name("a, b", 0.4, 0, 0, 50), regions: ["0:2"] };
    expect(placed([whole, part, other], 400)).toEqual(["b, a", "a, b"]);
  });

  test("are left out for a region larger than the map, and shown for the regions inside it", () => {
    const names = [name("all", 0, 0), { ...name("part", 0.05, 0, 1), width: 0.1, height: 0.1 }];
    expect(placed(names, 400)).toEqual(["all"]);
    expect(placed(names, 4000)).toEqual(["part"]);
  });
});
