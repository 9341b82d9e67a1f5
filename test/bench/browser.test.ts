import { expect, test } from "vitest";
import { type BrowserRecord, type BrowserRun, formatBrowser } from "../../bench/browser.js";

const run = (program: BrowserRun["program"], round: number, seconds: number, more: Partial<BrowserRun> = {}) => ({
  ...{ dataset: "mnist-test", n: 10_000, d: 50, program, round, seconds, load: 0 },
  ...{ kept10: 0.4, longestFrame: undefined, threads: undefined },
  ...more,
});

const record: BrowserRecord = {
  date: "2026-01-02T03:04:05.000Z",
  machine: { cpu: "A processor", cores: 2, memoryGib: 8, system: "Linux 6", load: 0.1 },
  versions: { "sigma-tsne": "1.0.0", Chromium: "140" },
  settings: { perplexity: 30, threads: 2, seed: 42, rounds: 2, timeout: 60 },
  runs: [
    run("native", 0, 2, { threads: 2 }),
    run("with threads", 0, 3, { threads: 2, longestFrame: 20 }),
    run("native", 1, 4, { threads: 2 }),
    run("with threads", 1, 5, { threads: 2, longestFrame: 35 }),
    run("umap-js", 0, 100, { kept10: 0.25 }),
  ],
  failures: [{ dataset: "mnist-test", program: "tsne-js", failure: "took longer than 60 s" }],
};

test("the table compares each program with the native run of the same round, and names failures", () => {
  const text = formatBrowser(record);
  expect(text).toContain(
    "| **mnist-test**, 10,000 x 50 | sigma-tsne, Node.js, SSE2 or NEON | 2 | 3.00 | 1 | 0.400 |  |",
  );
  expect(text).toContain("|  | sigma-tsne/browser, isolated page | 2 | 4.00 | 1.38 | 0.400 | 35 |");
  expect(text).toContain("|  | umap-js |  | 100 | 50.0 | 0.250 |  |");
  expect(text).toContain("|  | tsne-js |  | failed: took longer than 60 s |  |  |  |");
  expect(text).toContain("A run is given up after 60 s.");
});
