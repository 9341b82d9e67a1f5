import type * as library from "../../src/index.js";
import { answer, peakMib, readTask } from "./task.js";

/** What a separation is asked for. Paths are of C-ordered float64 .npy files. */
export interface SeparationTask {
  /** n x 2, the embedding. */
  x: string;
  /** Where the separated points go. */
  y: string;
  method: "flow" | "iterative" | "conditional";
  threads: number;
}

// By its public name, so that the built package is run; as a string, so that types can be checked before it is built.
const PACKAGE = "sigma-tsne";
const { readMatrix, separateUniformly, writeMatrix } = (await import(PACKAGE)) as typeof library;

const { x, y, method, threads } = readTask<SeparationTask>();
const embedding = await readMatrix(x);
const start = performance.now();
const { points } = await separateUniformly(embedding, { method, threads });
const seconds = (performance.now() - start) / 1000;
await writeMatrix(y, points);
answer({ seconds, peakMib: peakMib() });
