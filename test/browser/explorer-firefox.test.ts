import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../../scripts/browsers.mjs";
import type { SelectionsFile } from "../../src/explorer/protocol.js";
import { makeSurvey } from "../explorer/survey.js";
import { type Served, serve, stopAll } from "./explorer.js";

const N = 70_000;

let home: string;
let server: Served;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "sigma-tsne-firefox-"));
  await writeFile(join(home, "survey.csv"), makeSurvey(N));
  [server, browser] = await Promise.all([serve(join(home, "survey.csv")), launchBrowser("Firefox")]);
  page = await browser.newPage();
  await page.setViewport({ width: 1300, height: 850 });
  page.on("pageerror", (error) => complaints.push((error as Error).message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await stopAll();
  await rm(home, { recursive: true, force: true });
});

const text = (selector: string) => page.$eval(selector, (element) => element.textContent ?? "");
const tab = (name: string) => page.locator(`::-p-aria([name="${name}"][role="tab"])`).click();
const picture = () =>
  page.$eval("canvas.map-pane__top", (canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());

test("the main flow works in Firefox on a table of 70,000 rows", async () => {
  await page.goto(server.url);
  await page.waitForSelector("canvas.map-pane__base[data-drawn=all]", { timeout: 60_000 });
  await expect.poll(() => text("header")).toContain("70,000 points");

  // Move the map and zoom in.
  await expect.poll(() => page.evaluate(() => location.hash)).toContain("color=");
  const before = await picture();
  await page.mouse.move(500, 450);
  await page.mouse.down();
  await page.mouse.move(560, 420, { steps: 5 });
  await page.mouse.up();
  await page.mouse.wheel({ deltaY: -300 });
  await expect.poll(picture).not.toBe(before);
  await expect.poll(() => page.evaluate(() => location.hash)).toContain("at=");

  // Choose a point with the keyboard: its panel shows the values of all columns.
  await page.focus("canvas.map-pane__top");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect.poll(() => text("#panel h2")).toMatch(/^Row \d/);
  await expect.poll(() => text("#panel")).toMatch(/https:\/\/example\.org\/galaxies\/\d+/);

  // Color by a number, and select a class.
  await tab("Colors");
  const colors = await page.$$eval("#panel select option", (options) =>
    options.map((option) => [(option as HTMLOptionElement).value, option.textContent] as const),
  );
  const number = colors.find(([, title]) => title === "redshift");
  await page.select("#panel select", number?.[0] ?? "");
  await page.waitForSelector(".colors-panel__tick");
  await page.select("#panel select", colors.find(([, title]) => /label/i.test(title ?? ""))?.[0] ?? "");
  await page.locator(".colors-panel__classes button").click();
  await tab("Selection");
  await expect.poll(() => text("#panel h2")).toBe(`${(N / 5).toLocaleString("en")} of 70,000 points`);

  // Undo and redo the selection, and check that it is restored after a reload.
  await page.type('[aria-label="Name of this selection"]', "one class");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".named-selections__list li");
  const { selections } = JSON.parse(await readFile(join(home, "survey.csv.selections.json"), "utf8")) as SelectionsFile;
  expect(selections["one class"]).toHaveLength(N / 5);
  await page.keyboard.press("Escape");
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.down("Control");
  await page.keyboard.press("z");
  await page.keyboard.up("Control");
  await expect.poll(() => text("#panel")).toContain("Nothing selected");
  await page.locator(".named-selections__name").click();
  await expect.poll(() => page.evaluate(() => location.hash)).toContain("selected=@one+class");
  await page.reload();
  await page.waitForSelector("canvas.map-pane__base[data-drawn=all]", { timeout: 60_000 });
  await expect.poll(() => text("#panel h2")).toBe(`${(N / 5).toLocaleString("en")} of 70,000 points`);

  // Use the table and the filters.
  await page.locator('::-p-aria([name="Table"][role="button"])').click();
  await page.waitForSelector("[role=grid], table");
  await tab("Filters");
  await page.waitForSelector("#panel");
  expect(complaints).toEqual([]);
}, 300_000);
