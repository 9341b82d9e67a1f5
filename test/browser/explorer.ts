import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { type ExplorationDescription, paths } from "../../src/explorer/protocol.js";

const entry = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

/** MNIST if its files are available, otherwise simulated images. */
export const DATASET = process.env.MNIST
  ? ["--dataset", "mnist", "--data-dir", process.env.MNIST, "--limit", "1000"]
  : ["--count", "1600", "--test", "600", "--size", "32"];

/** Trains a small autoencoder and writes it to a new folder. */
export async function train(...options: string[]): Promise<{ home: string; folder: string; remove(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), "sigma-tsne-explorer-"));
  const folder = join(home, "digits");
  const child = start("train", "--run-dir", folder, ...DATASET, "--z-dim", "8", "--quiet", ...options);
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`the training ended with ${code}`);
  return { home, folder, remove: () => rm(home, { recursive: true, force: true }) };
}

const running = new Set<ChildProcess>();

/** Runs `sigma-tsne` as a separate process. */
export function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [entry, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  running.add(child);
  child.on("exit", () => running.delete(child));
  return child;
}

/** Ends processes that a failed test has left running. */
export async function stopAll(): Promise<void> {
  await Promise.all(
    [...running].map((child) => {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      return ended;
    }),
  );
}

/** A running server. */
export interface Served {
  readonly url: string;
  readonly child: ChildProcess;
  description(): Promise<ExplorationDescription>;
  /** n x 2 */
  layout(id: string): Promise<Float32Array>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Explores a source with the built command line. */
export async function serve(source: string, ...options: string[]): Promise<Served> {
  const child = start("explore", source, "--json", ...options);
  let printed = "";
  for await (const piece of child.stdout as AsyncIterable<Buffer>) {
    printed += piece;
    if (printed.includes("\n")) break;
  }
  if (!printed) throw new Error("the server did not start");
  const { url } = JSON.parse(printed) as { url: string };
  const ask = async (path: string) => {
    const answer = await fetch(new URL(path, url));
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer;
  };
  return {
    url,
    child,
    description: async () => (await ask(paths.exploration)).json() as Promise<ExplorationDescription>,
    layout: async (id) => new Float32Array(await (await ask(paths.layout(id))).arrayBuffer()),
    async stop(signal = "SIGINT") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await once(child, "exit");
    },
  };
}

/** Waits until the description of the exploration meets a condition. */
export async function until(
  server: Served,
  holds: (description: ExplorationDescription) => boolean,
): Promise<ExplorationDescription> {
  for (;;) {
    const description = await server.description();
    if (holds(description)) return description;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Whether all computations are finished. */
export const isQuiet = ({ computations, layouts }: ExplorationDescription): boolean =>
  layouts.length > 0 &&
  computations.every(({ state }) => state === "finished" || state === "stopped" || state === "failed");

/** Opens the page and waits for its first map. */
export async function openMap(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => performance.getEntriesByName("first map").length > 0);
  await page.locator("canvas.map-pane__base[data-drawn=all]").first().waitFor();
  await settle(page);
  // Names and images appear when they are computed and loaded. A map that is still being computed never stops moving.
  const overlay = () =>
    page
      .locator("canvas.map-pane__top")
      .first()
      .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  for (let tries = 0; tries < 8; tries++) {
    const before = await overlay();
    await page.waitForTimeout(400);
    if ((await overlay()) === before) return;
  }
}

/** Waits until all requested elements are drawn and moving points have arrived. */
export async function settle(page: Page): Promise<void> {
  await page.waitForTimeout(1200);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** Position of a row of a layout on the page while the whole map is shown. */
export async function positionOf(page: Page, layout: Float32Array, row: number, side = 0): Promise<[number, number]> {
  const box = await page.locator("canvas.map-pane__top").nth(side).boundingBox();
  if (!box) throw new Error("the map is not there");
  const extent = (axis: 0 | 1) => {
    const values = layout.filter((_, at) => at % 2 === axis);
    return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))] as const;
  };
  const [[left, right], [bottom, top]] = [extent(0), extent(1)];
  const scale = Math.min(box.width, box.height) / 1.06 / Math.max(right - left, top - bottom);
  return [
    box.x + box.width / 2 + scale * (layout[2 * row] - (left + right) / 2),
    box.y + box.height / 2 - scale * (layout[2 * row + 1] - (bottom + top) / 2),
  ];
}

/** The row with the largest distance to other points, so that the pointer hits it reliably. */
export function loneliest(layout: Float32Array): number {
  let [best, most] = [0, -1];
  for (let i = 0; i < layout.length; i += 2) {
    let nearest = Number.POSITIVE_INFINITY;
    for (let j = 0; j < layout.length; j += 2) {
      if (i === j) continue;
      const [x, y] = [layout[i] - layout[j], layout[i + 1] - layout[j + 1]];
      nearest = Math.min(nearest, x * x + y * y);
    }
    if (nearest > most) [best, most] = [i / 2, nearest];
  }
  return best;
}
