// Tests that the explorer's offline file computes maps with other settings, in a page from the disk and without any request.
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launchBrowser } from "../../scripts/browsers.mjs";
import { Matrix, runTsne, writeMatrix } from "../../src/index.js";
import { launchChromium } from "./chromium.js";
import { isQuiet, openMap, serve, stopAll, until } from "./explorer.js";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const n = 300;
const d = 6;
/** Three groups with some structure of their own. */
const means = new Matrix(
  Float32Array.from({ length: n * d }, (_, at) => {
    const [i, k] = [Math.floor(at / d), at % d];
    return (i % 3 === k % 3 ? 6 : 0) + 2 * Math.sin(7 * i + 3 * k);
  }),
  n,
  d,
);
const sigma = new Matrix(
  Float32Array.from({ length: n * d }, (_, at) => 0.1 + (at % 11) / 5),
  n,
  d,
);

let folder = "";
let browser: Browser;
let page: Page;
let complaints: string[];
/** The offline files with and without the data. */
let [withData, withoutData] = ["", ""];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-offline-"));
  const path = (name: string) => join(folder, name);
  await writeMatrix(path("means.npy"), means);
  await writeMatrix(path("sigma.npy"), sigma);
  await writeFile(path("labels.txt"), Array.from({ length: n }, (_, i) => `group ${i % 3}\n`).join(""));
  const [server, started] = await Promise.all([
    serve(path("means.npy"), "--sigma", path("sigma.npy"), "--labels", path("labels.txt"), "--no-cache"),
    launchChromium(),
  ]);
  browser = started;
  await until(server, isQuiet);
  const served = await browser.newPage({ viewport: { width: 1300, height: 850 } });
  await openMap(served, server.url);
  withData = await saveExplorer(served, "with.html");
  withoutData = await saveExplorer(served, "without.html", () => served.getByText(/^With the data/).click());
  await served.close();
  await server.stop();
});
afterAll(async () => {
  await browser?.close();
  await stopAll();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1300, height: 850 }, offline: true });
  complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!/^(file|blob|data):/.test(request.url())) complaints.push(`asked for ${request.url()}`);
  });
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

/** Saves the explorer by its menu. */
async function saveExplorer(from: Page, name: string, choose: () => Promise<void> = async () => {}): Promise<string> {
  await from.getByTitle("Save", { exact: true }).click();
  await choose();
  const [download] = await Promise.all([
    from.waitForEvent("download"),
    from.locator(".export-menu__menu").getByText("Explorer", { exact: false }).last().click(),
  ]);
  const path = join(folder, name);
  await download.saveAs(path);
  return path;
}

const open = async (file: string) => {
  await openMap(page, pathToFileURL(file).href);
  await page.getByRole("tab", { name: "Compute" }).click();
};
const panel = () => page.locator("#panel");
const compute = () => page.getByRole("button", { name: "Compute map" }).click();
const isFinished = (title: string) => panel().locator("li", { hasText: title }).waitFor();
/** The title of the map that is shown, and how it was computed. */
const caption = () => page.locator("figcaption").first().textContent();

/** The content security policy of a file. */
async function policyOf(file: string): Promise<string> {
  const [, policy = ""] =
    /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(await readFile(file, "utf8")) ?? [];
  return policy;
}

test("the file computes a map with another perplexity, with the KL divergence that Node.js reports", async () => {
  await open(withData);
  await expect.poll(() => panel().textContent()).toContain("300 points with 6 columns and their standard deviations");
  await page.getByLabel("Perplexity", { exact: true }).fill("12");
  await compute();
  await isFinished("Perplexity 12, with sigma");
  const { kl } = await runTsne(means, { sigma, perplexity: 12 });
  await expect.poll(caption).toContain(`inverse-variance distance, perplexity 12, KL ${kl.toFixed(3)}`);
  // The new map is one of the maps, and can be compared with the others.
  await page.getByRole("button", { name: "Side by side" }).click();
  await expect.poll(() => page.locator("canvas.map-pane__top").count()).toBe(2);
  await page.getByRole("tab", { name: "Moved" }).click();
  await expect.poll(() => page.locator("#panel li").count()).toBeGreaterThan(0);
  await page.getByRole("button", { name: "Morph" }).click();
  await page.getByRole("button", { name: "One", exact: true }).click();
  await page.getByRole("button", { name: "Perplexity 12, with sigma" }).click();
  // Layouts that are derived from the new map are computed as well.
  for (const arrangement of ["Separated", "Wall"]) {
    await page.getByRole("button", { name: arrangement }).click();
    await expect.poll(() => page.getByText(/^Computing/).count()).toBe(0);
  }
});

test("the file computes a map without standard deviations, with another distance and all other settings", async () => {
  await open(withData);
  await page.getByText("Use the standard deviations").click();
  await page.getByLabel("Distance", { exact: true }).selectOption("cosine");
  await page.getByText("More settings").click();
  await page.getByLabel("Iterations", { exact: true }).fill("60");
  await page.getByLabel("Early exaggeration", { exact: true }).fill("4");
  await page.getByLabel("Start", { exact: true }).selectOption("random");
  await page.getByLabel("Seed", { exact: true }).fill("7");
  await compute();
  const title = "Perplexity 30, without sigma, cosine, 60 iterations, exaggeration 4, random start, seed 7";
  await isFinished(title);
  const { kl } = await runTsne(means, {
    distance: "cosine",
    iterations: 60,
    earlyExaggeration: 4,
    init: "random",
    seed: 7,
  });
  await expect.poll(caption).toContain(`cosine distance, perplexity 30, KL ${kl.toFixed(3)}`);
  await page.getByRole("button", { name: "Remove" }).click();
  await expect.poll(() => page.getByText(title).count()).toBe(0);
});

test("a computation can be watched, stopped, continued and canceled", async () => {
  await open(withData);
  await page.getByText("More settings").click();
  await page.getByLabel("Iterations", { exact: true }).fill("1000000");
  await compute();
  await expect.poll(caption).toContain("being computed, iteration");
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect.poll(() => panel().textContent()).toContain("stopped");
  await page.getByRole("button", { name: "Continue" }).click();
  await expect.poll(() => panel().textContent()).toContain("running");
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect.poll(() => panel().textContent()).not.toContain("running");
  // The page shows its maps again, and computes the next one.
  await expect.poll(caption).toContain("KL");
  await page.getByLabel("Iterations", { exact: true }).fill("50");
  await compute();
  await isFinished("50 iterations");
});

test("a file that is saved again contains the computed map, and can compute others", async () => {
  await open(withData);
  await page.getByLabel("Perplexity", { exact: true }).fill("8");
  await compute();
  await isFinished("Perplexity 8, with sigma");
  const before = await caption();
  const again = await saveExplorer(page, "again.html");
  await open(again);
  await page.getByRole("button", { name: "Perplexity 8, with sigma" }).click();
  await expect.poll(caption).toBe(before);
  await page.getByRole("button", { name: "Wall" }).click();
  await expect.poll(() => page.getByText(/^Computing/).count()).toBe(0);
  await page.getByLabel("Perplexity", { exact: true }).fill("9");
  await compute();
  await isFinished("Perplexity 9, with sigma");
});

test("a file that was saved without the data says so, and its policy allows no WebAssembly", async () => {
  await open(withoutData);
  await expect.poll(() => panel().textContent()).toContain("The data were left out when the file was saved.");
  await expect.poll(() => page.getByRole("button", { name: "Compute map" }).count()).toBe(0);
  expect(await policyOf(withoutData)).not.toContain("wasm-unsafe-eval");
  expect(await policyOf(withData)).toMatch(
    /^default-src 'none'; script-src 'sha256-\S+' 'wasm-unsafe-eval'; .*; worker-src blob:; connect-src data: blob:;/,
  );
  expect((await stat(withData)).size).toBeGreaterThan((await stat(withoutData)).size);
});

describe("errors", () => {
  const failure = async () => {
    await compute();
    await panel().getByText("failed").waitFor();
    const text = await panel().textContent();
    await page.getByRole("button", { name: "Dismiss" }).last().click();
    await expect.poll(() => panel().getByText("failed").count()).toBe(0);
    return text;
  };

  test("the page reports in plain words that the browser has no WebAssembly", async () => {
    await page.addInitScript("delete globalThis.WebAssembly");
    await open(withData);
    expect(await failure()).toContain(
      "sigma-tsne cannot compute in this browser: it has no WebAssembly, or WebAssembly is switched off",
    );
  });

  test("a policy that forbids WebAssembly is named", async () => {
    const closed = join(folder, "closed.html");
    await writeFile(closed, (await readFile(withData, "utf8")).replace(" 'wasm-unsafe-eval'", ""));
    await open(closed);
    expect(await failure()).toMatch(/sigma-tsne cannot compute in this browser: it does not load .*security policy/i);
    complaints = complaints.filter((text) => !/security policy/i.test(text));
  });

  test("settings out of range are marked by the form and not computed", async () => {
    await open(withData);
    await page.getByLabel("Perplexity", { exact: true }).fill("500");
    await compute();
    expect(
      await page
        .getByLabel("Perplexity", { exact: true })
        .evaluate((input) => (input as HTMLInputElement).validity.rangeOverflow),
    ).toBe(true);
    await expect.poll(() => panel().locator("section").count()).toBe(0);
  });
});

test("the file computes a map in Firefox", async () => {
  const firefox = await launchBrowser("Firefox");
  const opened = await firefox.newPage();
  await opened.setViewport({ width: 1300, height: 850 });
  opened.on("pageerror", (error) => complaints.push((error as Error).message));
  opened.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await opened.goto(pathToFileURL(withData).href);
  await opened.waitForSelector("canvas.map-pane__base[data-drawn=all]");
  await opened.locator('::-p-aria([name="Compute"][role="tab"])').click();
  await opened.locator('::-p-aria([name="Compute map"])').click();
  const { kl } = await runTsne(means, { sigma });
  await expect
    .poll(() => opened.$eval("figcaption", (element) => element.textContent ?? ""))
    .toContain(`Perplexity 30, with sigmainverse-variance distance, perplexity 30, KL ${kl.toFixed(3)}`);
  await firefox.close();
});

test.each(["light", "dark"] as const)("axe finds nothing in the panel that computes: %s", async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  // The policy of the file allows no other scripts, so this script is added before the policy applies.
  await page.addInitScript({ path: axe });
  await open(withData);
  const findProblems = () =>
    page.evaluate(async () => {
      const { axe } = window as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    });
  await page.getByText("More settings").click();
  expect(await findProblems()).toEqual([]);
  await page.getByLabel("Iterations", { exact: true }).fill("1000000");
  await compute();
  await expect.poll(caption).toContain("being computed");
  expect(await findProblems()).toEqual([]);
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByLabel("Iterations", { exact: true }).fill("50");
  await compute();
  await isFinished("50 iterations");
  expect(await findProblems()).toEqual([]);
});
