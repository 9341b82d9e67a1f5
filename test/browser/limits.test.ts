// Tests what users see in a browser that lacks something which the core needs: a plain error of the entry, and the same in the page docs/live.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../../scripts/browsers.mjs";
import { pageText } from "./entry-page.js";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-limits-"));
  await writeFile(join(folder, "page.html"), await pageText());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const lacksWasm = "it has no WebAssembly, or WebAssembly is switched off";
const chromiumWith = (flag: string) => ({ args: [`--js-flags=${flag}`] });

const cases: [string, "Chromium" | "Firefox", Parameters<typeof launchBrowser>[1], string][] = [
  ["WebAssembly", "Chromium", chromiumWith("--jitless"), lacksWasm],
  ["WebAssembly", "Firefox", { preferences: { "javascript.options.wasm": false } }, lacksWasm],
];
// Without this instruction set of x64, V8 has no SIMD.
if (process.arch === "x64") {
  cases.push(["SIMD", "Chromium", chromiumWith("--no-enable-sse4-1"), "its WebAssembly has no SIMD instructions"]);
}

test.each(cases)("without %s, %s reports what is missing and which browsers have it", async (_, name, options, why) => {
  const browser = await launchBrowser(name, options);
  try {
    const { code, message } = await embedIn(browser, 100);
    expect(code).toBe("BACKEND_UNAVAILABLE");
    expect(message).toContain(`sigma-tsne cannot compute in this browser: ${why}. Use Chrome 95`);

    const live = await browser.newPage();
    await live.goto(pathToFileURL(resolve("docs/live/index.html")).href);
    await live.locator("#example").click();
    await live.locator("#start").click();
    await live.waitForFunction("document.getElementById('message').classList.contains('bad')");
    expect(await live.$eval("#message", (element) => element.textContent)).toBe(message);
  } finally {
    await browser.close();
  }
});

test("a page with too little memory reports it, and a smaller run still works", async () => {
  const browser = await launchBrowser("Chromium", chromiumWith("--wasm-max-mem-pages=400"));
  try {
    expect(await embedIn(browser, 20_000)).toEqual({
      code: "OUT_OF_MEMORY",
      message: "not enough memory. Use fewer points or fewer dimensions",
    });
    expect(await embedIn(browser, 100)).toEqual({ rows: 100 });
  } finally {
    await browser.close();
  }
});

/** Embeds random points in a page, and returns the number of rows or the error. */
async function embedIn(browser: Browser, n: number): Promise<{ rows?: number; code?: string; message?: string }> {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(join(folder, "page.html")).href);
  await page.waitForFunction("globalThis.sigma");
  const result = await page.evaluate(`(() => {
    const points = { data: new Float32Array(${n} * 50).map(() => Math.random()), rows: ${n}, cols: 50 };
    return sigma.runTsne(points, { iterations: 10 }).then(
      ({ embedding }) => ({ rows: embedding.rows }),
      ({ code, message }) => ({ code, message }),
    );
  })()`);
  await page.close();
  return result as { rows?: number; code?: string; message?: string };
}
