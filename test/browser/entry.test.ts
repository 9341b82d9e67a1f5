// Tests the entry for browsers in a page without a server and in a page with the headers of cross-origin isolation.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runTsne } from "../../src/index.js";
import { launchChromium } from "./chromium.js";

let browser: Browser;
let folder = "";
let page: Page;
const requests: string[] = [];

/** 200 points in four groups. */
const data = Array.from({ length: 200 }, (_, i) =>
  Array.from({ length: 6 }, (_, k) => (i % 4 === k % 4 ? 8 : 0) + Math.sin(7 * i + 3 * k)),
);

/** A page that contains the built entry, so that it works from a file. */
async function pageText(policy = ""): Promise<string> {
  const entry = (await readFile("dist/browser.js", "utf8")).replaceAll("</script", "<\\/script");
  const exported = /export\{([^}]*)\}/.exec(entry)?.[1] ?? "";
  const names = exported.split(",").map((pair) => pair.split(" as "));
  const object = names.map(([local, name]) => `${name ?? local}:${local}`).join(",");
  const script = entry.replace(/export\{[^}]*\};?/, `globalThis.sigma={${object}};`);
  return `<!doctype html><meta charset="utf-8">${policy}<title>entry</title><script type="module">${script}</script>`;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-entry-"));
  browser = await launchChromium();
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
  page.evaluate(`(async () => { const data = ${JSON.stringify(data)}; ${program} })()`);

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
  const error = await closed.evaluate<{ code: string; message: string }>(
    `sigma.runTsne([[1, 2], [2, 1], [3, 3], [4, 1]]).catch(({ code, message }) => ({ code, message }))`,
  );
  expect(error.code).toBe("BACKEND_UNAVAILABLE");
  expect(error.message).toContain("worker-src blob:");
  await closed.close();
});

/** A page with the headers that isolate it. */
async function openIsolated(): Promise<{ isolated: Page; close(): Promise<void> }> {
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
  const close = async () => {
    await isolated.close();
    server.close();
  };
  return { isolated, close };
}

const embedWith = (threads: number) =>
  `sigma.runTsne(${JSON.stringify(data)}, { perplexity: 10, iterations: 100, threads: ${threads} })
    .then(({ embedding, options }) => [crossOriginIsolated, options.threads, [...embedding.data].join()])`;

test("an isolated page computes with threads, and gives the same bytes as another page", async () => {
  const { isolated, close } = await openIsolated();
  const [, , expected] = await page.evaluate<[boolean, number, string]>(embedWith(3));
  expect(await page.evaluate(embedWith(3))).toEqual([false, 1, expected]);
  for (const threads of [1, 2, 3]) {
    expect(await isolated.evaluate(embedWith(threads))).toEqual([true, threads, expected]);
  }
  await close();
});

test("twenty runs in a row finish in an isolated page, and all workers end with them", async () => {
  const { isolated, close } = await openIsolated();
  const [, , expected] = await isolated.evaluate<[boolean, number, string]>(embedWith(2));
  for (let i = 0; i < 20; i++)
    expect(await isolated.evaluate(embedWith(2 + (i % 2)))).toEqual([true, 2 + (i % 2), expected]);
  await expect.poll(() => isolated.workers().length).toBe(0);
  await close();
});

test("an aborted run in an isolated page ends all workers during the work", async () => {
  const { isolated, close } = await openIsolated();
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
  const { isolated, close } = await openIsolated();
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
