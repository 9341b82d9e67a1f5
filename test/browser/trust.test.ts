import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Tsne, trust, writeTrustPage } from "../../src/index.js";
import { makeGroups, makeUniform } from "../tsne/points.js";
import { launchChromium } from "./chromium.js";

const hostile = `</script><img src=x onerror="document.title='owned'">`;
const n = 90;
let folder: string;
let address: string;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-browser-"));
  const run = new Tsne(makeGroups(n, 5), { sigma: makeUniform(n, 5, 0.01, 2), iterations: 150, perplexity: 10 });
  await run.fit();
  const labels = Array.from({ length: n }, (_, i) => (i % 3 === 0 ? hostile : `group ${i % 3}`));
  await writeTrustPage(join(folder, "trust.html"), await trust(run, { draws: 2, groups: true, reruns: 3, labels }), {
    labels,
    title: hostile,
  });
  address = pathToFileURL(join(folder, "trust.html")).href;
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 390, height: 900 }, offline: true });
  complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (request.url() !== address) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(address);
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

test("the page explains each score that can color the map", async () => {
  const names = await page.locator("#color option").allTextContents();
  expect(names).toEqual([
    ...[
      "Doubts",
      "Group",
      "Verdict on the group",
      "Staying with the group",
      "Perturbation",
      "Singularity",
      "Reliability",
      "Reliability class",
    ],
    ...["Share of draws", "Displacement", "Label"],
  ]);
  const pictures = new Set<string>();
  for (const [i] of names.entries()) {
    await page.selectOption("#color", String(i));
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    await expect.poll(() => page.locator("#explanation").textContent()).toMatch(/^[A-Z].*\.$/);
    await expect.poll(() => page.locator("#legend").textContent()).not.toBe("");
    pictures.add(
      await page
        .locator("#map canvas")
        .first()
        .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL()),
    );
  }
  expect(pictures.size).toBeGreaterThan(4);
  await expect.poll(() => page.locator("#findings strong").count()).toBe(6);
});

test("the page lists the groups and the labels with their stability and a sentence for each", async () => {
  const [groups, labels] = await page.locator("#groups .card").all();
  await expect
    .poll(() => groups.locator("thead th").allTextContents())
    .toEqual([
      ...["Group", "Points", "Verdict", "Separation"],
      ...["Together in reruns", "Mixed in reruns", "Together in draws", "Mixed in draws"],
    ]);
  const names = await groups.locator("tbody th").allTextContents();
  expect(names[0]).toBe("group 1");
  await expect.poll(() => groups.locator("li").count()).toBe(names.length);
  // The labels are shown as text even if they look like markup.
  await expect.poll(() => labels.locator("tbody th").allTextContents()).toEqual([hostile, "group 1", "group 2"]);
  for (const verdict of await page.locator("#groups tbody td:nth-of-type(2)").allTextContents()) {
    expect(verdict).toMatch(/^(stable|unstable|no evidence)$/);
  }
});

test("the page shows the scores of the point that is chosen by keyboard, and fits a narrow screen", async () => {
  await page.locator("canvas.top").focus();
  await page.keyboard.press("ArrowRight");
  await expect
    .poll(() => page.locator("#point").textContent())
    .toMatch(/^Row \d+ · doubts \d failed · group .* · perturbation/);
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await expect.poll(() => page.title()).toContain("</script>");
});
