import type * as library from "../../src/index.js";
import { answer, peakMib, readTask } from "./task.js";

// Imports the built package by its public name. The name is a variable, so that types can be checked before the package
// is built.
const PACKAGE = "sigma-tsne";
const { readMatrix, Tsne, writeMatrix } = (await import(PACKAGE)) as typeof library;

const task = readTask();
const { x, y, perplexity, threads, seed, options } = task;
const data = await readMatrix(x);
const sigma = task.sigma === undefined ? undefined : await readMatrix(task.sigma);
const start = performance.now();
// The scores of sigma-aware runs use the floor of Ede 2020.
const settings = { perplexity, threads, seed, varianceFloor: 0.01, ...options };
const result = await new Tsne(data, { ...settings, sigma }).fit();
const seconds = (performance.now() - start) / 1000;
await writeMatrix(y, result.embedding);
const { total: _, ...stages } = result.seconds;
const { method, iterations, kl } = result;
answer({ seconds, peakMib: peakMib(), stages, method, iterations, statedKl: kl });
