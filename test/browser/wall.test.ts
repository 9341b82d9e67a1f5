import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { writeWall } from "../../src/index.js";
import { launchChromium } from "./chromium.js";

const hostile = `</script><img src=x onerror="document.title='owned'">`;
const [rows, columns] = [30, 40];
const n = rows * columns - 1;
let folder: string;
let base: string;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-browser-"));
  // Image i is in cell i. The images on the left are white, those on the right black.
  const images = {
    count: n,
    height: 16,
    width: 16,
    channels: 1,
    read: async (indices: ArrayLike<number>) =>
      Float32Array.from(Array.from(indices).flatMap((i) => Array(256).fill(i % columns < columns / 2 ? 1 : 0))),
  };
  const cells = {
    rows,
    columns,
    row: Uint32Array.from({ length: n }, (_, i) => Math.floor(i / columns)),
    column: Uint32Array.from({ length: n }, (_, i) => i % columns),
  };
  await writeWall(join(folder, "wall"), images, cells, {
    title: hostile,
    labels: Array.from({ length: n }, (_, i) => (i % columns < columns / 2 ? hostile : "right")),
    names: Array.from({ length: n }, (_, i) => `${hostile} ${i}.png`),
  });
  base = pathToFileURL(join(folder, "wall")).href;
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

async function open(colorScheme: "light" | "dark" = "light"): Promise<void> {
  page = await browser.newPage({ viewport: { width: 1000, height: 800 }, offline: true, colorScheme });
  complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith("data:"))
      complaints.push(`asked for ${request.url()}`);
  });
  page.on("requestfailed", (request) => complaints.push(`did not get ${request.url()}`));
  await page.goto(`${base}/index.html`);
  await expect.poll(said).toContain("images in");
}

beforeEach(() => open());
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

const said = () => page.locator("#point").textContent();
/** The text that the page shows about the image under the pointer. */
const saidAt = async (x: number, y: number) => {
  await page.mouse.move(5, 5);
  await page.mouse.move(x, y);
  return said();
};

/** The center of a cell in the window while the whole wall is shown. */
async function placeOf(row: number, column: number): Promise<[number, number]> {
  const box = await page.locator("#wall").boundingBox();
  if (!box) throw new Error("the wall is not there");
  const scale = Math.min(box.width / columns, box.height / rows);
  return [
    box.x + box.width / 2 + scale * (column + 0.5 - columns / 2),
    box.y + box.height / 2 + scale * (row + 0.5 - rows / 2),
  ];
}

/** Red, green and blue of the displayed page at a position. */
async function colorAt(x: number, y: number): Promise<number[]> {
  const { default: sharp } = await import("sharp");
  const shot = await page.screenshot({ clip: { x: Math.round(x), y: Math.round(y), width: 1, height: 1 } });
  return [...(await sharp(shot).removeAlpha().raw().toBuffer())];
}

test("the page shows the images at their positions, and the number, label and name of the image under the pointer", async () => {
  const [white, black] = [await placeOf(10, 5), await placeOf(10, 35)];
  await expect.poll(async () => (await colorAt(...white))[0]).toBeGreaterThan(240);
  await expect.poll(async () => (await colorAt(...black))[0]).toBeLessThan(15);
  await page.mouse.move(...black);
  await expect
    .poll(() => said())
    .toBe(`Image ${10 * columns + 35} · label right · ${hostile} 435.png · row 10, column 35`);
  await page.mouse.move(...(await placeOf(29, 39)));
  await expect.poll(() => said()).toContain(`${n} images in`);
  await expect.poll(() => page.title()).toBe(hostile);
});

test("the page finds an image by its number, and reports if there is no such image", async () => {
  await page.fill("#find", "615");
  await page.press("#find", "Enter");
  await expect.poll(() => said()).toContain("Image 615 ");
  const box = await page.locator("#wall").boundingBox();
  // The image moves to the center, where the pointer is.
  const middle = [(box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2] as const;
  await expect.poll(() => saidAt(...middle)).toContain("Image 615 ");
  await page.fill("#find", String(n));
  await page.press("#find", "Enter");
  await expect.poll(() => said()).toBe(`There is no image ${n}.`);
});

test("the keyboard moves the wall", async () => {
  await page.locator("#wall [role=application]").focus();
  await page.keyboard.press("ArrowRight");
  const first = Number(/Image (\d+)/.exec((await said()) ?? "")?.[1]);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  await expect.poll(() => said()).toContain(`Image ${first + 1 + columns} `);
  for (let i = 0; i < 3; i++) await page.keyboard.press("+");
  const [there, beside] = [await placeOf(10, 35), await placeOf(10, 34)];
  await expect.poll(() => saidAt(...there)).not.toContain("row 10, column 35");
  await page.keyboard.press("0");
  await expect.poll(() => saidAt(...beside)).toContain("row 10, column 34");
});

test("the page overlays the colors of the labels on the images, in light and dark mode", async () => {
  await page.close();
  await open("dark");
  const black = await placeOf(10, 35);
  await expect.poll(async () => (await colorAt(...black))[0]).toBeLessThan(15);
  await page.check("#tint");
  await page.mouse.move(5, 5);
  await expect.poll(async () => Math.max(...(await colorAt(...black)))).toBeGreaterThan(60);
  expect((await page.locator("#legend").textContent()) ?? "").toContain("right 599");
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(ground).toBe("rgb(13, 16, 20)");
});
