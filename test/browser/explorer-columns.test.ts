import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ExplorationDescription } from "../../src/explorer/protocol.js";
import { readTable, type Table } from "../../src/index.js";
import { makeSurvey, SURVEY_COLUMNS } from "../explorer/survey.js";
import { launchChromium } from "./chromium.js";
import { loneliest, openMap, positionOf, type Served, serve, settle, stopAll } from "./explorer.js";

const N = 70_000;
/** Number of rows of a small table, in which one point has a known position under the pointer. */
const FEW = 300;
const AXE = fileURLToPath(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url));

let home: string;
let large: Served;
let small: Served;
let explored: ExplorationDescription;
let table: Table;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "sigma-tsne-columns-"));
  await writeFile(join(home, "survey.csv"), makeSurvey(N));
  await writeFile(join(home, "few.csv"), makeSurvey(FEW));
  [large, small, browser] = await Promise.all([
    serve(join(home, "survey.csv")),
    serve(join(home, "few.csv")),
    launchChromium(),
  ]);
  explored = await large.description();
  table = await readTable(join(home, "survey.csv"));
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await stopAll();
  await rm(home, { recursive: true, force: true });
});

beforeEach(async () => {
  page = await openPage({ width: 1300, height: 850 });
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

async function openPage(
  viewport: { width: number; height: number },
  media: { colorScheme?: "light" | "dark"; forcedColors?: "active" | "none" } = {},
): Promise<Page> {
  const opened = await browser.newPage({ viewport, acceptDownloads: true, ...media });
  complaints = [];
  opened.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  opened.on("pageerror", (error) => complaints.push(error.message));
  opened.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith("http") && hostname !== "127.0.0.1") complaints.push(`asked for ${request.url()}`);
  });
  return opened;
}

const tab = (text: string) => page.getByRole("tab", { name: text }).click();
const status = () => page.locator("#panel [role=status]").first();
const texts = (name: string) => table.get(name) as readonly string[];
const numbers = (name: string) => table.get(name) as Float64Array;
const count = (holds: (row: number) => boolean) =>
  Array.from({ length: N }, (_, row) => row)
    .filter(holds)
    .length.toLocaleString("en");
const sectionOf = (title: string) => page.getByRole("region", { name: `Filter by ${title}` });

async function addFilter(title: string): Promise<void> {
  if ((await sectionOf(title).count()) === 0) await page.getByLabel("Add a column").selectOption({ label: title });
}

/** Drags over a histogram between two positions, given as shares of its width. */
async function brush(title: string, from: number, to: number): Promise<void> {
  const chart = sectionOf(title).getByRole("img");
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.boundingBox();
  if (!box) throw new Error(`there is no histogram of ${title}`);
  const y = box.y + box.height / 3;
  await page.mouse.move(box.x + from * box.width, y);
  await page.mouse.down();
  await page.mouse.move(box.x + to * box.width, y, { steps: 4 });
  await page.mouse.up();
}

async function findProblems(): Promise<string[]> {
  await page.evaluate(await readFile(AXE, "utf8"));
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: object[] }[] }> } };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${JSON.stringify(nodes.slice(0, 2))}`);
  });
}

describe("columns of a table", () => {
  test("of any type color the map, and are loaded when they are needed", async () => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(decodeURIComponent(new URL(request.url()).pathname)));
    await openMap(page, large.url);
    expect(asked.filter((path) => path.startsWith("/api/columns/"))).toEqual(["/api/columns/label"]);
    for (const { id, kind } of explored.columns) {
      await page.getByLabel("Color by").selectOption(id);
      const mark = kind === "number" || kind === "date" ? ".colors-panel__tick" : ".colors-panel__classes li";
      await expect.poll(() => page.locator(mark).count()).toBeGreaterThan(0);
    }
    await page.getByLabel("Color by").selectOption("column:night");
    await expect.poll(() => page.locator(".colors-panel__scale text").first().textContent()).toMatch(/^20\d\d$/);
  });

  test("are shown at the pointer and in the panel of the point, with missing values marked as none", async () => {
    await openMap(page, small.url);
    // The filter hides some points.
    await page.getByRole("button", { name: "Dismiss" }).click();
    const layout = await small.layout("map");
    const row = loneliest(layout);
    await page.getByText("Columns shown at the pointer").click();
    for (const name of ["night", "flux"]) await page.getByRole("checkbox", { name }).check();
    await page.mouse.move(...(await positionOf(page, layout, row)));
    const few = await readTable(join(home, "few.csv"));
    const cellOf = (name: string) => String((few.get(name) as ArrayLike<string | number>)[row]);
    const card = page.locator(".hover-card");
    await expect.poll(() => card.textContent()).toContain(cellOf("night"));
    await expect.poll(() => card.textContent()).toContain(cellOf("object_id"));
    await page.mouse.click(...(await positionOf(page, layout, row)));
    await tab("Point");
    const panel = page.locator("#panel");
    await expect.poll(() => panel.textContent()).toContain(cellOf("remark") || "none");
    await expect.poll(() => panel.getByRole("link").getAttribute("href")).toBe(cellOf("page"));
    await expect.poll(() => panel.getByRole("link").getAttribute("rel")).toBe("noopener noreferrer");
    for (const name of SURVEY_COLUMNS)
      await expect.poll(() => panel.textContent()).toContain(name === "label" ? "Label" : name);
  });
});

describe("the table", () => {
  const rows = () => page.locator(".point-table__row");
  const cells = (at: number) => rows().nth(at).getByRole("gridcell").allTextContents();

  test("is sorted by any column and shows every row of the file", async () => {
    await openMap(page, large.url);
    await page.keyboard.press("r");
    const grid = page.getByRole("grid");
    await expect.poll(() => grid.getAttribute("aria-rowcount")).toBe(String(N + 1));
    await expect.poll(() => cells(0)).toContain("G0000000");
    await expect.poll(() => rows().count()).toBeLessThan(60);
    await page.getByTitle("Sort by redshift").click();
    const sorted = Array.from(numbers("redshift"), (value, row) => ({ value, row })).filter(
      ({ value }) => !Number.isNaN(value),
    );
    sorted.sort((a, b) => a.value - b.value || a.row - b.row);
    await expect.poll(() => cells(0)).toContain(texts("object_id")[sorted[0]?.row as number]);
    await page.getByTitle("Sort by redshift").click();
    sorted.sort((a, b) => b.value - a.value || a.row - b.row);
    await expect.poll(() => cells(0)).toContain(texts("object_id")[sorted[0]?.row as number]);
    await expect
      .poll(() => page.getByRole("columnheader", { name: "redshift" }).getAttribute("aria-sort"))
      .toBe("descending");
    await grid.focus();
    await page.keyboard.press("End");
    await expect.poll(async () => (await cells((await rows().count()) - 1)).join()).toContain("none");
    await expect.poll(() => rows().last().getAttribute("aria-rowindex")).toBe(String(N + 1));
    await page.getByText("Columns", { exact: true }).click();
    await page.getByRole("checkbox", { name: "remark" }).check();
    await page.getByRole("columnheader", { name: "remark" }).waitFor();
  });

  test("follows clicks on the map, and the map follows clicks in the table", async () => {
    await openMap(page, small.url);
    const layout = await small.layout("map");
    await page.keyboard.press("r");
    await settle(page);
    const row = loneliest(layout);
    await page.mouse.click(...(await positionOf(page, layout, row)));
    await page.locator(`#table-row-${row}.point-table__clicked`).waitFor();
    await rows().first().hover();
    const other = Number((await rows().first().getAttribute("id"))?.replace("table-row-", ""));
    await rows().first().click();
    await tab("Point");
    await expect.poll(() => page.locator("#panel h2").textContent()).toBe(`Row ${other}`);
    await page.getByRole("grid").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    await page.getByRole("checkbox", { name: "Only selected" }).check();
    await expect.poll(() => rows().count()).toBe(2);
    await page.keyboard.press("Escape");
    await expect.poll(() => rows().count()).toBeGreaterThan(2);
  });
});

describe("filters", () => {
  beforeEach(async () => {
    await openMap(page, large.url);
    await tab("Filters");
  });

  test("combine, and update each other, the map and the table", async () => {
    const map = page.locator(".map-pane__canvas").first();
    const whole = await map.screenshot();
    await sectionOf("Label")
      .getByRole("button", { name: /^spiral/ })
      .click();
    const isSpiral = (row: number) => texts("label")[row] === "spiral";
    await expect.poll(() => status().textContent()).toBe(`${count(isSpiral)} of 70,000 points are shown.`);
    await settle(page);
    expect((await map.screenshot()).equals(whole)).toBe(false);
    await addFilter("exposures");
    await sectionOf("exposures").getByLabel("From", { exact: true }).fill("20");
    await sectionOf("exposures").getByLabel("From", { exact: true }).press("Enter");
    const isLong = (row: number) => numbers("exposures")[row] >= 20;
    const both = (row: number) => isSpiral(row) && isLong(row);
    await expect.poll(() => status().textContent()).toBe(`${count(both)} of 70,000 points are shown.`);
    // The bar of another class counts the rows that pass all other filters.
    const quasars = sectionOf("Label")
      .getByRole("button", { name: /^quasar/ })
      .locator("small");
    await expect
      .poll(() => quasars.textContent())
      .toBe(count((row) => texts("label")[row] === "quasar" && isLong(row)));
    await addFilter("remark");
    await sectionOf("remark").getByRole("searchbox").fill("DUSTY, ringed");
    const isNoted = (row: number) => texts("remark")[row].includes("dusty, ringed");
    const all = count((row) => both(row) && isNoted(row));
    await expect.poll(() => status().textContent()).toBe(`${all} of 70,000 points are shown.`);
    await page.keyboard.press("Tab");
    await page.getByRole("button", { name: "Table", exact: true }).click();
    await expect
      .poll(() => page.locator(".point-table__bar [role=status]").textContent())
      .toBe(`${all} of 70,000 rows`);
    await page.getByRole("button", { name: "Select the shown points" }).click();
    await tab("Selection");
    await expect.poll(() => page.locator("#panel h2").textContent()).toBe(`${all} of 70,000 points`);
  });

  test("can be set by dragging on histograms of numbers and dates, and cleared", async () => {
    await addFilter("redshift");
    await brush("redshift", 0.25, 0.6);
    await expect.poll(() => status().textContent()).toMatch(/^[\d,]+ of 70,000/);
    const low = Number(await sectionOf("redshift").getByLabel("From", { exact: true }).inputValue());
    const high = Number(await sectionOf("redshift").getByLabel("To", { exact: true }).inputValue());
    const isIn = (row: number) => numbers("redshift")[row] >= low && numbers("redshift")[row] <= high;
    await expect.poll(() => status().textContent()).toBe(`${count(isIn)} of 70,000 points are shown.`);
    await addFilter("night");
    await brush("night", 0.5, 1);
    const from = await sectionOf("night").getByLabel("From", { exact: true }).inputValue();
    expect(from).toMatch(/^20\d\d-\d\d-\d\d$/);
    const expected = count((row) => isIn(row) && texts("night")[row] >= from);
    await expect.poll(() => status().textContent()).toBe(`${expected} of 70,000 points are shown.`);
    await page.getByRole("button", { name: "Clear all filters" }).click();
    await expect.poll(() => status().textContent()).toBe("All points are shown.");
  });

  test("exclude hidden points from hovering and from the lasso", async () => {
    await page.goto(small.url);
    await openMap(page, small.url);
    const layout = await small.layout("map");
    const row = loneliest(layout);
    const few = await readTable(join(home, "few.csv"));
    const other = ["spiral", "quasar"].find((name) => name !== (few.get("label") as string[])[row]) as string;
    await tab("Filters");
    await sectionOf("Label")
      .getByRole("button", { name: new RegExp(`^${other}`) })
      .click();
    await settle(page);
    await page.mouse.move(...(await positionOf(page, layout, row)));
    await page.waitForTimeout(300);
    const card = page.locator(".hover-card");
    if ((await card.count()) > 0) await expect.poll(() => card.textContent()).toContain(other);
  });
});

describe("search", () => {
  beforeEach(async () => {
    await openMap(page, large.url);
    await page.keyboard.press("/");
  });
  const searchFor = (text: string) => page.getByRole("searchbox", { name: "Search for" }).fill(text);

  test("finds texts, labels, identifiers, dates and row numbers", async () => {
    await searchFor("dusty, ringed");
    const found = count((row) => texts("remark")[row].includes("dusty, ringed"));
    await expect.poll(() => status().textContent()).toContain(`${found} points found`);
    await searchFor("G0000123");
    await expect.poll(() => status().textContent()).toContain("1 point found");
    await page.getByRole("searchbox", { name: "Search for" }).press("Enter");
    await page.locator(".text-search__form select").selectOption({ label: "Label" });
    await searchFor("QUASAR");
    await expect.poll(() => status().textContent()).toContain("14,000 points found");
    await page.locator(".text-search__form select").selectOption({ label: "night" });
    await searchFor("2020-02");
    const nights = count((row) => texts("night")[row].startsWith("2020-02"));
    await expect.poll(() => status().textContent()).toContain(`${nights} points found`);
    await page.locator(".text-search__form select").selectOption({ label: "Row number" });
    await searchFor("69,999");
    await expect.poll(() => page.locator(".text-search__found button").first().textContent()).toContain("Row 69,999");
    await page.getByRole("button", { name: "Select it" }).click();
    await tab("Selection");
    await expect.poll(() => page.locator("#panel h2").textContent()).toBe("1 of 70,000 points");
  });
});

describe("saved files", () => {
  test("contain all columns: the CSV of the selection, and the offline page with its table, filters and search", async () => {
    await openMap(page, small.url);
    await page.keyboard.press("/");
    await page.getByRole("searchbox", { name: "Search for" }).fill("quasar");
    await page.getByRole("button", { name: "Select all of them" }).click();
    await tab("Selection");
    const save = async (act: () => Promise<unknown>) => {
      const [come] = await Promise.all([page.waitForEvent("download"), act()]);
      const path = join(home, come.suggestedFilename());
      await come.saveAs(path);
      return path;
    };
    const served = await save(() => page.getByRole("button", { name: "CSV", exact: true }).click());
    const fromServer = await readFile(served, "utf8");
    expect(fromServer.split("\n")[0]?.split(",").slice(0, 4)).toEqual(["row", "x", "y", "label"]);
    expect(fromServer.trim().split("\n")).toHaveLength(1 + FEW / 5);
    await page.getByTitle("Save", { exact: true }).click();
    const offline = await save(() => page.getByText("one HTML file").click());
    await page.goto(pathToFileURL(offline).href);
    await page.waitForFunction(() => performance.getEntriesByName("first map").length > 0);
    await page.keyboard.press("r");
    await expect.poll(() => page.locator(".point-table__row").first().textContent()).toContain("G0000000");
    await page.keyboard.press("/");
    await page.getByRole("searchbox", { name: "Search for" }).fill("quasar");
    await page.getByRole("button", { name: "Select all of them" }).click();
    await tab("Selection");
    const fromFile = await save(() => page.getByRole("button", { name: "CSV", exact: true }).click());
    expect(await readFile(fromFile, "utf8")).toBe(fromServer);
  });
});

describe.each<[string, { width: number; height: number }, Parameters<typeof openPage>[1]]>([
  ["light", { width: 1300, height: 850 }, {}],
  ["dark", { width: 1300, height: 850 }, { colorScheme: "dark" }],
  ["narrow", { width: 390, height: 844 }, {}],
  ["in forced colors", { width: 1300, height: 850 }, { forcedColors: "active" }],
])("%s", (_, viewport, media) => {
  test("the table, the filters and the search are accessible", async () => {
    await page.close();
    page = await openPage(viewport, media);
    await openMap(page, large.url);
    await tab("Filters");
    await sectionOf("Label")
      .getByRole("button", { name: /^spiral/ })
      .click();
    await page.locator("svg.filters-panel__histogram").first().waitFor();
    expect(await findProblems()).toEqual([]);
    await page.keyboard.press("/");
    await page.getByRole("searchbox", { name: "Search for" }).fill("dusty");
    await page.getByText(/points found/).waitFor();
    expect(await findProblems()).toEqual([]);
    await page.getByRole("button", { name: "Table", exact: true }).click();
    await page.locator(".point-table__row").first().waitFor();
    expect(await findProblems()).toEqual([]);
    await expect
      .poll(() => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth))
      .toBeLessThanOrEqual(0);
  });
});
