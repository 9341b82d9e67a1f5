// Starts worker threads and ends each of them during its runs; prints "survived" at the end.
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { runBhTsne } from "sigma-tsne";

if (isMainThread) {
  for (let turn = 0; turn < 24; turn++) {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: turn });
    await once(worker, "message");
    await setTimeout((turn * 7) % 25);
    await worker.terminate();
  }
  console.log("survived");
} else {
  // Short runs may finish and report at any moment of the termination. Long runs are still computing.
  const isShort = workerData % 3 > 0;
  const rows = Array.from({ length: isShort ? 20 : 500 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
  const options = { threads: 2, iterations: isShort ? 20 : 1e9, onProgress: () => {} };
  parentPort.postMessage("started");
  for (;;) await Promise.all([runBhTsne(rows, options), runBhTsne(rows, { ...options, onProgress: undefined })]);
}
