// Tests the threads of the entry for browsers in a page with the headers of cross-origin isolation.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "./chromium.js";
import { pageText } from "./entry-page.js";

let browser: Browser;

/** 200 points in four groups. */
const data = Array.from({ length: 200 }, (_, i) =>
  Array.from({ length: 6 }, (_, k) => (i % 4 === k % 4 ? 8 : 0) + Math.sin(7 * i + 3 * k)),
);

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

/** A page, by default with the headers that isolate it. */
async function openPage(isIsolated = true): Promise<{ page: Page; close(): Promise<void> }> {
  const text = await pageText();
  const server: Server = createServer((_, response) => {
    if (isIsolated) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
    response.setHeader("Content-Type", "text/html");
    response.end(text);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction("globalThis.sigma");
  const close = async () => {
    await page.close();
    server.close();
  };
  return { page, close };
}

const embedWith = (threads: number) =>
  `sigma.runTsne(${JSON.stringify(data)}, { perplexity: 10, iterations: 100, threads: ${threads} })
    .then(({ embedding, options }) => [crossOriginIsolated, options.threads, [...embedding.data].join()])`;

test("an isolated page computes with threads, and gives the same bytes as another page", async () => {
  const { page: isolated, close } = await openPage();
  const other = await openPage(false);
  const [, , expected] = await other.page.evaluate<[boolean, number, string]>(embedWith(3));
  expect(await other.page.evaluate(embedWith(3))).toEqual([false, 1, expected]);
  await other.close();
  for (const threads of [1, 2, 3]) {
    expect(await isolated.evaluate(embedWith(threads))).toEqual([true, threads, expected]);
  }
  await close();
});

test("twenty runs in a row finish in an isolated page, and all workers end with them", async () => {
  const { page: isolated, close } = await openPage();
  const [, , expected] = await isolated.evaluate<[boolean, number, string]>(embedWith(2));
  for (let i = 0; i < 20; i++)
    expect(await isolated.evaluate(embedWith(2 + (i % 2)))).toEqual([true, 2 + (i % 2), expected]);
  await expect.poll(() => isolated.workers().length).toBe(0);
  await close();
});

test("an aborted run in an isolated page ends all workers during the work", async () => {
  const { page: isolated, close } = await openPage();
  const abort = `(async () => {
    const controller = new AbortController();
    const options = { perplexity: 10, iterations: 1e6, threads: 3, signal: controller.signal };
    const run = sigma.runTsne(${JSON.stringify(data)}, {
      ...options,
      onProgress: ({ stage }) => stage === "optimization" && setTimeout(() => controller.abort(), 200),
    });
    return run.catch(({ code }) => code);
  })()`;
  const started = isolated.evaluate(abort);
  await expect.poll(() => isolated.workers().length).toBe(3);
  expect(await started).toBe("ABORTED");
  await expect.poll(() => isolated.workers().length).toBe(0);
  await close();
});

test("an isolated page stops and continues a run, and reports errors of the data", async () => {
  const { page: isolated, close } = await openPage();
  const found = await isolated.evaluate<Record<string, unknown>>(`(async () => {
    const data = ${JSON.stringify(data)};
    const tsne = new sigma.Tsne(data, { perplexity: 10, iterations: 1e6, threads: 2, onProgress: ({ iteration }) => iteration > 0 && tsne.stop() });
    const { stopped, iterations } = await tsne.fit();
    const { iterations: later } = await tsne.fit(10);
    tsne.end();
    const bad = data.map((row, i) => (i === 3 ? [NaN, ...row.slice(1)] : row));
    const error = await sigma.runTsne(bad, { perplexity: 10, threads: 2 }).catch((error) => error);
    return { stopped, difference: later - iterations, code: error.code, row: error.row };
  })()`);
  expect(found).toEqual({ stopped: "stop", difference: 10, code: "NOT_FINITE", row: 3 });
  await close();
});
