import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { ArgumentError } from "../errors.js";
import { assertMatrixExtension, assertWritable, isAnndataPath, splitPart } from "../io/index.js";
import { withTypedNames } from "./failure.js";

/** Paths by the name of the option or argument with which the user gave them. */
export type TypedPaths = Readonly<Record<string, string | undefined>>;

/** @throws {ArgumentError} INVALID_ARGUMENT for an empty path, which an unset variable in a shell script would give */
export function checkInputs(paths: TypedPaths): void {
  for (const [argument, path] of Object.entries(paths)) {
    if (path === "") throw new ArgumentError("INVALID_ARGUMENT", { argument, received: path, accepted: "a path" });
  }
}

/** @throws {ArgumentError} INVALID_ARGUMENT if an output is also an input or another output of the command */
export function checkDistinct(outputs: TypedPaths, inputs: TypedPaths): void {
  const seen = new Map<string, string>();
  for (const [flag, path] of Object.entries(inputs)) {
    if (path !== undefined) seen.set(identity(path), flag);
  }
  for (const [flag, path] of Object.entries(outputs)) {
    if (path === undefined) continue;
    const other = seen.get(identity(path));
    if (other !== undefined) {
      const accepted = `a file other than that of ${other}`;
      throw new ArgumentError("INVALID_ARGUMENT", { argument: flag, received: path, accepted });
    }
    seen.set(identity(path), flag);
  }
}

/**
 * Checks before any work that no input path is empty, that every output can be written, and that no output is also an
 * input or another output.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT for an empty path, or an output that is another file of the command
 * @throws {FileError} FILE_WRITE for an output that cannot be written
 */
export async function checkPaths(outputs: TypedPaths, inputs: TypedPaths): Promise<void> {
  checkInputs(inputs);
  checkDistinct(outputs, inputs);
  for (const [flag, path] of Object.entries(outputs)) {
    if (path !== undefined) await withTypedNames({ path: flag }, () => assertWritable(path));
  }
}

/**
 * Checks that the extension of an output is that of a format for matrices.
 *
 * @param data the data file, for commands that also write a copy of it with the result (.h5ad)
 * @throws {ArgumentError} INVALID_ARGUMENT for another extension
 */
export function checkMatrixOutput(flag: string, path: string, data?: string): void {
  if (isAnndataPath(path) && data !== undefined) {
    checkAnndataOutput(flag, path, data);
    return;
  }
  try {
    assertMatrixExtension(path);
  } catch (cause) {
    const facts = {
      argument: flag,
      received: path,
      accepted: "a file name that ends in .npy, .csv, .tsv, .parquet, .arrow, .feather or .arrows",
    };
    throw new ArgumentError("INVALID_ARGUMENT", facts, { cause });
  }
}

/** @throws {ArgumentError} INVALID_ARGUMENT for an output in .h5ad if the data are not an AnnData file */
function checkAnndataOutput(flag: string, path: string, data: string): void {
  if (isAnndataPath(data)) return;
  const accepted =
    "a file name with another ending than .h5ad: an .h5ad output is a copy of the data, which are not an .h5ad file";
  throw new ArgumentError("INVALID_ARGUMENT", { argument: flag, received: path, accepted });
}

/** @throws {ArgumentError} INVALID_ARGUMENT for a path without that extension */
export function checkExtension(flag: string, path: string | undefined, extension: string): void {
  if (path === undefined || path.toLowerCase().endsWith(extension)) return;
  const accepted = `a file name that ends in ${extension}`;
  throw new ArgumentError("INVALID_ARGUMENT", { argument: flag, received: path, accepted });
}

/**
 * Returns a text that identifies the file of a path: it is the same for all paths of one file, including links and
 * paths that name an array in it (`file:name`).
 */
function identity(typed: string): string {
  const { file: path } = splitPart(typed);
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return join(absoluteFolder(path), basename(path));
  }
}

function absoluteFolder(path: string): string {
  try {
    return realpathSync(dirname(path));
  } catch {
    return resolve(dirname(path));
  }
}
