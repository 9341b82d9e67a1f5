import type * as library from "../../src/index.js";
import { answer, peakMib, readTask } from "./task.js";

/** The input of a separation. Paths refer to C-ordered float64 .npy files. */
export interface SeparationTask {
  /** n x 2, the embedding. */
  x: string;
  /** Path for the separated points. */
  y: string;
  method: "flow" | "iterative" | "conditional";
  threads: number;
}

// Imports the built package by its public name. The name is a variable, so that types can be checked before the package
// is built.
const PACKAGE = "sigma-tsne";
const { readMatrix, separateUniformly, writeMatrix } = (await import(PACKAGE)) as typeof library;

const { x, y, method, threads } = readTask<SeparationTask>();
const embedding = await readMatrix(x);
const start = performance.now();
const { points } = await separateUniformly(embedding, { method, threads });
const seconds = (performance.now() - start) / 1000;
await writeMatrix(y, points);
answer({ seconds, peakMib: peakMib() });
