import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readMatrix, writeMatrix } from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { answer, peakMib, readTask, type Task } from "./task.js";

/** The part of scran.js that is used here. */
interface Scran {
  initialize(options: { numberOfThreads: number; localFile: boolean }): Promise<void>;
  buildNeighborSearchIndex(data: Float64Array, options: { numberOfDims: number; numberOfCells: number }): unknown;
  runTsne(
    index: unknown,
    options: { perplexity: number; maxIterations: number; numberOfThreads: number },
  ): { x: Float64Array; y: Float64Array };
}

// Barnes-Hut t-SNE in WebAssembly with threads. It has no option for the seed.
const { nodeModules, ...task } = readTask<Task & { nodeModules: string }>();
const entry = createRequire(join(nodeModules, "..", "package.json")).resolve("scran.js");
const scran = (await import(pathToFileURL(entry).href)) as Scran;
const { rows, cols, data } = await readMatrix(task.x);
await scran.initialize({ numberOfThreads: task.threads, localFile: true });
const start = performance.now();
const index = scran.buildNeighborSearchIndex(Float64Array.from(data), { numberOfDims: cols, numberOfCells: rows });
const settings = { perplexity: task.perplexity, maxIterations: task.iterations, numberOfThreads: task.threads };
const embedding = scran.runTsne(index, settings);
const seconds = (performance.now() - start) / 1000;
const points = new Float32Array(2 * rows);
for (let i = 0; i < rows; i++) points.set([embedding.x[i], embedding.y[i]], 2 * i);
await writeMatrix(task.y, new Matrix(points, rows, 2));
answer({ seconds, peakMib: peakMib() });
// End the process explicitly, because the worker threads of scran.js would keep it running.
process.exit(0);
