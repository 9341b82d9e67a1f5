// Tests the entry for browsers in a page without a server and in a page with the headers of cross-origin isolation.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser } from "../../scripts/browsers.mjs";
import { runTsne } from "../../src/index.js";
import { pageText } from "./entry-page.js";

/** 200 points in four groups. */
const data = Array.from({ length: 200 }, (_, i) =>
  Array.from({ length: 6 }, (_, k) => (i % 4 === k % 4 ? 8 : 0) + Math.sin(7 * i + 3 * k)),
);

describe.each(["Chromium", "Firefox"] as const)("in %s,", (name) => {
  let browser: Browser;
  let folder = "";
  let page: Page;
  const requests: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sigma-tsne-entry-"));
    browser = await launchBrowser(name);
    page = await browser.newPage();
    page.on("request", (request) => requests.push(request.url()));
    await writeFile(join(folder, "page.html"), await pageText());
    await page.goto(pathToFileURL(join(folder, "page.html")).href);
    await page.waitForFunction("globalThis.sigma");
  });

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a program in the page. */
  const evaluate = <T>(program: string): Promise<T> =>
    page.evaluate(`(async () => { const data = ${JSON.stringify(data)}; ${program} })()`) as Promise<T>;

  test("the browser entry computes the same embedding in a page from a file as the package in Node.js", async () => {
    const found = await evaluate<{ embedding: number[]; kl: number; stages: string[] }>(`
      const stages = new Set();
      const onProgress = ({ stage }) => stages.add(stage);
      const result = await sigma.runTsne(data, { perplexity: 10, method: "exact", onProgress });
      return { embedding: [...result.embedding.data], kl: result.kl, stages: [...stages] };`);
    const native = await runTsne(data, { perplexity: 10, method: "exact" });
    expect(found.kl).toBeCloseTo(native.kl, 2);
    expect(found.embedding).toHaveLength(400);
    expect(found.stages).toEqual(expect.arrayContaining(["neighbors", "affinities", "optimization"]));
    expect(requests.filter((url) => !url.startsWith("file:") && !url.startsWith("blob:"))).toEqual([]);
  });

  test("the browser entry evaluates, separates and assigns cells", async () => {
    const found = await evaluate<{ kept: number; separated: number[]; cells: number }>(`
      const { embedding } = await sigma.runTsne(data, { perplexity: 10, iterations: 250 });
      const quality = await sigma.evaluate(data, embedding, { k: [10] });
      const { points } = await sigma.separateUniformly(embedding);
      const { row, column, columns } = await sigma.assignToGrid(points);
      const cells = new Set([...row].map((r, i) => r * columns + column[i]));
      return { kept: quality.neighborhoods[0].kept.value, separated: points.shape, cells: cells.size };`);
    expect(found.kept).toBeGreaterThan(0.4);
    expect(found.separated).toEqual([200, 2]);
    expect(found.cells).toBe(200);
  });

  test("a run in the browser continues after a stop, reports snapshots, and places new points", async () => {
    const found = await evaluate<Record<string, unknown>>(`
      const seen = [];
      const tsne = new sigma.Tsne(data, { perplexity: 10, onSnapshot: ({ iteration }) => seen.push(iteration), snapshotEvery: 25 });
      const first = await tsne.fit(100);
      const second = await tsne.fit(50);
      const placed = await tsne.place(data.slice(0, 4));
      const iteration = tsne.iteration;
      tsne.end();
      const rejected = await tsne.fit(10).catch((error) => error.code);
      const distance = Math.hypot(placed.embedding.at(0, 0) - second.embedding.at(0, 0), placed.embedding.at(0, 1) - second.embedding.at(0, 1));
      return { seen, first: first.iterations, iteration, distance, rejected };`);
    expect(found).toMatchObject({ first: 100, iteration: 150, rejected: "ABORTED" });
    expect(found.seen).toEqual([0, 25, 50, 75, 100, 125, 150]);
    expect(found.distance).toBeLessThan(5);
  });

  test("a run in the browser stops on request, and immediately if its signal is aborted", async () => {
    const found = await evaluate<Record<string, unknown>>(`
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 200);
      const aborted = await sigma.runTsne(data, { perplexity: 10, iterations: 1e6, signal: controller.signal }).catch((error) => error);
      const tsne = new sigma.Tsne(data, { perplexity: 10, iterations: 1e6, onProgress: ({ iteration }) => iteration > 0 && tsne.stop() });
      const { stopped, iterations } = await tsne.fit();
      tsne.end();
      return { code: aborted.code, isAbort: aborted instanceof sigma.AbortError, stopped, isEarly: iterations < 1e6 };`);
    expect(found).toEqual({ code: "ABORTED", isAbort: true, stopped: "stop", isEarly: true });
  });

  test("the browser entry reports bad input with the same errors as the package", async () => {
    const found = await evaluate<Record<string, unknown>>(`
      const bad = data.map((row, i) => (i === 3 ? [NaN, ...row.slice(1)] : row));
      const value = await sigma.runTsne(bad, { perplexity: 10 }).catch((error) => error);
      const option = await sigma.runTsne(data, { perplexty: 10 }).catch((error) => error);
      const range = await new sigma.Tsne(data, { perplexity: 500 }).fit().catch((error) => error);
      return {
        value: [value instanceof sigma.DataError, value.code, value.row, value.column],
        option: [option instanceof sigma.ArgumentError, option.code, option.message],
        range: [range.code, range.argument],
      };`);
    expect(found.value).toEqual([true, "NOT_FINITE", 3, 0]);
    expect(found.option).toEqual([true, "UNKNOWN_OPTION", expect.stringContaining('did you mean "perplexity"?')]);
    expect(found.range).toEqual(["OUT_OF_RANGE", "perplexity"]);
  });

  test("the error names the content security policy that prevents the worker from starting", async () => {
    const policy = `<meta http-equiv="Content-Security-Policy" content="script-src 'unsafe-inline'; worker-src 'none'">`;
    const closed = await browser.newPage();
    await writeFile(join(folder, "closed.html"), await pageText(policy));
    await closed.goto(pathToFileURL(join(folder, "closed.html")).href);
    await closed.waitForFunction("globalThis.sigma");
    const error = (await closed.evaluate(
      `sigma.runTsne([[1, 2], [2, 1], [3, 3], [4, 1]]).catch(({ code, message }) => ({ code, message }))`,
    )) as { code: string; message: string };
    expect(error.code).toBe("BACKEND_UNAVAILABLE");
    expect(error.message).toContain("worker-src blob:");
    await closed.close();
  });

  test("the browser entry computes the same embedding in a cross-origin isolated page", async () => {
    const text = await pageText();
    const server: Server = createServer((_, response) => {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
      response.setHeader("Content-Type", "text/html");
      response.end(text);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const isolated = await browser.newPage();
    await isolated.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await isolated.waitForFunction("globalThis.sigma");
    const embed = `sigma.runTsne(${JSON.stringify(data)}, { perplexity: 10, iterations: 100 }).then(({ kl }) => [crossOriginIsolated, kl])`;
    const [isIsolated, kl] = (await isolated.evaluate(embed)) as [boolean, number];
    expect(isIsolated).toBe(true);
    expect(await page.evaluate(embed)).toEqual([false, kl]);
    await isolated.close();
    server.close();
  });
});
