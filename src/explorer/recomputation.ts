/** What an offline file contains so that its page can compute maps with other settings. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { FileError } from "../errors.js";
import type { FloatArray, Matrix } from "../matrix.js";
import { DISTANCES, NAMED_STARTS, resolvePerplexity, TSNE_SETTINGS, usesSigma } from "../tsne/index.js";
import { describeBytes } from "./byte-size.js";
import type { EmbeddingChoices, OfflineComputer, RecomputationDescription, StoredMatrix } from "./protocol.js";

/** Data up to this size are a part of saved files unless the user decides otherwise. */
const DEFAULT_BYTES = 50e6;
/** A browser reads a file as one text of at most 2^29 characters. The columns may need as much as the data. */
const MAX_BYTES = 2 ** 27;
/** Smallest number of points that can be embedded. */
const MIN_POINTS = 3;

/** A value may be rounded to float32 if that changes it by at most this fraction of the spread of its column. */
const ROUNDING = 1e-4;
/** Magnitudes between which float32 keeps seven digits. */
const [MIN_FLOAT32, MAX_FLOAT32] = [1e-30, 1e38];

const [WORKER, CORE] = ["#computer/worker.js", "#computer/core.wasm"];
let hasParts: boolean | undefined;

/** Number types of the matrices in files, which are expensive to find for large matrices. */
const types = new WeakMap<Matrix, StoredMatrix["type"]>();

/** Describes what a saved file would contain. */
export function describeRecomputation(means: Matrix, sigma: Matrix | undefined): RecomputationDescription {
  const bytes = bytesInFile(means) + (sigma ? bytesInFile(sigma) : 0);
  const obstacle = findObstacle(means, bytes);
  return { bytes, hasSigma: sigma !== undefined, isDefault: bytes <= DEFAULT_BYTES && obstacle === null, obstacle };
}

const bytesInFile = (matrix: Matrix): number => matrix.data.length * (typeInFile(matrix) === "float32" ? 4 : 8);

function findObstacle({ rows, cols }: Matrix, bytes: number): string | null {
  if (rows < MIN_POINTS || cols < 1) return `Maps need at least ${MIN_POINTS} points.`;
  hasParts ??= [WORKER, CORE].every((name) => pathOf(name) !== undefined);
  if (!hasParts) {
    return "This installation of sigma-tsne was built without its WebAssembly core, which computes maps in a browser.";
  }
  if (bytes > MAX_BYTES)
    return `The data need ${describeBytes(bytes)}, and a file can contain ${describeBytes(MAX_BYTES)} of data.`;
  return null;
}

/** What a page needs to compute maps of the data, without the data themselves. */
export async function readComputer(n: number): Promise<Omit<OfflineComputer, "means" | "sigma">> {
  const [worker, core] = await Promise.all([WORKER, CORE].map(readPart));
  const packed = await promisify(gzip)(core, { level: 9 });
  return { worker: worker.toString(), core: packed.toString("base64"), settings: choicesFor(n) };
}

function choicesFor(n: number): EmbeddingChoices {
  const { earlyExaggeration, seed } = TSNE_SETTINGS;
  const largestPerplexity = Math.max(1, Math.floor((n - 1) / 3));
  return {
    perplexity: Math.min(resolvePerplexity(undefined, n) as number, largestPerplexity),
    largestPerplexity,
    earlyExaggeration: earlyExaggeration.default,
    seed: seed.default,
    distances: DISTANCES.map((name) => ({ name, usesSigma: usesSigma(name) })),
    starts: NAMED_STARTS,
  };
}

/**
 * The number type in which a file contains a matrix: float32, unless that would change the distances of its rows, as it
 * would for times in milliseconds.
 */
export function typeInFile(matrix: Matrix): StoredMatrix["type"] {
  const type =
    types.get(matrix) ?? (matrix.data instanceof Float32Array || fitsFloat32(matrix) ? "float32" : "float64");
  types.set(matrix, type);
  return type;
}

function fitsFloat32({ data, rows, cols }: Matrix): boolean {
  for (let column = 0; column < cols; column++) {
    const { largest, spread } = describeColumn(data, rows, cols, column);
    const isRounded = spread > 0 && largest * 2 ** -24 > ROUNDING * spread;
    if (isRounded || largest > MAX_FLOAT32 || (largest > 0 && largest < MIN_FLOAT32)) return false;
  }
  return true;
}

/** The largest magnitude in a column, and its standard deviation. */
function describeColumn(data: FloatArray, rows: number, cols: number, column: number) {
  let [largest, mean, squares] = [0, 0, 0];
  for (let i = 0; i < rows; i++) {
    const value = data[i * cols + column];
    largest = Math.max(largest, Math.abs(value));
    // Welford's update, which stays accurate far from zero.
    const step = value - mean;
    mean += step / (i + 1);
    squares += step * (value - mean);
  }
  return { largest, spread: Math.sqrt(squares / rows) };
}

/** The path of a file of the package; undefined if it was not built. */
function pathOf(name: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    return undefined;
  }
}

async function readPart(name: string): Promise<Buffer> {
  const path = pathOf(name);
  if (path === undefined) throw new FileError("FILE_READ", name, "was not built (npm run wasm && npm run build)");
  return readFile(path);
}
