import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { readMatrix, writeMatrix } from "../src/io/index.js";
import { Matrix } from "../src/matrix.js";
import { launchChromium } from "../test/browser/chromium.js";
import { type Dataset, openDataset } from "./datasets.js";
import { BenchmarkError } from "./failure.js";
import { FOLDERS } from "./folders.js";
import { describeMeasurement, type Machine, round } from "./machine.js";
import { count, markdownTable, median, significant } from "./markdown.js";
import type { PageAnswer, PageProgram, PageTask } from "./peers/in-page.js";
import type { Answer, Task } from "./peers/task.js";
import { Scorer } from "./scorer.js";

/** The compared programs, in the order of the rows. */
export const BROWSER_PROGRAMS = [
  "native",
  "with threads",
  "without threads",
  "live page",
  "umap-js",
  "tsne-js",
] as const;
export type BrowserProgram = (typeof BROWSER_PROGRAMS)[number];

const LABELS: Record<BrowserProgram, string> = {
  native: "sigma-tsne, Node.js, SSE2 or NEON",
  "with threads": "sigma-tsne/browser, isolated page",
  "without threads": "sigma-tsne/browser, other page",
  "live page": "docs/live, isolated",
  "umap-js": "umap-js",
  "tsne-js": "tsne-js",
};

/** Programs of others, with the file that a page loads. They are slow and run once per data set. */
const PEERS: Readonly<Partial<Record<BrowserProgram, string>>> = {
  "umap-js": "umap-js/lib/umap-js.min.js",
  "tsne-js": "tsne-js/build/tsne.min.js",
};

export interface BrowserSettings {
  perplexity: number;
  threads: number;
  seed: number;
  rounds: number;
  /** Seconds after which a run is given up. */
  timeout: number;
}

export interface BrowserRun {
  dataset: string;
  n: number;
  d: number;
  program: BrowserProgram;
  round: number;
  seconds: number;
  /** Share of the 10 nearest neighbors that are kept in the embedding; `undefined` if it was not measured. */
  kept10: number | undefined;
  /** Longest time between two frames of the page, in milliseconds. */
  longestFrame: number | undefined;
  threads: number | undefined;
  /** Load of the machine just before the run. */
  load: number;
}

export interface BrowserRecord {
  date: string;
  machine: Machine;
  versions: Record<string, string>;
  settings: BrowserSettings;
  runs: BrowserRun[];
  failures: { dataset: string; program: BrowserProgram; failure: string }[];
}

/** A data set and the programs that run on it. */
export interface BrowserPlan {
  name: string;
  programs: readonly BrowserProgram[];
  rounds: number;
  isScored: boolean;
}

/** Versions of the installed peers. */
export async function findBrowserPeers(nodeModules: string): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const [name, file] of Object.entries(PEERS)) {
    if (!existsSync(join(nodeModules, file))) continue;
    versions[name] = JSON.parse(await readFile(join(nodeModules, name, "package.json"), "utf8")).version;
  }
  return versions;
}

interface Context {
  record: BrowserRecord;
  dataset: Dataset;
  nodeModules: string;
  /** Files of the data and of the embedding. */
  y: string;
  signal: AbortSignal;
}

/** Runs the programs of each plan in turn, round after round. Every finished run is added to the record. */
export async function measureBrowser(
  record: BrowserRecord,
  plans: readonly BrowserPlan[],
  { data, nodeModules }: { data: string | undefined; nodeModules: string },
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sigma-tsne-bench-"));
  const { seed, perplexity } = record.settings;
  try {
    for (const { name, programs, rounds, isScored } of plans) {
      const dataset = await openDataset(name, data, false, signal);
      const scorer = isScored ? await Scorer.prepare(dataset, false, perplexity, signal) : undefined;
      const context = { record, dataset, nodeModules, y: join(folder, "map.npy"), signal };
      for (let number = 0; number < rounds; number++) {
        for (const program of programs) {
          const isPeer = program in PEERS;
          if ((isPeer && number > 0) || hasFailed(record, name, program)) continue;
          await runOnce(context, program, { round: number, seed: seed + number, scorer }, log);
        }
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const hasFailed = ({ failures }: BrowserRecord, dataset: string, program: BrowserProgram) =>
  failures.some((one) => one.dataset === dataset && one.program === program);

async function runOnce(
  context: Context,
  program: BrowserProgram,
  { round: number, seed, scorer }: { round: number; seed: number; scorer: Scorer | undefined },
  log: (line: string) => void,
): Promise<void> {
  const { record, dataset, y, signal } = context;
  const { name, n, d } = dataset;
  const load = round(loadavg()[0], 2);
  const about = `${name}, round ${number + 1}: ${LABELS[program]}`;
  try {
    const { seconds, longestFrame, threads } = await compute(context, program, seed);
    const kept10 = program === "live page" ? undefined : (await scorer?.score(y, signal))?.kept10;
    record.runs.push({ dataset: name, n, d, program, round: number, seconds, kept10, longestFrame, threads, load });
    log(
      `${about} ${significant(seconds)} s, kept ${kept10?.toFixed(3) ?? "not measured"}, frame ${longestFrame ?? ""}`,
    );
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const failure = (error as Error).message.split("\n")[0].slice(0, 160);
    record.failures.push({ dataset: name, program, failure });
    log(`${about} failed: ${failure}`);
    if (!(program in PEERS)) throw new BenchmarkError(`${LABELS[program]} failed: ${failure}`, { cause: error });
  } finally {
    await rm(y, { force: true });
  }
}

type Measured = Pick<BrowserRun, "seconds" | "longestFrame" | "threads">;

async function compute(context: Context, program: BrowserProgram, seed: number): Promise<Measured> {
  if (program === "native") return computeNatively(context, seed);
  return withPage(context, program !== "without threads", (page) =>
    program === "live page" ? useLivePage(page, context) : computeInPage(page, context, program, seed),
  );
}

async function computeNatively({ record, dataset, y, signal }: Context, seed: number): Promise<Measured> {
  const { perplexity, threads, timeout } = record.settings;
  const task: Task = { x: dataset.x, y, perplexity, iterations: 1000, threads, seed };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(FOLDERS.build, "ours.js"), JSON.stringify(task)],
    { env: { ...process.env, SIGMA_TSNE_ISA: "baseline" }, signal, timeout: timeout * 1000 },
  );
  const { seconds }: Answer = JSON.parse(stdout.trim().split("\n").at(-1) as string);
  return { seconds, longestFrame: undefined, threads };
}

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof launchChromium>>["newPage"]>>;

/** Opens a page in a new Chromium, which ends after `use` or after the timeout. */
async function withPage<T>(context: Context, isIsolated: boolean, use: (page: Page) => Promise<T>): Promise<T> {
  const { record, signal } = context;
  const server = await serve(context, isIsolated);
  const browser = await launchChromium();
  record.versions.Chromium ??= browser.version();
  const end = () => void browser.close();
  const { timeout } = record.settings;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, timeout * 1000);
  signal.addEventListener("abort", end, { once: true });
  try {
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    page.setDefaultTimeout(0);
    await page.goto(`http://127.0.0.1:${server.port}/`);
    return await use(page);
  } catch (error) {
    if (isLate) throw new BenchmarkError(`took longer than ${timeout} s`, { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    await browser.close();
    server.close();
  }
}

const INDEX = `<script>globalThis.SIGMA_TSNE_WASM_THREADS = true</script><!doctype html><meta charset="utf-8"><title>benchmark</title>
${Object.keys(PEERS)
  .map((name) => `<script src="/${name}.js"></script>`)
  .join("\n")}`;

/** A server with the page, the programs and the data. An isolated page may use threads. */
async function serve({ dataset, nodeModules }: Context, isIsolated: boolean) {
  const data = Float32Array.from((await readMatrix(dataset.x)).data);
  const files: Record<string, string> = {
    "/browser.js": join(FOLDERS.root, "dist", "browser.js"),
    "/in-page.js": join(FOLDERS.build, "in-page.js"),
    "/live": join(FOLDERS.root, "docs", "live", "index.html"),
    ...Object.fromEntries(Object.entries(PEERS).map(([name, file]) => [`/${name}.js`, join(nodeModules, file)])),
  };
  const answer = async (path: string, response: ServerResponse) => {
    if (isIsolated) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
    const send = (type: string, body: string | Uint8Array) => response.setHeader("Content-Type", type).end(body);
    const file = files[path];
    if (path === "/") send("text/html", INDEX);
    else if (path === "/data") send("application/octet-stream", new Uint8Array(data.buffer));
    else if (file && existsSync(file))
      send(file.endsWith("html") ? "text/html" : "text/javascript", await readFile(file));
    else response.writeHead(404).end();
  };
  const server = createServer((request, response) => void answer(request.url ?? "", response));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

async function computeInPage(page: Page, context: Context, program: BrowserProgram, seed: number): Promise<Measured> {
  const { record, dataset, y, signal } = context;
  const { perplexity, threads } = record.settings;
  const isOurs = program === "with threads" || program === "without threads";
  const task: PageTask = {
    program: isOurs ? "sigma-tsne" : (program as PageProgram),
    entry: "/browser.js",
    ...{ rows: dataset.n, cols: dataset.d, perplexity, seed, threads },
  };
  const { embedding, longestFrame, ...measured } = await page.evaluate<PageAnswer>(
    `import("/in-page.js").then(({ compute }) => compute(${JSON.stringify(task)}))`,
  );
  await writeMatrix(y, new Matrix(Float32Array.from(embedding), dataset.n, 2), { signal });
  // The programs of others compute on the thread of the page.
  return { ...measured, longestFrame: isOurs ? Math.round(longestFrame) : undefined };
}

/** Drops the data on the page docs/live, and watches the frames from the start of the run to its end. */
async function useLivePage(page: Page, { dataset }: Context): Promise<Measured> {
  await page.goto(new URL("/live", page.url()).href);
  await page.locator("#file").setInputFiles(dataset.x);
  await page.locator("#settings").waitFor();
  const watching = page.evaluate<{ seconds: number; longestFrame: number }>(`new Promise((resolve) => {
    const begin = performance.now();
    let last = begin;
    let longestFrame = 0;
    const draw = () => {
      const now = performance.now();
      longestFrame = Math.max(longestFrame, now - last);
      last = now;
      if (document.getElementById("message").textContent.includes("Done in")) {
        resolve({ seconds: (now - begin) / 1000, longestFrame });
      } else requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  })`);
  await page.locator("#start").click();
  const { seconds, longestFrame } = await watching;
  return { seconds, longestFrame: Math.round(longestFrame), threads: undefined };
}

/** Formats the record as a table. Ratios are those of a run to the native run of the same round. */
export function formatBrowser(record: BrowserRecord): string {
  const { runs, failures, settings } = record;
  const names = [...new Set([...runs, ...failures].map(({ dataset }) => dataset))];
  const rows = names.flatMap((name) => {
    const own = runs.filter(({ dataset }) => dataset === name);
    const failed = failures.filter(({ dataset }) => dataset === name);
    const present = BROWSER_PROGRAMS.filter((program) =>
      [...own, ...failed].some((entry) => entry.program === program),
    );
    const [first] = own;
    return present.map((program, i) => [
      i === 0 && first ? `**${name}**, ${count(first.n)} x ${first.d}` : "",
      ...cells(own, program, failed.find((entry) => entry.program === program)?.failure),
    ]);
  });
  const { threads, perplexity, rounds, seed, timeout } = settings;
  return [
    markdownTable(
      ["data", "program", "threads", "seconds", "times native", "10-NN kept", "longest frame, ms"],
      rows,
      5,
    ),
    `Perplexity ${perplexity}, up to ${threads} threads, seed ${seed} and one more each round, ${rounds} rounds (medians; the longest frame of all). A run is given up after ${timeout} s.`,
    describeMeasurement(record),
  ].join("\n\n");
}

function cells(all: readonly BrowserRun[], program: BrowserProgram, failure: string | undefined): string[] {
  const runs = all.filter((run) => run.program === program);
  if (runs.length === 0) return [LABELS[program], "", `failed: ${failure}`, "", "", ""];
  const ratios = runs.flatMap(({ seconds, round: number }) => {
    const native = all.find((run) => run.program === "native" && run.round === number);
    return native && program !== "native" ? [seconds / native.seconds] : [];
  });
  const kept = runs.flatMap(({ kept10 }) => (kept10 === undefined ? [] : [kept10]));
  const frames = runs.flatMap(({ longestFrame }) => (longestFrame === undefined ? [] : [longestFrame]));
  return [
    LABELS[program],
    String(runs[0]?.threads ?? ""),
    significant(median(runs.map(({ seconds }) => seconds))),
    ratios.length === 0 ? (program === "native" ? "1" : "") : significant(median(ratios)),
    kept.length === 0 ? "" : median(kept).toFixed(3),
    frames.length === 0 ? "" : String(Math.max(...frames)),
  ];
}
