// Tests the page docs/live as one file without a server. Files are dropped on it, and it computes without any request.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { writeMatrix, writeTable } from "../../src/index.js";
import { launchChromium } from "./chromium.js";

const address = pathToFileURL(resolve("docs/live/index.html")).href;
let folder = "";
let browser: Browser;
let page: Page;
let complaints: string[];

const n = 120;
const groups = Array.from({ length: n }, (_, i) => `group ${i % 3}`);
const values = Array.from({ length: 4 }, (_, k) =>
  Float64Array.from({ length: n }, (_, i) => (i % 3 === k % 3 ? 9 : 0) + Math.sin(7 * i + 3 * k)),
);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-live-"));
  browser = await launchChromium();
  const header = "name,a,a_err,b,b_err,c,d,label";
  const lines = groups.map((group, i) =>
    [`p${i}`, values[0][i], 0.1, values[1][i], 0.2, values[2][i], values[3][i], group].join(","),
  );
  await writeFile(join(folder, "points.csv"), `${header}\n${lines.join("\n")}\n`);
  const data = Float64Array.from({ length: 4 * n }, (_, at) => values[at % 4][Math.floor(at / 4)]);
  await writeMatrix(join(folder, "points.npy"), { data, rows: n, cols: 4 });
  const table = { ...Object.fromEntries(values.map((numbers, k) => [`x${k}`, numbers])), label: groups };
  await writeTable(join(folder, "points.parquet"), table);
  await writeTable(join(folder, "points.arrow"), table);
  await writeFile(join(folder, "points.zip"), "PK\u0003\u0004 and more");
});
afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!/^(file|blob|data):/.test(request.url())) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(address);
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

const choose = (name: string) => page.locator("#file").setInputFiles(join(folder, name));
const message = () => page.locator("#message").textContent();
const waitForMessage = (text: string) =>
  page.waitForFunction((expected) => document.getElementById("message")?.textContent?.includes(expected), text);

test.each([
  ["points.csv", "8 columns", "Columns: 4 of data, 2 of standard deviations"],
  ["points.npy", "4 columns", "Columns: 4 of data, 0 of standard deviations"],
  ["points.parquet", "5 columns", "Columns: 4 of data, 0 of standard deviations"],
  ["points.arrow", "5 columns", "Columns: 4 of data, 0 of standard deviations"],
])("the page reads %s and finds the roles of its columns", async (file, count, roles) => {
  await choose(file);
  await waitForMessage(count);
  await expect.poll(() => message()).toContain(`${n} rows`);
  await expect.poll(() => page.locator("#columns-summary").textContent()).toContain(roles);
});

test("the page embeds with and without standard deviations, and saves both results", async () => {
  await choose("points.csv");
  await waitForMessage("rows");
  await expect.poll(() => page.locator("#sigma").inputValue()).toBe("both");
  await page.locator("#start").click();
  await waitForMessage("Done in");
  await expect.poll(() => page.locator("figure").count()).toBe(2);
  await expect
    .poll(() => page.locator("figcaption").allTextContents())
    .toEqual([
      expect.stringMatching(/^without standard deviationsKL divergence \d\.\d{3}, \d+ iterations/),
      expect.stringMatching(/^with standard deviationsKL divergence \d\.\d{3}, \d+ iterations/),
    ]);
  await expect.poll(() => page.locator("#legend").textContent()).toContain("group 0");
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#save-table").click()]);
  const lines = (await readFile(await download.path(), "utf8")).trim().split("\n");
  expect(lines).toHaveLength(n + 1);
  expect(lines[0]).toBe("row,name,label,x without sigma,y without sigma,x,y");
  expect(lines[1]).toMatch(/^0,p0,group 0,-?\d/);
  const [picture] = await Promise.all([page.waitForEvent("download"), page.locator("#save-picture").click()]);
  expect((await readFile(await picture.path())).subarray(1, 4).toString()).toBe("PNG");
});

test("the page describes the point under the pointer and selects points with a lasso", async () => {
  await choose("points.parquet");
  await waitForMessage("rows");
  await page.locator("#start").click();
  await waitForMessage("Done in");
  await page.locator("canvas.top").focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => page.locator("#point").textContent()).toMatch(/^Row \d+ · label group \d$/);
  const box = await page.locator("canvas.top").boundingBox();
  if (!box) throw new Error("the map is not visible");
  const corners = [
    [2, 2],
    [box.width - 2, 2],
    [box.width - 2, box.height - 2],
    [2, box.height - 2],
    [2, 2],
  ];
  await page.locator("#lasso").check();
  await page.mouse.move(box.x + 2, box.y + 2);
  await page.mouse.down();
  for (const [x, y] of corners) await page.mouse.move(box.x + x, box.y + y, { steps: 3 });
  await page.mouse.up();
  await page.mouse.move(1, 1);
  await expect.poll(() => page.locator("#point").textContent()).toBe(`${n} points selected`);
});

test("the page stops on request and keeps the current embedding", async () => {
  await page.locator("#example").click();
  await page.locator("#sigma").selectOption("without");
  await page.locator("#start").click();
  await waitForMessage("iteration");
  await page.locator("#stop").click();
  await waitForMessage("Stopped after");
  await expect.poll(() => page.locator("figcaption").textContent()).toContain("KL divergence");
});

test("the page reports the error in an invalid file or setting", async () => {
  await choose("points.zip");
  await waitForMessage("its kind is not known: expected CSV, .npy, Parquet or Arrow");
  await choose("points.csv");
  await waitForMessage("rows");
  await page.locator("#perplexity").fill("100");
  await page.locator("#start").click();
  await waitForMessage("perplexity: expected 1 to (n - 1) / 3");
});
