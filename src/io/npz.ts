import { FileError } from "../errors.js";
import type { FloatArray, Matrix } from "../matrix.js";
import { type NamedArray, openArrayColumns } from "./array-columns.js";
import { columnFormat } from "./column-format.js";
import { asReadError } from "./file-errors.js";
import type { Format } from "./format.js";
import { openFile } from "./input-file.js";
import { readNpyIntegers, readNpyMatrix, readNpyTexts } from "./npy.js";
import { type NpyHeader, readNpyHeader } from "./npy-header.js";
import type { OpenFile } from "./open-file.js";
import { inMemory } from "./spool.js";
import { listZip, type ZipEntry } from "./zip.js";

/** NumPy's archives of arrays, as np.savez and np.savez_compressed write them. */
export const npz: Format = {
  name: "a NumPy archive",
  extensions: [".npz"],
  sniff: isZip,
  ...columnFormat(async (file, { signal }) => {
    const arrays = await listNpzArrays(file, signal);
    if (["format", "shape", "data"].every((name) => arrays.has(name))) throw sparseMatrix(file.path);
    return openArrayColumns(file.path, [...arrays.values()].map(toNamedArray));
  }),
};

/**
 * The arrays of a sparse matrix are not used as columns, because its numbers are meaningless without their positions.
 */
const sparseMatrix = (path: string): FileError =>
  new FileError(
    "FILE_FORMAT",
    path,
    "holds a sparse matrix of SciPy: expected dense arrays, except for embed. Save matrix.toarray(), or its principal components, with np.save",
  );

/** An array in a NumPy archive. */
export interface NpzArray {
  readonly name: string;
  /** The sizes of the axes; empty for a single value. */
  readonly shape: readonly number[];
  /** Number type in NumPy's notation without byte order: "f4", "i8", "U10", "O". */
  readonly dtype: string;
  /** Reads the numbers in C order. @throws {FileError} FILE_FORMAT for strings, objects and complex numbers */
  readNumbers(): Promise<FloatArray>;
  /** Reads integers in C order. Integers of 32 bits are returned as an Int32Array. */
  readIntegers(): Promise<FloatArray | Int32Array>;
  /** Reads the strings in C order. @throws {FileError} FILE_FORMAT if the array does not hold strings */
  readTexts(): Promise<string[]>;
  /** Reads rows `[start, end)`. Each entry of the first axis is a row, flattened. */
  readRows(start: number, end: number): Promise<Matrix>;
}

/** A NumPy archive, open for reading. */
export interface NpzArchive {
  readonly arrays: ReadonlyMap<string, NpzArray>;
  /** Closes the file. */
  close(): Promise<void>;
}

/**
 * Opens a NumPy archive (.npz). An array stored without compression is read directly from the archive.
 *
 * @throws {FileError} FILE_READ if the file cannot be read, FILE_FORMAT if it is not a NumPy archive
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function openNpz(
  path: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<NpzArchive> {
  const file = await openFile(path, options.signal);
  try {
    const arrays = await asReadError(path, () => listNpzArrays(file, options.signal));
    return { arrays, close: () => file.handle.close() };
  } catch (error) {
    await file.handle.close();
    throw error;
  }
}

/** Enough for the header of an array: NumPy's headers have about a hundred bytes. */
const HEAD_BYTES = 2 ** 16;

/**
 * Returns the arrays of an archive by name. In the archive, each array is a file; the name of the file is the name of
 * the array with the extension .npy.
 */
export async function listNpzArrays(
  file: OpenFile,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, NpzArray>> {
  const entries = await listZip(file, signal);
  const arrays = new Map<string, NpzArray>();
  for (const entry of entries) {
    if (!entry.name.endsWith(".npy")) continue;
    const name = entry.name.slice(0, -".npy".length);
    arrays.set(name, toArray(file, name, entry, await readHeader(file, entry), signal));
  }
  if (arrays.size === 0) throw notNumpy(file.path, entries);
  return arrays;
}

async function readHeader({ path }: OpenFile, entry: ZipEntry): Promise<NpyHeader> {
  const head = await entry.readHead(HEAD_BYTES);
  return readNpyHeader({ path: `${path}:${entry.name}`, size: head.length, handle: inMemory(head) });
}

function toArray(
  archive: OpenFile,
  name: string,
  entry: ZipEntry,
  { shape, dtype, fortranOrder }: NpyHeader,
  signal: AbortSignal | undefined,
): NpzArray {
  // The array stays open as long as the archive, so that it is decompressed only once.
  let opened: Promise<OpenFile> | undefined;
  const open = () => {
    if (opened) return opened;
    const file = entry.open(`${archive.path}:${name}`);
    archive.whenClosed?.(() => file.then(({ handle }) => handle.close()).catch(() => {}));
    opened = file;
    return file;
  };
  const isByColumns = fortranOrder && shape.length > 1;
  let whole: Promise<Matrix> | undefined;
  const readWhole = () => {
    whole ??= open().then((file) => readNpyMatrix(file, { signal }));
    return whole;
  };
  return {
    name,
    shape,
    dtype,
    readNumbers: async () => (await readWhole()).data,
    readIntegers: async () => readNpyIntegers(await open(), { signal }),
    readTexts: async () => readNpyTexts(await open(), { signal }),
    readRows: async (start, end) =>
      isByColumns ? (await readWhole()).slice(start, end) : readNpyMatrix(await open(), { rows: [start, end], signal }),
  };
}

const toNamedArray = ({ name, shape, dtype, readRows, readTexts }: NpzArray): NamedArray => ({
  name,
  shape,
  type: typeOf(dtype),
  kind: dtype === "O" ? "Python objects, which must be saved as strings or numbers" : `${describeType(dtype)}`,
  readRows,
  readTexts,
});

function typeOf(dtype: string): NamedArray["type"] {
  if (/^[US]/.test(dtype)) return "text";
  if (/^(b1|[iu][1248])$/.test(dtype)) return "integer";
  if (/^f[24]$/.test(dtype)) return "float32";
  return dtype === "f8" ? "float64" : undefined;
}

const TYPE_NAMES: Readonly<Record<string, string>> = { i: "int", u: "uint", f: "float", c: "complex" };

const describeType = (dtype: string): string => {
  const name = TYPE_NAMES[dtype[0]];
  if (name !== undefined) return `${name}${8 * Number(dtype.slice(1))}`;
  return dtype === "b1" ? "bool" : /^[US]/.test(dtype) ? "strings" : `dtype ${dtype}`;
};

function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 || head[2] === 5);
}

function notNumpy(path: string, entries: readonly ZipEntry[]): FileError {
  const isWorkbook = entries.some(({ name }) => name === "[Content_Types].xml");
  const reason = isWorkbook
    ? "is an Excel workbook: expected a table in text, Parquet or Arrow. Save the sheet as CSV (UTF-8)"
    : `is a ZIP archive without arrays of NumPy: expected files that end in .npy${listNames(entries)}. Unpack it, and give the file with the data`;
  return new FileError("FILE_FORMAT", path, reason);
}

const listNames = (entries: readonly ZipEntry[]): string =>
  entries.length === 0
    ? ""
    : `, found ${entries
        .slice(0, 3)
        .map(({ name }) => name)
        .join(", ")}`;
