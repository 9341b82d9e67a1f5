import { once } from "node:events";
import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { runTsne, Tsne, type TsneOptions, type TsneSnapshot } from "../../src/tsne/index.js";
import { digest, makeGroups, makeUniform } from "./points.js";

const data = makeGroups(200, 6);
const sigma = makeUniform(200, 6, 0.1, 1);

async function collect(options: TsneOptions): Promise<TsneSnapshot[]> {
  const snapshots: TsneSnapshot[] = [];
  await runTsne(data, { ...options, onSnapshot: (snapshot) => void snapshots.push(snapshot) });
  return snapshots;
}

test.each([1, 2, 3])(
  "a snapshot equals the embedding of a run that ends at its iteration, in %i dimensions",
  async (outputDimensions) => {
    const options = { sigma, outputDimensions, iterations: 105, threads: 2 };
    const snapshots = await collect({ ...options, snapshotEvery: 25 });
    expect(snapshots.map(({ iteration }) => iteration)).toEqual([0, 25, 50, 75, 100]);
    for (const { iteration, embedding, kl } of snapshots) {
      const whole = await runTsne(data, { ...options, iterations: iteration });
      expect(embedding.shape).toEqual([200, outputDimensions]);
      expect(digest(embedding)).toBe(digest(whole.embedding));
      if (kl !== undefined) expect(kl).toBeCloseTo(whole.kl, 10);
      expect(kl !== undefined).toBe(iteration === 50 || iteration === 100);
    }
  },
);

test("every tenth iteration is the default, and every single one can be requested", async () => {
  expect((await collect({ iterations: 35 })).map(({ iteration }) => iteration)).toEqual([0, 10, 20, 30]);
  const every = await collect({ iterations: 40, snapshotEvery: 1 });
  expect(every.map(({ iteration }) => iteration)).toEqual(Array.from({ length: 41 }, (_, i) => i));
});

test("fitting in steps gives each snapshot once", async () => {
  const iterations: number[] = [];
  const tsne = new Tsne(data, {
    snapshotEvery: 20,
    onSnapshot: ({ iteration, embedding }) => {
      iterations.push(iteration);
      embedding.data.fill(0);
    },
  });
  for (const more of [0, 20, 0, 15, 25]) await tsne.fit(more);
  expect(iterations).toEqual([0, 20, 40, 60]);
  const { embedding } = await tsne.fit(0);
  expect(digest(embedding)).toBe(digest((await runTsne(data, { iterations: 60 })).embedding));
});

test("an error of the caller's onSnapshot stops the run, which rejects with it and can continue", async () => {
  let isThrowing = true;
  const tsne = new Tsne(data, {
    iterations: 60,
    onSnapshot: () => {
      if (isThrowing) throw new TypeError("from the caller");
    },
  });
  await expect(tsne.fit()).rejects.toThrow(new TypeError("from the caller"));
  isThrowing = false;
  expect((await tsne.fit()).iterations).toBe(60);
});

test("a run waits while the event loop is too busy to deliver snapshots, and can then be stopped", async () => {
  const controller = new AbortController();
  const iterations: number[] = [];
  const options = { perplexity: 1, snapshotEvery: 1, iterations: 1e9, signal: controller.signal };
  const tsne = new Tsne(data.toArrays().slice(0, 4), {
    ...options,
    onSnapshot: ({ iteration }) => {
      iterations.push(iteration);
      if (iteration !== 20) return;
      // Block the event loop for the time of thousands of iterations.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      controller.abort();
    },
  });
  await expect(tsne.fit()).rejects.toMatchObject({ code: "ABORTED" });
  expect(tsne.iteration).toBeLessThan(30);
  expect(iterations).toEqual(Array.from(iterations, (_, i) => i));
});

test("a worker ends when it is terminated while its run waits", async () => {
  const addon = JSON.stringify(resolve("native/addon/binding.cjs"));
  const matrix = { data: Float64Array.from(data.data), rows: data.rows, cols: data.cols };
  const worker = new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
     const run = new (require(${addon}).Run)({ data: workerData.matrix, options: workerData.options });
     const block = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     const onProgress = ({ iteration }) => iteration === 5 && (parentPort.postMessage(iteration), block());
     run.advance({ until: 1e9, untilConverged: false, wantsKl: false, onProgress, snapshotEvery: 1 });`,
    { eval: true, workerData: { matrix, options: new Tsne(data, { threads: 2 }).options } },
  );
  await once(worker, "message");
  expect(await worker.terminate()).toBe(1);
});

test("onSnapshot must be a function", () => {
  for (const onSnapshot of [5, "f", {}]) {
    expect(() => new Tsne(data, { onSnapshot } as unknown as TsneOptions)).toThrow("onSnapshot: expected a function");
  }
});
