import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "./chromium.js";
import { type Served, serve, stopAll } from "./explorer.js";

/** A page that shows the explorer in a frame and stores the messages of the explorer in `window.told`. */
const around = (explorer: string) => `<!doctype html><title>around</title>
<iframe src="${explorer}" width="1200" height="800"></iframe>
<script>
  window.told = [];
  window.select = (...rows) =>
    frames[0].postMessage({ kind: "sigma-tsne select", rows: Uint32Array.from(rows) }, "*");
  addEventListener("message", ({ data }) => told.push([data.kind, ...(data.rows ?? [])]));
</script>`;

let home: string;
let outside: Server;
let port: number;
let explorer: Served;
let browser: Browser;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "sigma-tsne-frame-"));
  await writeFile(join(home, "map.csv"), `x,y\n${Array.from({ length: 20 }, (_, i) => `${i},${i % 3}`).join("\n")}\n`);
  outside = createServer((_, response) => response.setHeader("content-type", "text/html").end(around(explorer.url)));
  outside.listen(0);
  await once(outside, "listening");
  port = (outside.address() as AddressInfo).port;
  explorer = await serve(join(home, "map.csv"), "--frame-origins", `http://localhost:${port}`);
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await stopAll();
  outside.close();
  await rm(home, { recursive: true, force: true });
});

const told = (page: Page) => page.evaluate(() => (window as unknown as { told: unknown[] }).told);
const selectRows = (page: Page, ...rows: number[]) =>
  page.evaluate((these) => (window as unknown as { select(...rows: number[]): void }).select(...these), rows);

test("a page with an allowed origin can show the explorer in a frame and shares its selection", async () => {
  const page = await browser.newPage();
  await page.goto(`http://localhost:${port}`);
  await expect.poll(() => told(page), { timeout: 30_000 }).toEqual([["sigma-tsne ready"]]);
  await selectRows(page, 7, 3);
  await expect.poll(() => told(page)).toHaveLength(2);
  const frame = page.frameLocator("iframe");
  await frame.getByRole("tab", { name: "Selection" }).click();
  await expect.poll(() => frame.locator("#panel h2").textContent()).toBe("2 of 20 points");
  await frame.getByRole("button", { name: "Clear" }).first().click();
  await expect.poll(() => told(page)).toHaveLength(3);
  expect((await told(page)).slice(1)).toEqual([["sigma-tsne selected", 3, 7], ["sigma-tsne selected"]]);

  await selectRows(page, 20);
  await frame.getByText("selected points that do not exist: expected numbers from 0 to 19").waitFor();
  expect(await told(page)).toHaveLength(3);
  await page.close();
});

test("a page with any other origin can neither show the explorer nor receive data from it", async () => {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  await page.goto(`http://127.0.0.1:${port}`);
  await expect.poll(() => complaints.join("\n"), { timeout: 30_000 }).toContain("frame-ancestors");
  await selectRows(page, 1);
  expect(await told(page)).toEqual([]);
  await page.close();
});
