import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Download, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SelectionsFile } from "../../src/explorer/protocol.js";
import { launchChromium } from "./chromium.js";
import { openMap, type Served, serve, stopAll } from "./explorer.js";

/** Points in three clusters. The second cluster is red and heavy. */
const N = 900;
const clusterOf = (row: number) => row % 3;
const label = (row: number) => ["first", "second", "third"][clusterOf(row)];
const table = [
  "x,y,label,color,weight",
  ...Array.from({ length: N }, (_, row) => {
    const angle = row * 2.399;
    const radius = Math.sqrt(row / N);
    const [x, y] = [radius * Math.cos(angle) + 8 * clusterOf(row), radius * Math.sin(angle)];
    return `${x},${y},${label(row)},${clusterOf(row) === 1 ? "red" : "blue"},${clusterOf(row) === 1 ? 50 : 10}`;
  }),
].join("\n");

let home: string;
let source: string;
let server: Served;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "sigma-tsne-state-"));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await stopAll();
  await rm(home, { recursive: true, force: true });
});

beforeEach(async () => {
  source = join(home, `${Math.random().toString(36).slice(2)}.csv`);
  await writeFile(source, `${table}\n`);
  server = await serve(source);
  page = await browser.newPage({ viewport: { width: 1300, height: 850 }, acceptDownloads: true });
  complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await openMap(page, server.url);
});
afterEach(async () => {
  await page.close();
  await server.stop();
  expect(complaints).toEqual([]);
});

const tab = (text: string) => page.getByRole("tab", { name: text }).click();
const button = (name: string) => page.getByRole("button", { name, exact: true });
const heading = () => page.locator("#panel h2").textContent();
const hash = () => page.evaluate(() => location.hash);

async function selectClass(name: string): Promise<void> {
  await tab("Colors");
  await page.locator(".colors-panel__classes button", { hasText: name }).click();
  await tab("Selection");
}

describe("the address", () => {
  test("restores map, camera, colors, points, selection and panel after a reload and from a bookmark", async () => {
    await selectClass("second");
    await tab("Colors");
    await page.getByLabel("Color by").selectOption({ label: "weight" });
    await page.locator("canvas.map-pane__top").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Zoom in" }).click();
    const row = await heading();
    expect(row).toMatch(/^Row \d/);
    await expect.poll(hash).toMatch(/at=.*&color=.*weight.*&points=\d+&selected=[rb][\w-]+&panel=point/);
    const address = page.url();
    await page.reload();
    await expect.poll(heading).toBe(row);
    await expect.poll(() => page.url()).toBe(address);

    const other = await browser.newPage({ viewport: { width: 1300, height: 850 } });
    await openMap(other, address);
    await other.getByRole("tab", { name: "Selection" }).click();
    await expect.poll(() => other.locator("#panel h2").textContent()).toBe(`${N / 3} of ${N} points`);
    await other.getByRole("tab", { name: "Colors" }).click();
    await expect.poll(() => other.getByLabel("Color by").locator("option:checked").textContent()).toBe("weight");
    await other.close();
  });

  test("is restored except for parts that do not fit the data, which are reported", async () => {
    await page.goto("about:blank");
    await page.goto(`${server.url}#map=nothing&color=column:weight&points=100000&selected=zz&colour=red`);
    await page.getByText("do not fit these data and were left out: map, points, selected, colour.").waitFor();
    await expect.poll(() => page.getByLabel("Color by").locator("option:checked").textContent()).toBe("weight");
  });

  test("restores filters and the table", async () => {
    const choices = { filters: { "column:weight": { kind: "range", low: 40, high: 60 } }, isTableOpen: true };
    const other = await browser.newPage();
    await openMap(other, `${server.url}#columns=${encodeURIComponent(JSON.stringify(choices))}`);
    await other.getByRole("grid").or(other.getByRole("table")).first().waitFor();
    await other.getByRole("tab", { name: "Filters" }).click();
    await other.getByText("300 of 900").first().waitFor();
    await expect
      .poll(async () => new URLSearchParams(new URL(other.url()).hash.slice(1)).get("columns"))
      .toBe(JSON.stringify(choices));
    await other.close();
    for (const wrong of ["{", '{"filters":{"column:weight":{"kind":"range","low":"x"}}}', '{"__proto__":{}}']) {
      await page.goto("about:blank");
      await page.goto(`${server.url}#columns=${encodeURIComponent(wrong)}`);
      await page.getByText("left out: columns.").waitFor();
    }
  });

  test("is restored when the user enters another address in the same page", async () => {
    await page.evaluate(() => {
      location.hash = "#points=7&panel=point";
    });
    await expect.poll(heading).toBe("Row 7");
  });
});

test("selections can be undone and redone by keys and buttons", async () => {
  await selectClass("first");
  await selectClass("third");
  const first = () => page.getByText("first", { exact: true }).first();
  await page.keyboard.press("Control+z");
  await first().waitFor();
  await page.keyboard.press("Control+z");
  await page.getByText("Nothing selected").waitFor();
  await expect.poll(() => button("Undo").isDisabled()).toBe(true);
  await page.keyboard.press("Control+y");
  await page.keyboard.press("Control+Shift+z");
  await page.getByText("third", { exact: true }).first().waitFor();
  await expect.poll(() => button("Redo").isDisabled()).toBe(true);
  await button("Undo").click();
  await first().waitFor();
});

describe("saved selections", () => {
  const keep = async (name: string) => {
    await page.getByLabel("Name of this selection").fill(name);
    await button("Save").click();
    await page.locator(".named-selections__list li", { hasText: name }).waitFor();
  };

  test("are saved in the folder of the source, shown in every page, and named in the address", async () => {
    await selectClass("second");
    await keep("the heavy ones");
    await expect.poll(hash).toContain("selected=@the+heavy+ones");
    const { selections } = JSON.parse(await readFile(`${source}.selections.json`, "utf8")) as SelectionsFile;
    expect(selections["the heavy ones"]).toHaveLength(N / 3);
    const other = await browser.newPage();
    await openMap(other, page.url());
    await expect.poll(() => other.locator("#panel h2").textContent()).toBe(`${N / 3} of ${N} points`);
    await other.getByRole("button", { name: "Delete the heavy ones" }).click();
    await page.locator(".named-selections__list li").waitFor({ state: "detached" });
    await other.close();
  });

  test("are compared: size, rows in common, shares, means and over-represented values", async () => {
    await selectClass("first");
    await keep("one");
    await selectClass("second");
    await keep("two");
    await page.getByLabel("Compare one").check();
    const comparison = page.getByRole("region", { name: "Comparison of selections" });
    const row = (name: string) =>
      comparison.locator("tr", { has: page.getByRole("rowheader", { name }) }).locator("td");
    await expect.poll(() => row("Points").allTextContents()).toEqual(["300 33.3 %", "300 33.3 %"]);
    await page.getByLabel("Compare two").check();
    await expect.poll(() => comparison.locator("thead th").allTextContents()).toEqual(["one", "two"]);
    await expect.poll(() => row("In common").allTextContents()).toEqual(["", "0"]);
    await expect
      .poll(() => row("weight").allTextContents())
      .toEqual(["mean 10 all points: 23.33", "mean 50 all points: 23.33"]);
    await expect
      .poll(() => row("color").allTextContents())
      .toEqual(["blue 100 %Over-represented: blue ×1.5", "red 100 %Over-represented: red ×3"]);
  });

  test("are exported and imported as a file", async () => {
    await selectClass("third");
    await keep("a & “b”");
    const [download] = (await Promise.all([page.waitForEvent("download"), button("Export").click()])) as [
      Download,
      unknown,
    ];
    const path = join(home, "selections.json");
    await download.saveAs(path);
    await page.getByRole("button", { name: "Delete a & “b”" }).click();
    await page.locator(".named-selections__list li").waitFor({ state: "detached" });
    await page.getByLabel("File of selections").setInputFiles(path);
    await page.locator(".named-selections__list li", { hasText: "a & “b”" }).waitFor();
    await page.getByLabel("File of selections").setInputFiles({
      name: "wrong.json",
      mimeType: "application/json",
      buffer: Buffer.from(JSON.stringify({ kind: "sigma-tsne selections", version: 1, points: 5, selections: {} })),
    });
    await page.getByText(`it contains selections of 5 points, but this source has ${N}`).waitFor();
  });
});
