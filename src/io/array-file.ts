import { FileError } from "../errors.js";
import type { FloatArray } from "../matrix.js";
import { asReadError } from "./file-errors.js";
import { isIdx, openIdx } from "./idx.js";
import { openFile } from "./input-file.js";
import { checkNumbers } from "./npy.js";
import { MAGIC, readNpyHeader } from "./npy-header.js";
import { FOREIGN_ORDER } from "./number-types.js";
import { type OpenFile, readFully } from "./open-file.js";
import { checkAxes, readRows, type StoredArray } from "./stored-array.js";

/** An array of numbers of any shape in a file. A row is the part of the array at one index of its first axis. */
export interface ArrayFile {
  readonly path: string;
  /** At least one size. The first size is the number of rows. */
  readonly shape: readonly number[];
  /** Number type as NumPy writes it, without its byte order: "u1", "f4". */
  readonly dtype: string;
  /**
   * Reads rows, in any order and any number of times each.
   *
   * @param rows row numbers from 0
   * @returns rows x (all other axes) numbers: float32 for types that it holds exactly, float64 for the others
   * @throws {ArgumentError} OUT_OF_RANGE for a row that does not exist
   * @throws {FileError} FILE_READ or FILE_FORMAT
   */
  read(rows: ArrayLike<number>): Promise<FloatArray>;
  /** Closes the file. */
  close(): Promise<void>;
}

/**
 * Opens a .npy file (C order) or an IDX file, which may be compressed with gzip or Zstandard. The file may have any
 * name. Only the requested rows of an uncompressed file are read.
 *
 * @throws {FileError} FILE_READ if the file cannot be read. FILE_FORMAT if it has neither format, or if its size does
 *   not match its header. The size is checked before memory is allocated.
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function openArrayFile(
  path: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ArrayFile> {
  const file = await openFile(path, options.signal);
  try {
    const array = await asReadError(path, () => openArray(file, options.signal));
    return {
      path,
      shape: array.shape,
      dtype: array.dtype,
      read: (rows) => asReadError(path, () => readRows(array, rows)),
      close: () => file.handle.close(),
    };
  } catch (error) {
    await file.handle.close();
    throw error;
  }
}

async function openArray(file: OpenFile, signal: AbortSignal | undefined): Promise<StoredArray> {
  const head = Buffer.alloc(Math.min(file.size, 8));
  await readFully(file, head, 0, signal);
  if (MAGIC.equals(head.subarray(0, MAGIC.length))) return openNpy(file);
  if (isIdx(head)) return openIdx(file, signal);
  throw new FileError("FILE_FORMAT", file.path, "is neither a .npy file nor an IDX file");
}

async function openNpy(file: OpenFile): Promise<StoredArray> {
  const header = await readNpyHeader(file);
  const { shape, dtype, order, offset, fortranOrder } = header;
  const fail = (reason: string) => new FileError("FILE_FORMAT", file.path, reason);
  if (shape.length === 0) throw fail("contains a single number: expected an array with at least one dimension");
  if (fortranOrder && shape.length > 1) {
    throw fail(
      "is in Fortran order, in which the numbers of a row are not contiguous. Save np.ascontiguousarray(array)",
    );
  }
  checkAxes(file.path, shape);
  checkNumbers(file, header);
  return {
    path: file.path,
    shape,
    dtype,
    isForeign: order === FOREIGN_ORDER,
    fetch: (target, position) => readFully(file, target, offset + position),
  };
}
