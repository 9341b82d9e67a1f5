import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open, stat } from "node:fs/promises";
import { endianness, totalmem } from "node:os";
import { extname } from "node:path";
import { abortError } from "../abort.js";
import {
  binding,
  type NativeRun,
  type NativeStateArray,
  type NativeStateShape as Shape,
  translate,
} from "../binding.js";
import { ArgumentError, damagedFile, FileError, SigmaTsneError } from "../errors.js";
import { checkPath, systemReason, writeFileAtomic } from "../io/index.js";
import type { FittedPreparation } from "../preparation/index.js";
import type { CheckedAffinities, CheckedNeighbors } from "./given-neighbors.js";
import { inGiB } from "./memory.js";
import { type ResolvedTsneOptions, resolveTsneOptions, type TsneOptions, toNative } from "./options.js";
import { neighborCount } from "./perplexity.js";

/** The parts of a {@link Tsne}, either new or read from a file. */
export interface RunParts {
  readonly native: NativeRun;
  readonly options: ResolvedTsneOptions;
  readonly rows: number;
  readonly cols: number;
  /** Whether the points have standard deviations or covariances. */
  readonly hasSigma: boolean;
  readonly hasCovariance: boolean;
  /** Neighbors that were given by the caller. They cannot be computed again. */
  readonly given: CheckedNeighbors | undefined;
  /** Affinities that were given by the caller. A file does not contain them. */
  readonly affinities: CheckedAffinities | undefined;
  /** Preparation of the data, to be applied to new points as well. */
  readonly preparation: FittedPreparation | undefined;
  /** Warnings about the data and options. A file does not contain them. */
  readonly warnings: readonly string[];
}

/** A run that was read from a file. */
export class RestoredRun {
  readonly parts: RunParts;
  constructor(parts: RunParts) {
    this.parts = parts;
  }
}

/*
 * Structure of a file: MAGIC, the version and the length of the header (uint32, little-endian), the header (JSON,
 * UTF-8, padded with spaces), the arrays in the order listed in the header, each aligned to 64 bytes, and the SHA-256
 * of everything before it. Numbers are little-endian.
 */

/**
 * Similar to PNG's signature: the first byte shows that the file is not text, and a transfer that changes line ends is
 * detected.
 */
const MAGIC = Buffer.from("\x89TSN\r\n\x1a\n", "latin1");
const VERSION = 5;
const PRELUDE_BYTES = MAGIC.length + 8;
const CHECKSUM_BYTES = 32;
const ALIGNMENT = 64;
/** Limit of the size of a header, which usually has a few kilobytes. */
const LARGEST_HEADER = 2 ** 20;
/** Number of bytes to read, write and hash at once. */
const CHUNK_BYTES = 2 ** 22;

type Numbers = Float32Array | Float64Array | Uint32Array;

const TYPES = {
  "<f4": Float32Array,
  "<f8": Float64Array,
  "<u4": Uint32Array,
} as const;

/** One array of a file: `rows x cols` numbers. */
interface ArrayPlan {
  readonly name: NativeStateArray | "neighbors" | "squared" | PreparationArray;
  readonly dtype: keyof typeof TYPES;
  readonly shape: readonly [number, number];
  /** Position in bytes within the payload of the file, which begins after the header. */
  readonly offset: number;
}

interface Header {
  readonly run: Shape;
  readonly options: Record<string, unknown>;
  readonly neighborsPerPoint: number;
  readonly preparation?: PreparationShape | undefined;
  readonly arrays: readonly ArrayPlan[];
}

interface PreparationShape {
  readonly log1p: boolean;
  readonly isScaled: boolean;
  readonly hasPrior: boolean;
}

/** The arrays of a preparation. */
const SCALES = ["columnCenters", "columnScales"] as const;
const PRIORS = ["priorCenters", "priorVariances"] as const;
type PreparationArray = (typeof SCALES)[number] | (typeof PRIORS)[number];

const isOfPreparation = (name: ArrayPlan["name"]): name is PreparationArray =>
  [...SCALES, ...PRIORS].includes(name as PreparationArray);

const arrayOfPreparation = ({ scales, prior }: FittedPreparation, name: PreparationArray): Float64Array =>
  ({
    columnCenters: scales?.center,
    columnScales: scales?.scale,
    priorCenters: prior?.center,
    priorVariances: prior?.variance,
  })[name] as Float64Array;

const bytesOf = ({ dtype, shape }: Pick<ArrayPlan, "dtype" | "shape">): number =>
  shape[0] * shape[1] * TYPES[dtype].BYTES_PER_ELEMENT;
const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** The arrays of the coordinate spread, for distances that have one. */
const SPREADS = ["spreadCenter", "spreadVariance", "spreadBetween"] as const;

/** Returns the arrays of a run, which follow from its size. */
function planArrays(
  run: Shape,
  outputDimensions: number,
  components: number,
  neighborsPerPoint: number,
  preparation: PreparationShape | undefined,
): ArrayPlan[] {
  const { rows, cols, hasSigma, hasCovariance, hasCoordinateSpread } = run;
  const columns = components > 0 ? components : cols;
  const stride = outputDimensions === 3 ? 4 : outputDimensions;
  const prepared = [...(preparation?.isScaled ? SCALES : []), ...(preparation?.hasPrior ? PRIORS : [])];
  const plans: Omit<ArrayPlan, "offset">[] = [
    ...prepared.map((name) => ({ name, dtype: "<f8", shape: [cols, 1] }) as const),
    { name: "center", dtype: "<f8", shape: [cols, 1] },
    ...SPREADS.map((name) => ({ name, dtype: "<f8", shape: [hasCoordinateSpread ? cols : 0, 1] }) as const),
    { name: "axes", dtype: "<f4", shape: [components > 0 ? cols : 0, components] },
    { name: "means", dtype: "<f4", shape: [rows, columns] },
    { name: "deviations", dtype: "<f4", shape: [hasSigma ? rows : 0, columns] },
    { name: "factors", dtype: "<f4", shape: [hasCovariance ? rows : 0, (columns * (columns + 1)) / 2] },
    { name: "order", dtype: "<u4", shape: [rows, 1] },
    { name: "positions", dtype: "<f4", shape: [rows, stride] },
    { name: "velocity", dtype: "<f4", shape: [rows, stride] },
    { name: "gains", dtype: "<f4", shape: [rows, stride] },
    { name: "neighbors", dtype: "<u4", shape: [neighborsPerPoint > 0 ? rows : 0, neighborsPerPoint] },
    { name: "squared", dtype: "<f4", shape: [neighborsPerPoint > 0 ? rows : 0, neighborsPerPoint] },
  ];
  let offset = 0;
  return plans.map((plan) => {
    const placed = { ...plan, offset };
    offset = align(offset + bytesOf(plan));
    return placed;
  });
}

const payloadBytes = (arrays: readonly ArrayPlan[]): number =>
  arrays.reduce((end, plan) => Math.max(end, align(plan.offset + bytesOf(plan))), 0);

/**
 * Writes everything that a run needs to continue and to place points. The file is written piece by piece and replaced
 * atomically.
 *
 * @throws {FileError} FILE_WRITE
 */
export async function writeRun(path: string, parts: RunParts, shape: Shape, signal?: AbortSignal): Promise<void> {
  requireLittleEndian();
  if (parts.affinities) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "run",
      received: parts.affinities,
      accepted: "a run without given affinities",
      message: "run: a run of given affinities cannot be saved. Save its embedding instead.",
    });
  }
  const { threads: _, ...options } = parts.options;
  const neighborsPerPoint = parts.given?.k ?? 0;
  const preparation = parts.preparation && {
    log1p: parts.preparation.log1p,
    isScaled: parts.preparation.scales !== undefined,
    hasPrior: parts.preparation.prior !== undefined,
  };
  const arrays = planArrays(shape, options.outputDimensions, options.pca ?? 0, neighborsPerPoint, preparation);
  const header: Header = { run: shape, options, neighborsPerPoint, preparation, arrays };
  await writeFileAtomic(path, encode(header, parts), { signal });
}

function* encode(header: Header, parts: RunParts): Generator<Uint8Array> {
  const hash = createHash("sha256");
  const text = Buffer.from(JSON.stringify(header));
  const start = Buffer.alloc(align(PRELUDE_BYTES + text.length), " ");
  MAGIC.copy(start);
  start.writeUInt32LE(VERSION, MAGIC.length);
  start.writeUInt32LE(start.length - PRELUDE_BYTES, MAGIC.length + 4);
  text.copy(start, PRELUDE_BYTES);
  hash.update(start);
  yield start;
  for (const plan of header.arrays) {
    for (const [first, last] of stretches(plan)) {
      const numbers = readRows(parts, plan, first, last);
      const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
      hash.update(bytes);
      yield bytes;
    }
    const filling = Buffer.alloc(align(bytesOf(plan)) - bytesOf(plan));
    hash.update(filling);
    yield filling;
  }
  yield hash.digest();
}

function readRows(parts: RunParts, { name, shape }: ArrayPlan, first: number, last: number): Numbers {
  const { native, given, preparation } = parts;
  if (isOfPreparation(name)) {
    return arrayOfPreparation(preparation as FittedPreparation, name).subarray(first, last);
  }
  if (name === "neighbors" || name === "squared") {
    const { indices, squared } = given as CheckedNeighbors;
    return (name === "neighbors" ? indices : squared).subarray(first * shape[1], last * shape[1]);
  }
  return native.readState({ name, first, last });
}

/** Yields ranges of rows `[first, last)` to process at once. */
function* stretches({ dtype, shape: [rows, cols] }: ArrayPlan): Generator<[number, number]> {
  const step = Math.max(1, Math.floor(CHUNK_BYTES / (cols * TYPES[dtype].BYTES_PER_ELEMENT)));
  for (let first = 0; first < rows && cols > 0; first += step) yield [first, Math.min(first + step, rows)];
}

/**
 * Whether a file is a saved run, by its first bytes or by the extension .tsne. The extension alone suffices, so that a
 * damaged run is reported as a damaged run. Returns false for a file that cannot be read.
 */
export async function isSavedRun(path: string): Promise<boolean> {
  if (extname(path).toLowerCase() === ".tsne") return true;
  // Check the file before opening it, because opening a named pipe would wait until another program writes to it.
  const status = await stat(path).catch(() => undefined);
  const handle = status?.isFile() ? await open(path, "r").catch(() => undefined) : undefined;
  if (!handle) return false;
  try {
    const { buffer } = await handle.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
    return buffer.equals(MAGIC);
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}

/**
 * Reads a run that {@link writeRun} wrote.
 *
 * @param threads number of threads for the run from now on
 * @throws {FileError} FILE_READ if the file cannot be read. FILE_FORMAT if it is not a saved run, is cut off, or has
 *   changed bytes. FILE_VERSION for another version of the format
 * @throws {SigmaTsneError} OUT_OF_MEMORY if the run does not fit into memory
 */
export async function readRun(
  path: string,
  { threads, signal }: { threads?: number | undefined; signal?: AbortSignal | undefined },
): Promise<RestoredRun> {
  checkPath(path);
  requireLittleEndian();
  try {
    const status = await stat(path);
    if (!status.isFile()) {
      throw new FileError(
        "FILE_READ",
        path,
        status.isDirectory() ? "is a folder: expected a file" : "is not a regular file: expected a file",
      );
    }
    const handle = await open(path, "r");
    try {
      return await restore({ path, handle, size: status.size, hash: createHash("sha256"), signal }, threads);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const reason = systemReason(cause);
    throw reason === undefined ? cause : new FileError("FILE_READ", path, `cannot be read: ${reason}`, { cause });
  }
}

interface RunSource {
  readonly path: string;
  readonly handle: FileHandle;
  readonly size: number;
  /** The hash of all bytes read so far. */
  readonly hash: Hash;
  readonly signal: AbortSignal | undefined;
}

async function restore(source: RunSource, threads: number | undefined): Promise<RestoredRun> {
  const { path, size } = source;
  const length = await readPrelude(source);
  const text = Buffer.alloc(length);
  await readFully(source, text, PRELUDE_BYTES);
  const { header, options, arrays } = parseHeader(path, text.toString(), threads);
  const start = PRELUDE_BYTES + length;
  const expected = start + payloadBytes(arrays) + CHECKSUM_BYTES;
  if (size < expected) throw damaged(path, `is cut off: it holds ${size} of ${expected} bytes`);
  if (size > expected) throw damaged(path, `holds ${size} bytes, more than the ${expected} of its run`);
  requireFreeMemory(path, payloadBytes(arrays));

  const { rows, cols, hasSigma, hasCovariance } = header.run;
  const given = await readGiven(source, arrays, start, rows);
  const native = nativeRun(options, given, header.run);
  const preparation = allocatePreparation(header.preparation, cols);
  for (const plan of arrays) {
    const { name } = plan;
    if (name === "neighbors" || name === "squared") continue;
    if (isOfPreparation(name)) {
      const target = arrayOfPreparation(preparation as FittedPreparation, name);
      await readArray(source, plan, start, (first, numbers) => target.set(numbers, first));
      continue;
    }
    await readArray(source, plan, start, (first, numbers) => native.writeState({ name, first, numbers }));
  }
  // The hash needs the bytes in order. The neighbors were read earlier to create the run, so they are read again here.
  if (given) for (const plan of arrays.slice(-2)) await readArray(source, plan, start, () => {});
  await requireChecksum(source, expected - CHECKSUM_BYTES);
  try {
    native.restore();
  } catch (cause) {
    throw damaged(path, `cannot be continued: ${(cause as Error).message}`, translate(cause));
  }
  return new RestoredRun({
    native,
    options,
    rows,
    cols,
    hasSigma,
    hasCovariance,
    given,
    affinities: undefined,
    preparation,
    warnings: [],
  });
}

/** Allocates a preparation whose arrays are filled later. */
function allocatePreparation(shape: PreparationShape | undefined, cols: number): FittedPreparation | undefined {
  if (!shape) return undefined;
  const numbers = () => new Float64Array(cols);
  return {
    log1p: shape.log1p === true,
    scales: shape.isScaled ? { center: numbers(), scale: numbers() } : undefined,
    prior: shape.hasPrior ? { center: numbers(), variance: numbers() } : undefined,
  };
}

const RUN_AGAIN =
  "Copy the file again, or fit the data and save the run again: the same data, options and seed give the same bytes";

const damaged = (path: string, reason: string, cause?: unknown) => damagedFile(path, reason, cause, RUN_AGAIN);

/** Checks the first bytes, including the version, and returns the length of the header. */
async function readPrelude({ path, size, handle, hash }: RunSource): Promise<number> {
  const prelude = Buffer.alloc(PRELUDE_BYTES);
  if (size > 0) await handle.read(prelude, 0, PRELUDE_BYTES, 0);
  if (size === 0 || !prelude.subarray(0, Math.min(size, MAGIC.length)).equals(MAGIC.subarray(0, size))) {
    throw new FileError(
      "FILE_FORMAT",
      path,
      "is not a saved run: expected a file that embed --save or Tsne.save has written",
    );
  }
  if (size < PRELUDE_BYTES) throw damaged(path, "is cut off within its first bytes");
  const version = prelude.readUInt32LE(MAGIC.length);
  if (version !== VERSION) {
    const advice =
      version > VERSION
        ? "Read it with a newer sigma-tsne."
        : "Fit the data again and save the run, or read it with the sigma-tsne that wrote it.";
    const reason = `is a saved run of format version ${version}: expected version ${VERSION}. ${advice}`;
    throw new FileError("FILE_VERSION", path, reason);
  }
  const length = prelude.readUInt32LE(MAGIC.length + 4);
  if (length > LARGEST_HEADER) throw damaged(path, `its header of ${length} bytes is damaged`);
  if (PRELUDE_BYTES + length > size) throw damaged(path, "is cut off within its header");
  hash.update(prelude);
  return length;
}

/** Parses the facts in the header and the list of the arrays that follow it. */
function parseHeader(path: string, text: string, threads: number | undefined) {
  try {
    const header = JSON.parse(text) as Header;
    checkShape(header);
    const { rows } = header.run;
    const options = resolveSaved(header.options, header.run, threads);
    const given = options.neighbors === "given" ? neighborCount(options.perplexity, rows) : 0;
    const arrays = planArrays(header.run, options.outputDimensions, options.pca ?? 0, given, header.preparation);
    requireSame(arrays, header.arrays, "the arrays");
    return { header, options, arrays };
  } catch (cause) {
    // The number of threads comes from the caller, not from the file.
    if (cause instanceof ArgumentError && cause.argument === "threads") throw cause;
    throw damaged(path, `its header is damaged: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
}

function requireFreeMemory(path: string, bytes: number): void {
  const free = Math.min(process.availableMemory?.() ?? totalmem(), totalmem());
  if (bytes <= free) return;
  throw new SigmaTsneError(
    "OUT_OF_MEMORY",
    `${path}: the run needs ${inGiB(bytes)}, but only ${inGiB(free)} are free. Close other programs, or use a machine with more memory`,
  );
}

/** Compares the hash of all bytes that were read with the checksum at `start`. */
async function requireChecksum(source: RunSource, start: number): Promise<void> {
  const found = source.hash.digest();
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  await readFully({ ...source, hash: createHash("sha256") }, checksum, start);
  if (found.equals(checksum)) return;
  throw damaged(source.path, "its bytes have changed since it was written: the checksum differs");
}

function nativeRun(options: ResolvedTsneOptions, given: CheckedNeighbors | undefined, shape: Shape) {
  return new binding.Run({ data: undefined, options: toNative(options), neighbors: given, shape });
}

async function readGiven(
  source: RunSource,
  arrays: readonly ArrayPlan[],
  start: number,
  rows: number,
): Promise<CheckedNeighbors | undefined> {
  const [indexPlan, squaredPlan] = arrays.slice(-2) as [ArrayPlan, ArrayPlan];
  const k = indexPlan.shape[1];
  if (k === 0) return undefined;
  const given = { indices: new Uint32Array(rows * k), squared: new Float32Array(rows * k), k };
  const unhashed = { ...source, hash: createHash("sha256") };
  await readArray(unhashed, indexPlan, start, (first, numbers) => given.indices.set(numbers, first * k));
  await readArray(unhashed, squaredPlan, start, (first, numbers) => given.squared.set(numbers, first * k));
  const isBad = given.indices.some((index) => index >= rows) || given.squared.some((value) => !(value >= 0));
  if (isBad) throw damaged(source.path, "its neighbors are not valid row numbers and distances");
  return given;
}

async function readArray(
  source: RunSource,
  plan: ArrayPlan,
  start: number,
  take: (first: number, numbers: Numbers) => void,
): Promise<void> {
  const [, cols] = plan.shape;
  const Type = TYPES[plan.dtype];
  for (const [first, last] of stretches(plan)) {
    const numbers = new Type((last - first) * cols);
    const bytes = Buffer.from(numbers.buffer);
    await readFully(source, bytes, start + plan.offset + first * cols * Type.BYTES_PER_ELEMENT);
    take(first, numbers);
  }
  const filling = Buffer.alloc(align(bytesOf(plan)) - bytesOf(plan));
  await readFully(source, filling, start + plan.offset + bytesOf(plan));
}

async function readFully({ path, handle, hash, signal }: RunSource, target: Buffer, position: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    if (signal?.aborted) throw abortError(signal);
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw damaged(path, "was shortened while it was read");
    done += bytesRead;
  }
  hash.update(target);
}

function checkShape({ run, options }: Header): void {
  const isSize = (value: unknown, least: number, most: number) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
  const isBoolean = (value: unknown) => typeof value === "boolean";
  const isSound =
    isSize(run?.rows, 3, 2 ** 31 - 1) &&
    isSize(run.cols, 0, 2 ** 31 - 1) &&
    isSize(run.iteration, 0, Number.MAX_SAFE_INTEGER) &&
    typeof run.meanCurvature === "number" &&
    isBoolean(run.climbs) &&
    [run.kl, run.klBefore, run.varianceFloor].every((value) => value === undefined || typeof value === "number") &&
    isBoolean(run.hasSigma) &&
    isBoolean(run.hasCovariance) &&
    (run.hasSigma || !run.hasCovariance) &&
    isBoolean(run.hasCoordinateSpread) &&
    isBoolean(run.sigmaIsEqual) &&
    typeof run.scale === "number" &&
    typeof run.sigmaScale === "number" &&
    typeof options === "object" &&
    options !== null;
  if (!isSound) throw new Error("its fields are incomplete or inconsistent");
}

/**
 * Resolves the options in a file with the checks for a caller's options, and requires that they equal the stored ones.
 */
function resolveSaved(
  saved: Record<string, unknown>,
  { rows: n, cols: d, hasSigma, hasCovariance }: Shape,
  threads: number | undefined,
): ResolvedTsneOptions {
  const { finalLearningRate, ...rest } = saved;
  const asked = {
    ...rest,
    threads,
    // Sigma stays undefined if it was not given. Otherwise an empty array takes its place, because only the presence of
    // sigma matters for the other options. The same is true of the initial embedding and the neighbors.
    sigma: hasSigma && !hasCovariance ? [] : undefined,
    covariance: hasCovariance ? [] : undefined,
    init: saved.init === "given" ? [] : saved.init,
    neighbors: saved.neighbors === "given" ? { distances: [] } : saved.neighbors,
    distance: saved.distance === "given" ? undefined : saved.distance,
    // With an explicit theta, "auto" would select another method.
    theta: saved.method === "auto" ? undefined : saved.theta,
    learningRate: saved.learningRate === finalLearningRate ? saved.learningRate : "auto",
  } as unknown as TsneOptions;
  const options = resolveTsneOptions(asked, n, d);
  const { threads: _, ...resolved } = options;
  requireSame(resolved, saved, "the options");
  return options;
}

function requireSame(expected: unknown, found: unknown, what: string): void {
  // JSON text omits undefined values.
  const normal = (value: unknown) => JSON.stringify(value, sortedKeys);
  if (normal(expected) !== normal(found)) throw new Error(`${what} do not belong to its run`);
}

const sortedKeys = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

function requireLittleEndian(): void {
  if (endianness() === "LE") return;
  throw new SigmaTsneError("INVALID_ARGUMENT", "saved runs can only be read and written on little-endian machines");
}
