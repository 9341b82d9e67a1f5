import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { drawWall, type ImageSource, type WallCells, writeWall } from "../../src/index.js";
import { halve } from "../../src/wall/pyramid.js";
import { useFolder } from "../io/folder.js";
import { pixelsOf } from "../plot/pixels.js";

const path = useFolder();

/** Images of one gray value each. */
const source = (values: readonly number[], height = 3, width = 3): ImageSource => ({
  count: values.length,
  height,
  width,
  channels: 1,
  read: async (indices) => Float32Array.from(Array.from(indices).flatMap((i) => Array(height * width).fill(values[i]))),
});
const cells = (rows: number, columns: number, positions: readonly (readonly [number, number])[]): WallCells => ({
  rows,
  columns,
  row: positions.map(([row]) => row),
  column: positions.map(([, column]) => column),
});
const corner = cells(2, 2, [
  [0, 0],
  [1, 1],
  [0, 1],
]);

describe("a wall", () => {
  test("shows every image completely in its cell, with gaps between images and background in empty cells", async () => {
    const wall = await pixelsOf(await drawWall(source([1 / 5, 2 / 5, 3 / 5]), corner, { cell: 60 }));
    const [left, top] = [Math.floor((wall.width - 122) / 2), Math.round(1.2 * 11)];
    const at = (row: number, column: number) => wall.at(left + column * 62 + 30, top + row * 62 + 30)[0];
    expect([at(0, 0), at(0, 1), at(1, 0), at(1, 1)]).toEqual([51, 153, 255, 102]);
    const line = Array.from({ length: wall.width }, (_, x) => wall.at(x, top + 10)[0]);
    expect([line.indexOf(51), line.lastIndexOf(51), line.indexOf(153)]).toEqual([left, left + 59, left + 62]);
  });

  test("has the same bytes every time, a dark theme on request, and frames in the colors of labels", async () => {
    const images = source([0.2, 0.4, 0.6]);
    const options = { labels: ["a", "b", "a"], theme: "dark", title: "Wall" } as const;
    const picture = await drawWall(images, corner, options);
    expect(Buffer.compare(await drawWall(images, corner, options), picture)).toBe(0);
    const wall = await pixelsOf(picture);
    expect(wall.at(0, 0)).toEqual([18, 21, 26]);
    const colors = new Set<string>();
    for (let y = 0; y < wall.height; y++) for (let x = 0; x < wall.width; x++) colors.add(wall.at(x, y).join());
    for (const color of ["0,114,178", "230,159,0", "51,51,51"]) expect(colors).toContain(color);
  });

  test("rejects grids that are too small, shared cells, wrong numbers of images, and gigantic pictures", async () => {
    const images = source([0, 0.5, 1]);
    const refused = (wall: WallCells, options: object, code: string, message: string | RegExp) =>
      expect(drawWall(images, wall, options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    const positions = [
      [0, 0],
      [0, 1],
      [0, 2],
    ] as const;
    await refused(cells(1, 2, positions), {}, "OUT_OF_RANGE", "1 x 2 has 2 cells, fewer than the 3 images");
    await refused(cells(2, 2, positions), {}, "OUT_OF_RANGE", /cells.column\[2\]/);
    const twice = [...positions.slice(0, 2), [0, 1]] as [number, number][];
    await refused(cells(2, 2, twice), {}, "INVALID_ARGUMENT", "images 1 and 2 share row 0, column 1");
    await refused(
      cells(2, 2, positions.slice(0, 2)),
      {},
      "SHAPE_MISMATCH",
      "expected 2 images, one per point, received 3",
    );
    await refused(cells(1, 3, []), {}, "TOO_FEW_POINTS", "at least one");
    await refused(cells(40, 3, positions), { cell: 1024 }, "OUT_OF_RANGE", "Use smaller cells, or write tiles");
    await refused(corner, { cell: 1 }, "OUT_OF_RANGE", "cell");
    await refused(corner, { thema: "dark" }, "UNKNOWN_OPTION", "theme");
    await refused(corner, { signal: AbortSignal.abort() }, "ABORTED", "");
  });
});

describe("tiles", () => {
  test("are halved without transparent pixels, and an odd last row or column is halved separately", () => {
    const pixel = (gray: number, alpha: number) => [gray, gray, gray, alpha];
    const image = Uint8ClampedArray.from(
      [
        ...[pixel(100, 255), pixel(200, 255), pixel(40, 255)],
        ...[pixel(9, 0), pixel(9, 0), pixel(60, 255)],
        ...[pixel(7, 255), pixel(9, 255), pixel(80, 255)],
      ].flat(),
    );
    expect(Array.from(halve(image, 3, 3))).toEqual(
      [pixel(150, 128), pixel(50, 255), pixel(8, 255), pixel(80, 255)].flat(),
    );
  });

  test("form a Deep Zoom image with all levels, a page and a summary", async () => {
    const n = 30 * 31;
    const values = Array.from({ length: n }, (_, i) => (i % 5) / 4);
    const positions = values.map((_, i) => [Math.floor(i / 31), i % 31] as const);
    const summary = await writeWall(path("wall"), source(values, 20, 16), cells(30, 31, positions), {
      labels: values.map((value) => `</script> ${value}`),
      names: values.map((_, i) => `file ${i}.png`),
      title: "<b>&",
    });
    expect(summary).toMatchObject({
      images: n,
      rows: 30,
      columns: 31,
      cell: { width: 16, height: 20 },
      width: 527,
      height: 630,
    });
    expect((await readdir(path("wall"))).sort()).toEqual(["index.html", "wall.dzi", "wall.json", "wall_files"]);
    expect(JSON.parse(await readFile(path("wall/wall.json"), "utf8"))).toEqual(summary);
    expect(await readFile(path("wall/wall.dzi"), "utf8")).toContain('<Size Width="527" Height="630"/>');
    expect((await readdir(path("wall/wall_files"))).length).toBe(11);
    expect((await readdir(path("wall/wall_files/10"))).sort()).toEqual([
      "0_0.webp",
      "0_1.webp",
      "1_0.webp",
      "1_1.webp",
    ]);
    const size = async (tile: string) => {
      const { width, height } = await sharp(path(`wall/wall_files/${tile}.webp`)).metadata();
      return [width, height];
    };
    expect([await size("10/1_1"), await size("9/0_0"), await size("0/0_0")]).toEqual([
      [15, 118],
      [264, 315],
      [1, 1],
    ]);
    // The image at row 29, column 30 is partly in the last tile. It covers the pixels 510 to 525 horizontally.
    const { data, info } = await sharp(path("wall/wall_files/10/1_1.webp")).raw().toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number) => data[(y * info.width + x) * info.channels];
    expect(Math.abs(at(5, 105) - 255 * values[n - 1])).toBeLessThan(12);
    const page = await readFile(path("wall/index.html"), "utf8");
    expect(page).toContain("<title>&#60;b&#62;&#38;</title>");
    expect(page.split("</script>")).toHaveLength(3);
  });

  test("replace an earlier wall but no other folder", async () => {
    const images = source([0, 0.5, 1]);
    await writeWall(path("again"), images, corner);
    await writeWall(path("again"), images, corner, { title: "second" });
    expect(await readFile(path("again/index.html"), "utf8")).toContain("second");
    await mkdir(path("other"));
    await writeFile(path("other/mine.txt"), "");
    await expect(writeWall(path("other"), images, corner)).rejects.toMatchObject({ code: "FILE_WRITE" });
    const stopped = writeWall(path("stopped"), images, corner, { signal: AbortSignal.abort() });
    await expect(stopped).rejects.toMatchObject({ code: "ABORTED" });
    const broken = { ...images, read: () => Promise.reject(new Error("gone")) };
    await expect(writeWall(path("stopped"), broken, corner)).rejects.toThrow("gone");
    expect((await readdir(path("."))).filter((name) => name === "stopped" || name.endsWith(".tmp"))).toEqual([]);
  });
});
