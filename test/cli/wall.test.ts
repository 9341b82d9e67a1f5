import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeGroups, toCsv, Workplace } from "./workplace.js";

const n = 60;
let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  await workplace.write("map.csv", toCsv(makeGroups(n, 2, 2)));
  await workplace.write("labels.txt", Array.from({ length: n }, (_, i) => `${i % 3}\n`).join(""));
  await mkdir(workplace.path("images"));
  for (let i = 0; i < n; i++) {
    const [width, height] = i % 2 ? [20, 12] : [10, 16];
    const picture = sharp({ create: { width, height, channels: 3, background: { r: 4 * i, g: 4 * i, b: 4 * i } } });
    await picture.png().toFile(workplace.path(`images/${i}.png`));
  }
  await writeFile(workplace.path("images/notes.txt"), "no image");
  // 2 images of 3 x 3 bytes.
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 3), }`.padEnd(117);
  const head = Buffer.from(`\x93NUMPY\x01\x00v\x00${header}\n`, "latin1");
  await writeFile(workplace.path("two.npy"), Buffer.concat([head, Buffer.alloc(18, 200)]));
});
afterAll(() => workplace.remove());

it("draws a picture and tiles of a map, with images of several sizes", async () => {
  const { code, stdout, stderr } = await workplace.run([
    ...["wall", "map.csv", "--images", "images", "--labels", "labels.txt", "-o", "wall.png", "--tiles", "tiles"],
    ...["--stretch", "0", "--title", "Sixty", "--theme", "dark"],
  ]);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout:
      "60 images in 9 rows of 7, written to wall.png and tiles (open index.html). 1 file was skipped: not an image, a broken link, or in a subfolder next to images (--strict names the first).\n",
  });
  expect(stderr).toContain("separation\n");
  expect((await readFile(workplace.path("wall.png"))).subarray(1, 4).toString()).toBe("PNG");
  expect(await readdir(workplace.path("tiles"))).toContain("index.html");
  expect(await readFile(workplace.path("tiles/index.html"), "utf8")).toContain("59.png");
});

it("uses the cells computed by separate", async () => {
  await workplace.run(["separate", "map.csv", "-o", "even.csv", "--grid", "6x10"]);
  const run = await workplace.run(["wall", "even.csv", "--images", "images", "-o", "even.png", "--json"]);
  expect(JSON.parse(run.stdout)).toMatchObject({
    n,
    rows: 6,
    columns: 10,
    skipped: 1,
    output: "even.png",
    tiles: null,
  });
});

it("reports problems with images, grids and folders, and leaves no files", async () => {
  const refused = async (code: number, message: string, ...args: string[]) =>
    expect(await workplace.run([...args, "--quiet"])).toMatchObject({ code, stderr: expect.stringContaining(message) });
  const wall = ["wall", "map.csv", "--images"];
  await refused(2, "two.npy: expected 60 images, one per point, received 2", ...wall, "two.npy", "-o", "a.png");
  await refused(1, "notes.txt: would be skipped (not an image)", ...wall, "images", "-o", "a.png", "--strict");
  const strict = "notes.txt: would be skipped (not an image)";
  const search = ["search", "map.csv", "--query", "1", "--images", "images", "--sheet", "sheet.png"];
  await refused(1, strict, ...search, "--strict");
  await refused(1, strict, "train", "--dataset", "images", "--run-dir", "refused", "--backend", "cpu", "--strict");
  await refused(2, "a grid of at least 60 cells", ...wall, "images", "-o", "a.png", "--grid", "5x5");
  await refused(2, "--output", ...wall, "images");
  await refused(2, "--stretch", ...wall, "images", "-o", "a.png", "--stretch", "50");
  await refused(2, '--tiles: expected a path, received ""', ...wall, "images", "--tiles", "");
  await refused(2, "--force: cannot be used without --tiles", ...wall, "images", "-o", "a.png", "--force");
  // This error is reported before the images are opened and the layout is computed.
  await refused(
    2,
    "--tiles: expected a file other than that of --output",
    ...wall,
    "images",
    "-o",
    "a.png",
    "--tiles",
    "a.png",
  );
  await refused(2, "--tiles: expected a file other than that of --images", ...wall, "images", "--tiles", "images");
  await refused(1, "images: contains something other", ...wall, "absent", "--tiles", "images");
  await refused(2, "--cell: expected an integer from 2 to 1024", ...wall, "absent", "-o", "a.png", "--cell", "1");
  expect(await readdir(workplace.path("."))).not.toContain("a.png");
});

it("draws images and contours on a map", async () => {
  const run = await workplace.run([
    ...["plot", "map.csv", "--images", "images", "--image-size", "40", "--image-count", "9", "--stretch", "--contours"],
    ...["-o", "map.svg"],
  ]);
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("1 file was skipped") });
  const pictures = (await readFile(workplace.path("map.svg"), "utf8")).split("<image").length - 1;
  expect(pictures).toBeGreaterThan(3);
  expect(pictures).toBeLessThanOrEqual(9);
  expect(await workplace.run(["plot", "map.csv", "-o", "b.png", "--stretch"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--stretch: cannot be used without --images"),
  });
});
