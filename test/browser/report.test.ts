import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { compare, type Matrix, writeComparison } from "../../src/index.js";
import { makeGroups, makeUniform } from "../tsne/points.js";
import { launchChromium } from "./chromium.js";

const hostile = `</script><img src=x onerror="document.title='owned'">`;
const n = 90;
let folder: string;
let report: string;
let maps: Matrix[];
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-browser-"));
  const comparison = await compare(makeGroups(n, 5), {
    sigma: makeUniform(n, 5, 0.01, 2),
    iterations: 350,
    perplexity: 10,
  });
  maps = comparison.maps.map(({ embedding }) => embedding);
  const labels = Array.from({ length: n }, (_, i) => (i % 3 === 0 ? hostile : `group ${i % 3}`));
  await writeComparison(join(folder, "out"), comparison, { labels, title: hostile });
  report = pathToFileURL(join(folder, "out/report.html")).href;
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1300, height: 1100 }, offline: true });
  complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (request.url() !== report) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(report);
  await page.waitForFunction(() => document.querySelectorAll("#maps canvas.top").length === 2);
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

/** Position of a point on the canvas of a map, in pixels of the page. The page fits both maps into their squares. */
async function placeOf(side: 0 | 1, point: number): Promise<[number, number]> {
  const box = await canvas(side).boundingBox();
  if (!box) throw new Error("the map is not there");
  const extent = (axis: number) => {
    const values = maps.flatMap((map) => map.toArrays().map((row) => row[axis]));
    return [Math.min(...values), Math.max(...values)] as const;
  };
  const [[left, right], [bottom, top]] = [extent(0), extent(1)];
  const scale = Math.min(box.width, box.height) / 1.04 / Math.max(right - left, top - bottom);
  const map = maps[side];
  const [x, y] = [map.at(point, 0), map.at(point, 1)];
  return [
    box.x + box.width / 2 + scale * (x - (left + right) / 2),
    box.y + box.height / 2 - scale * (y - (bottom + top) / 2),
  ];
}

const canvas = (side: 0 | 1) => page.locator("canvas.top").nth(side);
const said = (id: string) => page.locator(`#${id}`).textContent();
/** A picture of a map's upper canvas after all requested elements are drawn. */
async function picture(side: 0 | 1): Promise<string> {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  return canvas(side).evaluate((element) => (element as HTMLCanvasElement).toDataURL());
}

test("hovering a point in one map shows the same point in the other", async () => {
  const before = [await picture(0), await picture(1)];
  await page.mouse.move(...(await placeOf(0, 4)));
  await expect
    .poll(() => said("point"))
    .toMatch(/^Row 4 · label group 1 · moved .* R · neighbors changed \d+ % · mean sigma/);
  const after = [await picture(0), await picture(1)];
  expect(after[0]).not.toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
  await page.mouse.move(...(await placeOf(1, 4)));
  await expect.poll(() => said("point")).toMatch(/^Row 4 /);
  await page.mouse.move(2, 2);
  await expect.poll(() => said("point")).toBe("");
  expect([await picture(0), await picture(1)]).toEqual(before);
});

test.each(["lasso", "box"])("points selected with the %s in one map are selected in both maps", async (mode) => {
  await page.check(`input[value=${mode}]`, { force: true });
  const box = await canvas(1).boundingBox();
  if (!box) throw new Error("the map is not there");
  const base = () =>
    page.locator("canvas:not(.top)").evaluateAll((all) => all.map((one) => (one as HTMLCanvasElement).toDataURL()));
  await picture(0);
  const before = await base();
  await page.mouse.move(box.x + 1, box.y + 1);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 1, box.y + 1);
  await page.mouse.move(box.x + box.width - 1, box.y + box.height - 1);
  if (mode === "lasso") await page.mouse.move(box.x + 1, box.y + box.height - 1);
  await page.mouse.up();
  await expect.poll(() => said("selected")).toMatch(/^90 of 90 points selected · mean move/);
  await picture(0);
  const after = await base();
  expect(after[0]).not.toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
  await page.click("#clear");
  await expect.poll(() => said("selected")).toBe("");
  await picture(0);
  await expect.poll(() => base()).toEqual(before);
});

test("labels and titles are shown as text even if they contain markup", async () => {
  await expect.poll(() => page.locator("h1").textContent()).toBe(hostile);
  await expect.poll(() => page.locator("#legend button").allTextContents()).toContain(`${hostile} 30`);
  await expect.poll(() => page.locator("img").count()).toBe(0);
  await expect.poll(() => page.title()).toContain("onerror");
});

test("the keyboard moves between points and selects them", async () => {
  await canvas(0).focus();
  await page.keyboard.press("ArrowRight");
  const first = await said("point");
  await page.keyboard.press("ArrowRight");
  expect(first).toMatch(/^Row \d+/);
  await expect.poll(() => said("point")).not.toBe(first);
  await page.keyboard.press("Enter");
  await expect.poll(() => said("selected")).toMatch(/^1 of 90/);
  await page.keyboard.press("Escape");
  await expect.poll(() => said("selected")).toBe("");
});

test("colors, legend and figures change with the chosen coloring", async () => {
  for (const color of ["Displacement", "Neighbors changed", "Mean sigma"]) {
    await page.selectOption("#color", color);
    expect((await said("legend"))?.toLowerCase()).toContain(color.toLowerCase().slice(0, 10));
  }
  await page.selectOption("#color", "Label");
  await page.locator("#legend button").first().click();
  await expect.poll(() => said("selected")).toMatch(/^30 of 90 points/);
  await expect.poll(() => page.locator("#tables table").count()).toBe(3);
  await expect.poll(() => page.locator("#tiles .tile").count()).toBe(5);
});

test("the report fits a narrow screen, in light and dark mode", async () => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 380, height: 800 });
  const { wide, ground } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    ground: getComputedStyle(document.body).backgroundColor,
  }));
  expect(wide).toBeLessThanOrEqual(380);
  expect(ground).toBe("rgb(13, 16, 20)");
});
