import { createHash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { runBhTsne } from "sigma-tsne";

const { rows, options, isEndless } = workerData;
const result = await runBhTsne(rows, {
  ...options,
  ...(isEndless && { onProgress: () => parentPort.postMessage("progress") }),
});
parentPort.postMessage(createHash("sha256").update(result.embedding.data).digest("hex"));
