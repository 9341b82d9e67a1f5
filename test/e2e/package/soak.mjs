// Starts many runs of all methods and cancels most of them at random moments. Then it starts eight runs at once, worker
// threads that are terminated, and processes that exit during their runs. Prints the number of runs and by how many
// bytes the process grew after the first fifth. Exits with 1 if a run ends unexpectedly or memory grows.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assignToGrid, evaluate, nearest, runTsne, separateUniformly, Tsne } from "sigma-tsne";

const runs = Number(process.argv[2] ?? 500);
/** Growth in bytes that caches of the allocator can explain. */
const MOST_GROWTH = 60e6;
/** Numbers of points for which a run takes some tenths of a second. */
const [n, d] = [1500, 20];

let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const pick = (choices) => choices[Math.floor(uniform() * choices.length)];
const matrix = (rows, least) => ({
  data: Float32Array.from({ length: rows * d }, () => least + uniform()),
  rows,
  cols: d,
});
const [data, sigma, fresh] = [matrix(n, 0), matrix(n, 0.1), matrix(50, 0)];

const methods = [
  (signal) => runTsne(data, { method: "barnes-hut", iterations: 120, signal }),
  (signal) => runTsne(data, { method: "fft", iterations: 120, signal, onProgress() {} }),
  (signal) => runTsne(data, { method: "exact", iterations: 60, signal, onSnapshot() {}, snapshotEvery: 5 }),
  (signal) => runTsne(data, { sigma, outputDimensions: 3, iterations: 60, signal }),
  (signal) => runTsne(data, { neighbors: "cells", distance: "cosine", iterations: 60, signal }),
  (signal) => runTsne(data, { pca: 5, perplexity: [5, 40], iterations: 60, signal }),
  async (signal) => {
    const run = new Tsne(data, { iterations: 30, signal });
    const { embedding } = await run.fit();
    await run.place(fresh, { signal });
    await assignToGrid((await separateUniformly(embedding, { signal })).points, { signal });
    await evaluate(data, embedding, { sample: 100, signal });
    await nearest(data, fresh, { signal });
  },
];

async function oneRun() {
  const controller = new AbortController();
  const moment = uniform() < 0.75 ? uniform() * 150 : undefined;
  const timer = moment === undefined ? undefined : setTimeout(() => controller.abort(), moment);
  try {
    await pick(methods)(controller.signal);
    return "done";
  } catch (error) {
    if (error.code !== "ABORTED") throw error;
    return "canceled";
  } finally {
    clearTimeout(timer);
  }
}

const digest = ({ embedding }) => createHash("sha256").update(embedding.data).digest("hex");

const ends = { done: 0, canceled: 0 };
let before = 0;
for (let run = 0; run < runs; run++) {
  if (run === Math.floor(runs / 5)) before = process.memoryUsage.rss();
  ends[await oneRun()]++;
}
// The memory of the last runs is freed when they are garbage collected.
for (let turn = 0; turn < 5; turn++) {
  globalThis.gc?.();
  await wait(20);
}
const growth = process.memoryUsage.rss() - before;

const options = { iterations: 60, threads: 2 };
const alone = digest(await runTsne(data, options));
const together = await Promise.all(Array.from({ length: 8 }, () => runTsne(data, options)));
const areSame = together.every((result) => digest(result) === alone);

const script = (name) => fileURLToPath(new URL(name, import.meta.url));
const run = promisify(execFile);
const { stdout } = await run(process.execPath, [script("terminate.mjs")]);
const haveSurvived = stdout === "survived\n";
const exits = await Promise.all(
  ["inside onProgress", "from a timer"].map((place) =>
    run(process.execPath, [script("exit.mjs"), place]).then(
      () => 0,
      ({ code }) => code,
    ),
  ),
);

console.log(JSON.stringify({ runs, ...ends, growth, areSame, haveSurvived, exits }));
const isSound = growth < MOST_GROWTH && areSame && haveSurvived && exits.every((code) => code === 7);
process.exitCode = isSound ? 0 : 1;
