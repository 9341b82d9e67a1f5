import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Dataset, File, Group, Metadata } from "h5wasm";
import { loadPackage } from "../dependency.js";
import { damagedFile, FileError } from "../errors.js";
import { type FloatArray, Matrix } from "../matrix.js";
import { allocate } from "./allocation.js";
import type { NamedArray } from "./array-columns.js";
import { type OpenFile, readPieces } from "./open-file.js";
import { toNumbers } from "./stored-array.js";

/** The first bytes of an HDF5 file. */
export const HDF5_MAGIC = Buffer.from("\x89HDF\r\n\x1a\n", "latin1");

/**
 * Opens a file with the HDF5 library and closes it with `file`. The library opens files by path, so data from a pipe or
 * a compressed file are written to a temporary file.
 *
 * @throws {FileError} FILE_FORMAT if the library cannot read the file
 */
export async function openHdf5(file: OpenFile, signal: AbortSignal | undefined): Promise<File> {
  const temporary = file.location === undefined ? join(tmpdir(), `sigma-tsne-${randomUUID()}.h5`) : undefined;
  const remove = async () => temporary !== undefined && (await rm(temporary, { force: true }));
  try {
    if (temporary !== undefined) {
      await pipeline(
        readPieces(file, 0, file.size, signal),
        createWriteStream(temporary, { flags: "wx", mode: 0o600 }),
      );
    }
    const root = await openHdf5Path(file.path, temporary ?? (file.location as string), "r");
    file.whenClosed?.(async () => {
      root.close();
      await remove();
    });
    return root;
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Opens a file on the disk. @param path name of the file in error messages */
export async function openHdf5Path(path: string, location: string, mode: "r" | "a"): Promise<File> {
  const { default: library } = await loadPackage("h5wasm", () => import("h5wasm/node"));
  const module = await library.ready;
  // Makes the library throw errors instead of printing them.
  module.activate_throwing_error_handler();
  try {
    return new library.File(location, mode);
  } catch (cause) {
    throw damagedFile(path, "is cut off or damaged: the HDF5 library cannot open it", cause);
  }
}

/** Returns the value of an attribute of an HDF5 object. */
export function attribute(object: Dataset | Group, name: string): unknown {
  return object.attrs[name]?.value ?? undefined;
}

export const isDataset = (object: unknown): object is Dataset =>
  (object as { type?: string } | null)?.type === "Dataset";
export const isGroup = (object: unknown): object is Group => (object as { type?: string } | null)?.type === "Group";

/** Number classes of HDF5. */
const [INTEGER, FLOAT, STRING, ENUM] = [0, 1, 3, 8];

/**
 * Presents a dataset as a named array. @param isTransposed whether the last axis counts the rows, as in matrices
 * written by MATLAB
 */
export function toNamedArray(path: string, name: string, dataset: Dataset, isTransposed = false): NamedArray {
  const shape = [...(dataset.shape ?? [])];
  if (isTransposed) shape.reverse();
  const { type, kind } = describeType(dataset.metadata);
  return {
    name,
    shape,
    type,
    kind,
    readRows: async (start, end) =>
      isTransposed ? readColumns(path, name, dataset, start, end) : readRows(path, name, dataset, start, end),
    readTexts: async () => read(path, name, () => dataset.value as string[]),
  };
}

function describeType(metadata: Metadata): Pick<NamedArray, "type" | "kind"> {
  const { type, size } = metadata;
  if (type === FLOAT && (size === 4 || size === 8))
    return { type: size === 4 ? "float32" : "float64", kind: `float${8 * size}` };
  if (type === INTEGER) return { type: "integer", kind: `${metadata.signed ? "" : "u"}int${8 * size}` };
  if (type === ENUM) return { type: "integer", kind: "bool" };
  if (type === STRING) return { type: "text", kind: "strings" };
  return { type: undefined, kind: type === FLOAT ? `float${8 * size}` : "neither numbers nor text" };
}

/** Runs a call of the HDF5 library and adds the name of the array to its errors. */
function read<T>(path: string, name: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const advice = "Save it without a filter, or with gzip";
    throw new FileError("FILE_FORMAT", path, `${name} cannot be read: ${reason}. ${advice}`, { cause });
  }
}

function readRows(path: string, name: string, dataset: Dataset, start: number, end: number): Matrix {
  const values = read(path, name, () => dataset.slice([[start, end]])) as ArrayLike<number>;
  return toMatrix(path, values, end - start);
}

/** Reads rows of a matrix whose axes are stored in reverse order. */
function readColumns(path: string, name: string, dataset: Dataset, start: number, end: number): Matrix {
  const axes = dataset.shape ?? [];
  const ranges = axes.map((_, axis): [number, number] | [] => (axis === axes.length - 1 ? [start, end] : []));
  const values = toNumbers(path, read(path, name, () => dataset.slice(ranges)) as ArrayLike<number>);
  const rows = end - start;
  const cols = rows === 0 ? 0 : values.length / rows;
  const data = allocate<FloatArray>(path, values instanceof Float32Array ? Float32Array : Float64Array, values.length);
  for (let j = 0; j < cols; j++) for (let i = 0; i < rows; i++) data[i * cols + j] = values[j * rows + i];
  return new Matrix(data, rows, cols);
}

function toMatrix(path: string, values: ArrayLike<number> | BigInt64Array, rows: number): Matrix {
  const numbers = toNumbers(path, values);
  const data =
    numbers instanceof Float32Array || numbers instanceof Float64Array ? numbers : Float64Array.from(numbers);
  return new Matrix(data, rows, rows === 0 ? 0 : data.length / rows);
}
