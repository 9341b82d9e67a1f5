import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArgumentError, DataError } from "../../src/errors.js";
import { drawMap, drawMapsSideBySide, type MapOptions, pictureFormat } from "../../src/plot/index.js";
import { type Pixels, pixelsOf } from "./pixels.js";

const small = { width: 400, height: 300 } as const;

/** Round clusters on a circle, one class after the other. */
function clusters(n: number, classes: number, cols = 2): { points: number[][]; labels: number[] } {
  const labels = Array.from({ length: n }, (_, i) => Math.floor((i * classes) / n));
  const points = labels.map((label, i) => {
    const angle = (2 * Math.PI * label) / classes;
    const radius = 1.5 * Math.sqrt((i * 0.618) % 1);
    const position = [
      10 * Math.cos(angle) + radius * Math.cos(2.4 * i),
      10 * Math.sin(angle) + radius * Math.sin(2.4 * i),
    ];
    return [...position, (7 * i) % 5].slice(0, cols);
  });
  return { points, labels };
}

function sizeOfPng(png: Uint8Array): [number, number] {
  const bytes = Buffer.from(png);
  expect(bytes.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
  expect(bytes.subarray(-8, -4).toString("latin1")).toBe("IEND");
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

/** Number of pixels in the rectangle that differ from the upper left corner of the picture. */
function countInk(pixels: Pixels, left = 0, top = 0, right = pixels.width, bottom = pixels.height): number {
  const ground = pixels.at(0, 0);
  let count = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      if (pixels.at(x, y).some((value, i) => Math.abs(value - ground[i]) > 8)) count++;
    }
  }
  return count;
}

function hasColor(pixels: Pixels, color: readonly number[]): boolean {
  for (let y = 0; y < pixels.height; y++) {
    for (let x = 0; x < pixels.width; x++) {
      if (pixels.at(x, y).every((value, i) => Math.abs(value - color[i]) <= 1)) return true;
    }
  }
  return false;
}

describe("a map", () => {
  test("is a complete PNG of the requested size", async () => {
    const { points } = clusters(100, 3);
    expect(sizeOfPng(await drawMap(points))).toEqual([1600, 1200]);
    expect(sizeOfPng(await drawMap(points, { width: 800 }))).toEqual([800, 600]);
    expect(sizeOfPng(await drawMap(points, { width: 301, height: 777 }))).toEqual([301, 777]);
  });

  test("has the same bytes for the same input, in both formats", async () => {
    const { points, labels } = clusters(2000, 12);
    for (const format of ["png", "svg"] as const) {
      const options: MapOptions = { labels, title: "Map", format, ...small };
      expect(Buffer.compare(await drawMap(points, options), await drawMap(points, options))).toBe(0);
    }
  });

  test("has the background of its theme and readable text in the package's own font", async () => {
    for (const [theme, ground] of [
      ["light", [255, 255, 255]],
      ["dark", [18, 21, 26]],
    ] as const) {
      const title = await pixelsOf(await drawMap([[0, 0]], { title: "Title", theme }));
      const bare = await pixelsOf(await drawMap([[0, 0]], { theme }));
      expect(title.at(2, 2)).toEqual([...ground]);
      expect(countInk(title, 0, 0, 400, 90)).toBeGreaterThan(200);
      expect(countInk(bare, 0, 0, 400, 90)).toBe(0);
    }
  });

  test("shows a point in the first of Okabe and Ito's colors at the center", async () => {
    const map = await pixelsOf(await drawMap([[5, 5]], { pointSize: 60, ...small }));
    const [red, green, blue] = map.at(200, 150);
    expect(blue).toBeGreaterThan(red + 60);
    expect(green).toBeGreaterThan(red);
    expect(map.at(200, 100)).toEqual([255, 255, 255]);
  });

  test("keeps its aspect ratio and has the second dimension upwards", async () => {
    const corners = [
      [0, 0],
      [4, 0],
      [4, 1],
    ];
    const map = await pixelsOf(await drawMap(corners, { pointSize: 8, ...small }));
    const isPoint = (x: number, y: number) => countInk(map, x - 3, y - 3, x + 3, y + 3) > 0;
    const columns = Array.from({ length: map.width }, (_, x) => x).filter((x) => countInk(map, x, 0, x + 1) > 0);
    const rows = Array.from({ length: map.height }, (_, y) => y).filter(
      (y) => countInk(map, 0, y, map.width, y + 1) > 0,
    );
    const [left, right] = [columns[0] + 4, (columns.at(-1) as number) - 4];
    const [top, bottom] = [rows[0] + 4, (rows.at(-1) as number) - 4];
    expect((right - left) / (bottom - top)).toBeCloseTo(4, 0);
    expect(isPoint(right, top)).toBe(true);
    expect(isPoint(left, bottom)).toBe(true);
    expect(isPoint(left, top)).toBe(false);
  });

  test("shows every point, single or next to others of its color", async () => {
    const points = Array.from({ length: 900 }, (_, i) => [i % 30, Math.floor(i / 30)]);
    const map = await pixelsOf(await drawMap(points, { pointSize: 4, width: 640, height: 640 }));
    const [from, to] = [16 + 2, 640 - 16 - 2];
    for (const [x, y] of points as [number, number][]) {
      const px = Math.round(from + ((to - from) * x) / 29);
      const py = Math.round(to - ((to - from) * y) / 29);
      expect(countInk(map, px - 1, py - 1, px + 2, py + 2)).toBeGreaterThan(4);
    }
  });

  test("does not let the last class of a file cover the first", async () => {
    const points = Array.from({ length: 4000 }, (_, i) => [Math.sin(i), Math.cos(1.7 * i)]);
    const halves = points.map((_, i) => (i < 2000 ? "a" : "b"));
    const map = await pixelsOf(await drawMap(points, { labels: halves, pointSize: 12, width: 400, height: 400 }));
    let [blue, orange] = [0, 0];
    for (let y = 0; y < 400; y++) {
      for (let x = 0; x < 330; x++) {
        const [r, , b] = map.at(x, y);
        if (b > r + 60) blue++;
        if (r > b + 60) orange++;
      }
    }
    expect(Math.min(blue, orange) / Math.max(blue, orange)).toBeGreaterThan(0.6);
  });

  test("works in one and three dimensions", async () => {
    for (const cols of [1, 3]) {
      const { points, labels } = clusters(500, 4, cols);
      const map = await pixelsOf(await drawMap(points, { labels, ...small }));
      expect(countInk(map, 0, 0, 300)).toBeGreaterThan(200);
    }
  });

  test("of one dimension stacks equal values", async () => {
    const same = Array.from({ length: 9 }, () => [1]);
    const map = await pixelsOf(await drawMap(same, { pointSize: 10, ...small }));
    expect(countInk(map, 190, 100, 210, 200)).toBeGreaterThan(9 * 50);
  });

  test("draws nearer points of three dimensions larger", async () => {
    const points = Array.from({ length: 40 }, (_, i) => [i, 0, 0]);
    const map = await pixelsOf(await drawMap(points, { pointSize: 8, ...small }));
    expect(countInk(map, 0, 0, 200)).toBeGreaterThan(1.3 * countInk(map, 200, 0, 400));
  });

  test.each([
    ["one point", [[3, 4]]],
    ["equal points", Array.from({ length: 50 }, () => [7, 7])],
    ["points in a line", Array.from({ length: 50 }, (_, i) => [i, 2])],
    [
      "a far outlier",
      [
        [0, 0],
        [1e-3, 0],
        [0, 1e-3],
        [1e12, 1e12],
      ],
    ],
    [
      "huge values",
      [
        [1e30, -1e30],
        [-1e30, 1e30],
        [0, 0],
      ],
    ],
    [
      "the largest doubles",
      [
        [Number.MAX_VALUE, 0],
        [-Number.MAX_VALUE, 0],
      ],
    ],
    [
      "tiny values",
      [
        [1e-30, 0],
        [0, 1e-30],
        [-1e-30, 0],
      ],
    ],
    [
      "the smallest doubles",
      [
        [5e-324, 0],
        [0, 5e-324],
      ],
    ],
    ["an outlier of one dimension", [[0], [1], [1e30]]],
    [
      "an outlier of three dimensions",
      [
        [0, 0, 0],
        [1, 1, 1],
        [1e30, 0, 0],
      ],
    ],
  ])("works for %s", async (_name, points) => {
    const map = await pixelsOf(await drawMap(points, small));
    expect(countInk(map)).toBeGreaterThan(10);
  });

  test("works for any finite points, labels and sizes", async () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }).chain((cols) =>
          fc.array(fc.tuple(fc.array(finite, { minLength: cols, maxLength: cols }), fc.string({ unit: "binary" })), {
            minLength: 1,
            maxLength: 60,
          }),
        ),
        fc.integer({ min: 200, max: 500 }),
        fc.integer({ min: 200, max: 500 }),
        async (rows, width, height) => {
          const points = rows.map(([point]) => point);
          const labels = rows.map(([, label]) => label);
          expect(sizeOfPng(await drawMap(points, { labels, width, height }))).toEqual([width, height]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("labels", () => {
  /** Columns of the picture that the legend takes at the right. */
  async function legendOf(
    labels: readonly (string | number)[],
    height = 600,
  ): Promise<{ ink: number; pixels: Pixels }> {
    const points = labels.map((_, i) => [Math.sin(i), Math.cos(i)]);
    const pixels = await pixelsOf(await drawMap(points, { labels, width: 800, height, pointSize: 0.01 }));
    return { ink: countInk(pixels, 450), pixels };
  }

  test("give a legend that grows with the number of classes", async () => {
    let last = 0;
    for (const classes of [2, 8, 20, 50]) {
      const { ink } = await legendOf(Array.from({ length: 100 }, (_, i) => i % classes));
      expect(ink).toBeGreaterThan(last);
      last = ink;
    }
  });

  test("have Okabe and Ito's colors in natural order of the names", async () => {
    const { pixels } = await legendOf(["10", "2", "2", "10"], 400);
    const rowOf = (color: readonly number[]) => {
      for (let y = 0; y < pixels.height; y++) {
        for (let x = 600; x < pixels.width; x++) {
          if (pixels.at(x, y).every((value, i) => value === color[i])) return y;
        }
      }
      return -1;
    };
    const [blue, orange] = [rowOf([0, 114, 178]), rowOf([230, 159, 0])];
    expect(blue).toBeGreaterThan(0);
    expect(orange).toBeGreaterThan(blue);
    const { labels, points } = clusters(200, 2);
    const named = labels.map((label) => (label === 0 ? "2" : "10"));
    const numbered = labels.map((label) => (label === 0 ? 2 : 10));
    expect(await drawMap(points, { labels: named, ...small })).toEqual(
      await drawMap(points, { labels: numbered, ...small }),
    );
  });

  test("can be in a typed array", async () => {
    const { points, labels } = clusters(60, 3);
    expect(await drawMap(points, { labels: Uint8Array.from(labels), ...small })).toEqual(
      await drawMap(points, { labels, ...small }),
    );
  });

  test("with more than 50 distinct numbers become a quantity with a color bar in viridis", async () => {
    const { pixels } = await legendOf(Array.from({ length: 51 }, (_, i) => i / 7));
    expect(hasColor(pixels, [0x44, 0x01, 0x54])).toBe(true);
    const { pixels: classes } = await legendOf(Array.from({ length: 50 }, (_, i) => i / 7));
    expect(hasColor(classes, [0x44, 0x01, 0x54])).toBe(false);
  });

  test("are gray except the 49 most frequent, if there are more than 50 names", async () => {
    const gray = [0xb3, 0xb8, 0xbe];
    const names = Array.from({ length: 200 }, (_, i) => `class ${i % 60}`);
    expect(hasColor((await legendOf(names)).pixels, gray)).toBe(true);
    expect(hasColor((await legendOf(names.slice(0, 50))).pixels, gray)).toBe(false);
  });

  test("are gray if they are empty or NaN", async () => {
    const gray = [0xb3, 0xb8, 0xbe];
    expect(hasColor((await legendOf(["a", "b", "", "a"], 400)).pixels, gray)).toBe(true);
    expect(hasColor((await legendOf([1, 2, Number.NaN, 1], 400)).pixels, gray)).toBe(true);
    await expect(legendOf(["", ""], 400)).resolves.toBeDefined();
  });

  test("leave space for the map even if they are very long", async () => {
    const long = Array.from({ length: 60 }, (_, i) => `${"a long name ".repeat(30)}${i % 3}`);
    const { points } = clusters(60, 3);
    const map = await pixelsOf(await drawMap(points, { labels: long, ...small }));
    expect(countInk(map, 0, 0, 200)).toBeGreaterThan(100);
  });

  test("are written in their clusters, but not at positions where classes are mixed", async () => {
    const { points, labels } = clusters(600, 3);
    const names = (codes: number[]) => codes.map((code) => `name ${code}`);
    const paths = async (codes: number[]) =>
      textOf(await drawMap(points, { labels: names(codes), format: "svg", width: 1000 })).split("stroke-linejoin")
        .length;
    const sorted = await paths(labels);
    const mixed = await paths(labels.map((_, i) => (i * 7) % 5));
    expect(sorted).toBeGreaterThan(mixed);
  });
});

describe("an SVG", () => {
  test("is valid, scales, and looks like the PNG", async () => {
    const { points, labels } = clusters(300, 5);
    const options: MapOptions = { labels, title: "Map", width: 600, height: 400 };
    const svg = await drawMap(points, { ...options, format: "svg" });
    expect(textOf(svg)).toMatch(/^<\?xml[^>]*>\s*<svg [^>]*width="600" height="400" viewBox="0 0 600 400"/);
    const [drawn, rendered] = await Promise.all([pixelsOf(await drawMap(points, options)), pixelsOf(svg)]);
    expect([rendered.width, rendered.height]).toEqual([600, 400]);
    let difference = 0;
    for (let y = 0; y < 400; y++) {
      for (let x = 0; x < 600; x++) {
        const other = rendered.at(x, y);
        difference += drawn.at(x, y).reduce((sum, value, i) => sum + Math.abs(value - other[i]), 0);
      }
    }
    expect(difference / (3 * 600 * 400)).toBeLessThan(1);
  });

  test("contains text only as outlines and, escaped, as its title", async () => {
    const nasty = ["<b>&\"'", "</svg><script>alert(1)</script>", "\u0000\u0007]]>", "\ud800", "\uffff"];
    const { points } = clusters(100, 5);
    const labels = points.map((_, i) => nasty[i % 5]);
    const svg = await drawMap(points, { labels, title: nasty.join(" "), subtitle: nasty.join(" "), format: "svg" });
    const text = textOf(svg);
    const tags = new Set(Array.from(text.matchAll(/<([^\s>]+)/g), ([, tag]) => tag));
    expect([...tags].sort()).toEqual(["/svg", "/title", "?xml", "path", "rect", "svg", "title"]);
    expect(text).toContain("<title>&#60;b&#62;&#38;&#34;&#39; &#60;/svg&#62;");
    expect(text).not.toMatch(/\son\w+=|href=/);
    await expect(pixelsOf(svg)).resolves.toBeDefined();
  });

  test("with 70,000 points is smaller than 5 MB", async () => {
    const data = Float32Array.from({ length: 140_000 }, (_, i) => Math.sin(i) * Math.cos(0.37 * i));
    const labels = Array.from({ length: 70_000 }, (_, i) => i % 10);
    const svg = await drawMap({ data, rows: 70_000, cols: 2 }, { labels, format: "svg" });
    expect(svg.length).toBeLessThan(5e6);
  });
});

describe("maps side by side", () => {
  test("have a common title and legend, and each has its own frame", async () => {
    const { points, labels } = clusters(300, 3);
    const panels = [
      { points, title: "Standard" },
      { points: points.map(([x, y]) => [y, x] as number[]), title: "Sigma-aware" },
    ];
    const picture = await drawMapsSideBySide(panels, { labels, title: "Both", width: 800 });
    const [width, height] = sizeOfPng(picture);
    expect(width).toBe(800);
    expect(height).toBeGreaterThan(400);
    expect(height).toBeLessThan(600);
    const pixels = await pixelsOf(picture);
    expect(countInk(pixels, 20, 100, 380, 400)).toBeGreaterThan(500);
    expect(countInk(pixels, 420, 100, 780, 400)).toBeGreaterThan(500);
    expect(sizeOfPng(await drawMapsSideBySide(panels, { labels, width: 800, height: 500 }))).toEqual([800, 500]);
  });

  test("can be one map, many maps in rows, or maps of different sizes without labels", async () => {
    const { points } = clusters(30, 3);
    expect(sizeOfPng(await drawMapsSideBySide([{ points }], small))).toEqual([400, 300]);
    expect(sizeOfPng(await drawMapsSideBySide(Array(7).fill({ points }), small))).toEqual([400, 300]);
    await expect(drawMapsSideBySide([{ points }, { points: [[1, 2]] }], small)).resolves.toBeDefined();
  });

  test("must have as many points as labels", async () => {
    const { points, labels } = clusters(30, 3);
    await expect(drawMapsSideBySide([{ points }, { points: [[1, 2]] }], { labels })).rejects.toMatchObject({
      code: "SHAPE_MISMATCH",
      argument: "panels",
    });
    await expect(drawMapsSideBySide([], {})).rejects.toMatchObject({ code: "INVALID_ARGUMENT", argument: "panels" });
    await expect(drawMapsSideBySide([{ points: [[1, Number.NaN]] }])).rejects.toMatchObject({
      code: "NOT_FINITE",
      argument: "panels[0].points",
    });
    const misspelt = [{ points, titel: "x" }] as unknown as Parameters<typeof drawMapsSideBySide>[0];
    await expect(drawMapsSideBySide(misspelt)).rejects.toMatchObject({
      code: "UNKNOWN_OPTION",
      argument: "panels[0].titel",
      message: expect.stringContaining('did you mean "title"?'),
    });
  });
});

describe("invalid input is rejected:", () => {
  const points = [
    [0, 0],
    [1, 1],
  ];
  const reject = (options: unknown) => expect(drawMap(points, options as MapOptions)).rejects;

  test("points", async () => {
    await expect(drawMap([])).rejects.toMatchObject({ code: "TOO_FEW_POINTS", argument: "points" });
    await expect(drawMap([[1, 2, 3, 4]])).rejects.toMatchObject({ code: "SHAPE_MISMATCH", argument: "points" });
    await expect(drawMap([[], []])).rejects.toMatchObject({ code: "SHAPE_MISMATCH", argument: "points" });
    const infinite = drawMap([
      [1, 2],
      [3, Number.POSITIVE_INFINITY],
    ]);
    await expect(infinite).rejects.toBeInstanceOf(DataError);
    await expect(infinite).rejects.toMatchObject({ code: "NOT_FINITE", row: 1, column: 1 });
  });

  test("labels", async () => {
    await reject({ labels: ["a"] }).toMatchObject({ code: "SHAPE_MISMATCH", argument: "labels" });
    await reject({ labels: "ab" }).toMatchObject({ code: "INVALID_ARGUMENT", argument: "labels" });
    await reject({ labels: ["a", null] }).toMatchObject({ code: "INVALID_ARGUMENT", argument: "labels", row: 1 });
  });

  test("options", async () => {
    await reject({ tilte: "x" }).toMatchObject({
      code: "UNKNOWN_OPTION",
      argument: "tilte",
      message: expect.stringMatching(/"title"/),
    });
    await reject({ zzzzzzzz: 1 }).toMatchObject({
      code: "UNKNOWN_OPTION",
      message: expect.stringMatching(/the options are labels, values/),
    });
    await reject({ width: 199 }).toMatchObject({ code: "OUT_OF_RANGE", argument: "width" });
    await reject({ height: 1e9 }).toMatchObject({ code: "OUT_OF_RANGE", argument: "height" });
    await reject({ width: 800.5 }).toMatchObject({ code: "OUT_OF_RANGE", argument: "width" });
    await reject({ width: "800" }).toMatchObject({ code: "INVALID_ARGUMENT", argument: "width" });
    await reject({ theme: "blue" }).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/"light", "dark"/),
    });
    await reject({ format: "jpg" }).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/"png", "svg"/),
    });
    await reject({ pointSize: 0 }).toMatchObject({ code: "OUT_OF_RANGE", argument: "pointSize" });
    await reject({ pointSize: "2" }).toMatchObject({ code: "INVALID_ARGUMENT", argument: "pointSize" });
    await reject({ title: 5 }).toMatchObject({ code: "INVALID_ARGUMENT", argument: "title" });
    await reject(null).toMatchObject({ code: "INVALID_ARGUMENT", argument: "options" });
  });
});

test("the extension of a file name determines the picture format", () => {
  expect(pictureFormat("out/map.png")).toBe("png");
  expect(pictureFormat("MAP.SVG")).toBe("svg");
  for (const path of ["map.jpg", "map", ".png", "", "map.png.gz"]) {
    expect(() => pictureFormat(path)).toThrow(ArgumentError);
    expect(() => pictureFormat(path)).toThrow(".png or .svg");
  }
});
