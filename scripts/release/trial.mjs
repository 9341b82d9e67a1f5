// Embeds 500 points and writes the result to a file, because Windows programs cannot write to pipes under wine:
//   node trial.mjs <what to import as the package> <file>
import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const [name, file] = isMainThread ? process.argv.slice(2) : [workerData];
const { backend, runTsne } = await import(name);
const checksum = ({ data }) => createHash("sha256").update(Buffer.from(data.buffer)).digest("hex");

/**
 * A noisy plane in 20 dimensions. All its embeddings reach the same KL divergence. It is computed without functions
 * such as sin, whose last bits differ between systems.
 */
const rows = 500;
const cols = 20;
let state = 42;
const random = () => {
  state = (state * 1664525 + 1013904223) % 2 ** 32;
  return state / 2 ** 32;
};
const data = new Float32Array(rows * cols);
for (let i = 0; i < rows; i++) {
  const [u, v] = [random(), random()];
  for (let k = 0; k < cols; k++) data[i * cols + k] = u * ((k % 3) - 1) + v * ((k % 7) / 3 - 1) + 0.1 * random();
}
const points = { data, rows, cols };
const short = { iterations: 50, threads: 2 };

if (isMainThread) {
  const { embedding, kl } = await runTsne(points, { iterations: 1000, threads: 2 });
  const refusal = await codeOf(runTsne({ ...points, data: data.map(() => Number.NaN) }));
  const signal = AbortSignal.timeout(100);
  const aborted = await codeOf(runTsne(points, { iterations: 1_000_000, signal }));
  const both = await Promise.all([runTsne(points, short), runTsne(points, short)]);
  const [inThread] = await once(new Worker(new URL(import.meta.url), { workerData: name }), "message");
  const shorter = new Set([...both.map((run) => checksum(run.embedding)), inThread]);
  const { platform, arch, versions } = process;
  const node = `${platform}-${arch} ${versions.node}`;
  const result = { node, processor: arch, ...backend, kl, bytes: checksum(embedding) };
  writeFileSync(file, JSON.stringify({ ...result, refusal, aborted, shortEmbeddings: shorter.size }));
} else {
  const { embedding } = await runTsne(points, short);
  parentPort.postMessage(checksum(embedding));
}

async function codeOf(promise) {
  return promise.then(
    () => "none",
    (error) => error.code,
  );
}
