// Tests the page docs/live as one file without a server. Files are dropped on it, and it computes without any request.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, ElementHandle, Page } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launchBrowser } from "../../scripts/browsers.mjs";
import { writeMatrix, writeTable } from "../../src/index.js";

const address = pathToFileURL(resolve("docs/live/index.html")).href;
let folder = "";

const n = 120;
const groups = Array.from({ length: n }, (_, i) => `group ${i % 3}`);
const values = Array.from({ length: 4 }, (_, k) =>
  Float64Array.from({ length: n }, (_, i) => (i % 3 === k % 3 ? 9 : 0) + Math.sin(7 * i + 3 * k)),
);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-live-"));
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
  // The embedding of so many points takes long enough to be stopped.
  const many = Array.from({ length: 8000 }, (_, i) => [Math.sin(i), Math.cos(2 * i), Math.sin(3 * i)].join(","));
  await writeFile(join(folder, "many.csv"), `a,b,c\n${many.join("\n")}\n`);
  await writeFile(join(folder, "points.zip"), "PK\u0003\u0004 and more");
  await writeFile(join(folder, "ragged.csv"), "a,b\n1,2\n3\n4,5\n6,7\n");
  for (const kind of ["npy", "parquet", "arrow"]) {
    const bytes = await readFile(join(folder, `points.${kind}`));
    await writeFile(join(folder, `cut.${kind}`), bytes.subarray(0, bytes.length / 2));
  }
  // These files end in holes, which take no space on the disk.
  await writeFile(join(folder, "large.npy"), Buffer.from("\x93NUMPY", "latin1"));
  await truncate(join(folder, "large.npy"), 1.5 * 2 ** 30);
  await writeFile(join(folder, "large.csv"), "1,2\n".repeat(1100));
  await truncate(join(folder, "large.csv"), 0.625 * 2 ** 30);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(["Chromium", "Firefox"] as const)("in %s,", (name) => {
  let browser: Browser;
  let page: Page;
  let downloads = "";
  let complaints: string[];

  beforeAll(async () => {
    downloads = await mkdtemp(join(folder, "downloads-"));
    browser = await launchBrowser(name, { downloads });
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    page = await browser.newPage();
    await page.setViewport({ width: 1200, height: 1300 });
    complaints = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(`${error}`));
    page.on("request", (request) => {
      if (!/^(file|blob|data):/.test(request.url())) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(address);
  });
  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
  });

  const choose = async (file: string) => {
    const input = (await page.$("#file")) as ElementHandle<HTMLInputElement>;
    await input.uploadFile(join(folder, file));
  };
  const click = (selector: string) => page.locator(selector).click();
  const textOf = (selector: string) => page.$eval(selector, (element) => element.textContent ?? "");
  const textsOf = (selector: string) => page.$$eval(selector, (elements) => elements.map((one) => one.textContent));
  const message = () => textOf("#message");
  const waitForMessage = (text: string) =>
    page.waitForFunction(
      (expected: string) => document.getElementById("message")?.textContent?.includes(expected),
      { timeout: 60_000 },
      text,
    );

  /** Waits for a file that the page saves. */
  async function saved(file: string): Promise<Buffer> {
    const path = join(downloads, file);
    await expect.poll(() => existsSync(path)).toBe(true);
    await expect.poll(async () => (await stat(path)).size).toBeGreaterThan(0);
    return readFile(path);
  }

  test.each([
    ["points.csv", "8 columns", "Columns: 4 of data, 2 of standard deviations"],
    ["points.npy", "4 columns", "Columns: 4 of data, 0 of standard deviations"],
    ["points.parquet", "5 columns", "Columns: 4 of data, 0 of standard deviations"],
    ["points.arrow", "5 columns", "Columns: 4 of data, 0 of standard deviations"],
  ])("the page reads %s and finds the roles of its columns", async (file, count, roles) => {
    await choose(file);
    await waitForMessage(count);
    await expect.poll(() => message()).toContain(`${n} rows`);
    await expect.poll(() => textOf("#columns-summary")).toContain(roles);
  });

  test("the page embeds with and without standard deviations, and saves both results", async () => {
    await choose("points.csv");
    await waitForMessage("rows");
    await expect.poll(() => page.$eval("#sigma", (element) => (element as HTMLSelectElement).value)).toBe("both");
    await click("#start");
    await waitForMessage("Done in");
    await expect.poll(async () => (await textsOf("figure")).length).toBe(2);
    await expect
      .poll(() => textsOf("figcaption"))
      .toEqual([
        expect.stringMatching(/^without standard deviationsKL divergence \d\.\d{3}, \d+ iterations/),
        expect.stringMatching(/^with standard deviationsKL divergence \d\.\d{3}, \d+ iterations/),
      ]);
    await expect.poll(() => textOf("#legend")).toContain("group 0");
    await click("#save-table");
    const lines = (await saved("embedding.csv")).toString().trim().split("\n");
    expect(lines).toHaveLength(n + 1);
    expect(lines[0]).toBe("row,name,label,x without sigma,y without sigma,x,y");
    expect(lines[1]).toMatch(/^0,p0,group 0,-?\d/);
    await click("#save-picture");
    expect((await saved("embedding.png")).subarray(1, 4).toString()).toBe("PNG");
  });

  test("the page describes the point under the pointer and selects points with a lasso", async () => {
    await choose("points.parquet");
    await waitForMessage("rows");
    await click("#start");
    await waitForMessage("Done in");
    await page.focus("canvas.top");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => textOf("#point")).toMatch(/^Row \d+ · label group \d$/);
    const box = await (await page.$("canvas.top"))?.boundingBox();
    if (!box) throw new Error("the map is not visible");
    const corners = [
      [2, 2],
      [box.width - 2, 2],
      [box.width - 2, box.height - 2],
      [2, box.height - 2],
      [2, 2],
    ];
    await click("#lasso");
    await page.mouse.move(box.x + 2, box.y + 2);
    await page.mouse.down();
    for (const [x, y] of corners) await page.mouse.move(box.x + x, box.y + y, { steps: 3 });
    await page.mouse.up();
    await page.mouse.move(1, 1);
    await expect.poll(() => textOf("#point")).toBe(`${n} points selected`);
  });

  test("the page stops on request and keeps the current embedding", async () => {
    await choose("many.csv");
    await waitForMessage("rows");
    await click("#start");
    await waitForMessage("iteration");
    // Unlike click(), this does not wait until the button stands still.
    await page.$eval("#stop", (button) => (button as HTMLButtonElement).click());
    await waitForMessage("Stopped after");
    await expect.poll(() => textOf("figcaption")).toContain("KL divergence");
  });

  test.each([
    ["points.zip", "points.zip: its kind is not known: expected CSV, .npy, Parquet or Arrow"],
    ["cut.npy", "cut.npy: it is cut off"],
    ["cut.parquet", "cut.parquet: it cannot be read as Parquet, perhaps because it is damaged ("],
    ["cut.arrow", "cut.arrow: it cannot be read as Arrow, perhaps because it is damaged ("],
    ["ragged.csv", "ragged.csv: it cannot be read as CSV, perhaps because it is damaged (Invalid Record Length"],
    [
      "large.npy",
      "large.npy: it has 1.5 GiB: expected at most 1.0 GiB. The command sigma-tsne embed reads larger files.",
    ],
    [
      "large.csv",
      "large.csv: it has 0.6 GiB: expected at most 0.5 GiB. The command sigma-tsne embed reads larger files.",
    ],
  ])("the page reports that it cannot read %s", async (file, expected) => {
    await choose(file);
    await waitForMessage(expected);
  });

  test("the page reports the error in an invalid setting", async () => {
    await choose("points.csv");
    await waitForMessage("rows");
    await page.locator("#perplexity").fill("100");
    await click("#start");
    await waitForMessage("perplexity: expected 1 to (n - 1) / 3");
  });
});
