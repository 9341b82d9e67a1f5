import { extname } from "node:path";
import { requireOptions, shapeMismatch } from "../arguments.js";
import { ArgumentError, FileError } from "../errors.js";
import { type FloatArray, Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import { checkPath, type WriteOptions, writeFileAtomic } from "./atomic-write.js";
import { chooseColumns } from "./chosen-columns.js";
import type { Format } from "./format.js";
import { checkColumn, formatByExtension, listFormats, readWithFormat } from "./formats.js";
import { encodeArray, npy, readNpyStack } from "./npy.js";
import type { ReadMatrixOptions } from "./read-options.js";
import { readRowRange } from "./row-blocks.js";
import { checkRowRange } from "./row-range.js";
import { isFolder, openTableFolder } from "./table-folder.js";

/** Options of {@link writeMatrix}. */
export interface WriteMatrixOptions {
  /**
   * Names of the columns, for formats that hold names. Default: x, y, z for up to three columns, else c0, c1, and so
   * on.
   */
  readonly columns?: readonly string[] | undefined;
  /** Stops the writing and leaves no file. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a matrix from a file. Files in the formats .npy, IDX, Arrow and Parquet are recognized by their content,
 * whatever their names. For other files the extension determines the format (.csv, .tsv, .txt); files with another
 * extension are read as text.
 *
 * - .npy: float16/32/64, integers of 8 to 64 bits, and booleans; both byte orders; C and Fortran order. An array of one
 *   dimension becomes a matrix of n x 1. In an array of three or more dimensions, each entry of the first axis is
 *   flattened to a row (C order only). Types that float32 holds exactly (float16, float32, integers of up to 16 bits,
 *   booleans) give float32, the others float64. From a C-order file, only the requested rows are read.
 * - IDX: each entry of the first axis is flattened to a row. Integers of up to 16 bits and float32 give float32, the
 *   others float64.
 * - Text: numbers separated by commas, semicolons, tabs or spaces, with or without a header line. Gives float64. Lines
 *   that start with # are comments.
 * - Arrow and Parquet: float32 if all columns are float32, else float64. Nulls become NaN. Alternatively one column of
 *   lists of numbers, all of one length and without nulls: the column that `options.column` names, or the only column
 *   of lists if there are no columns of numbers.
 * - A folder: its files of one kind (.parquet, .csv, .tsv, .arrow) in the order of their names, as Spark writes them.
 *   Files that begin with _ or a dot are ignored.
 * - .npz: the array that `options.column` or the path names (`file.npz:means`), or the array with a usual name of data.
 *
 * The data columns of a table are chosen as in {@link readDataset}: identifiers, labels and text are left out. Files
 * compressed with gzip or Zstandard are decompressed. `-` is standard input, and pipes are read to their end.
 *
 * NaN and infinite values are kept.
 *
 * @returns n x d numbers
 * @throws {FileError} FILE_READ if the file cannot be read, FILE_FORMAT if its content is not a matrix
 * @throws {ArgumentError} OUT_OF_RANGE for rows that the file does not have
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function readMatrix(path: string, options: ReadMatrixOptions = {}): Promise<Matrix> {
  if (await isFolder(path)) {
    if (options.rows !== undefined) checkRowRange(options.rows);
    const source = await openTableFolder(path, options);
    return readRowRange(path, await source.openMatrix(chooseColumns(source, options).means, false), options.rows);
  }
  return readWithFormat(path, options, async (format, file) => {
    checkColumn(format, path, options.column);
    return format.readMatrix(file, options);
  });
}

/**
 * Reads an array of three dimensions from a .npy file, such as one covariance matrix per point, n x d x d.
 *
 * @returns its numbers in C order, float32 or float64, and its shape
 * @throws {FileError} FILE_READ if the file cannot be read, FILE_FORMAT if it is not such an array
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function readStack(
  path: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<{ data: FloatArray; shape: [number, number, number] }> {
  return readWithFormat(path, options, async (format, file) => {
    if (format !== npy) {
      const reason = "is not a .npy file: expected an array of three dimensions, which only .npy holds";
      throw new FileError("FILE_FORMAT", path, `${reason}. Save it with np.save`);
    }
    return readNpyStack(file, options);
  });
}

/**
 * Writes a matrix to a file. The extension determines the format: .npy, .csv, .tsv, or a table (see {@link writeTable})
 * in .arrow, .feather, .arrows or .parquet. An existing file is replaced atomically, as {@link writeFileAtomic} does. A
 * .npy file keeps the number type and is in C order. Text has a header line and writes each number in the fewest digits
 * that read back as the same float32 or float64.
 *
 * @throws {FileError} FILE_WRITE for another extension, or if the file cannot be written
 * @throws {ArgumentError} if `matrix` is not a matrix, or SHAPE_MISMATCH without one name for each column
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function writeMatrix(path: string, matrix: MatrixLike, options: WriteMatrixOptions = {}): Promise<void> {
  requireOptions(options);
  const encode = encoderFor(path);
  const checked = toMatrix(matrix, "matrix");
  const columns = options.columns ?? defaultColumns(checked.cols);
  if (columns.length !== checked.cols) {
    throw new ArgumentError("SHAPE_MISMATCH", {
      argument: "columns",
      received: columns,
      accepted: `${checked.cols} names, one for each column`,
    });
  }
  await writeFileAtomic(path, encode(checked, columns), { signal: options.signal });
}

/**
 * Writes matrices of equal shape, such as the snapshots of a run, to a .npy file as one array, count x rows x cols in C
 * order. The array is float64 if any of the matrices is, else float32. An existing file is replaced atomically, as
 * {@link writeFileAtomic} does.
 *
 * @throws {FileError} FILE_WRITE for another extension than .npy, or if the file cannot be written
 * @throws {ArgumentError} INVALID_ARGUMENT without a matrix, SHAPE_MISMATCH if the shapes differ
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function writeMatrices(
  path: string,
  matrices: readonly MatrixLike[],
  options: WriteOptions = {},
): Promise<void> {
  checkPath(path);
  if (!npy.extensions.includes(extname(path).toLowerCase())) {
    throw new FileError("FILE_WRITE", path, "several matrices are written as NumPy (.npy), decided by the extension");
  }
  if (!Array.isArray(matrices) || matrices.length === 0) {
    const facts = { argument: "matrices", received: matrices, accepted: "an array of at least one matrix" };
    throw new ArgumentError("INVALID_ARGUMENT", facts);
  }
  const checked = matrices.map((matrix: MatrixLike, i) => toMatrix(matrix, `matrices[${i}]`));
  const { rows, cols } = checked[0];
  const other = checked.findIndex((matrix) => matrix.rows !== rows || matrix.cols !== cols);
  if (other >= 0) {
    throw shapeMismatch(`matrices[${other}]`, checked[other], `${rows} x ${cols}, the shape of the first`);
  }
  const isWide = checked.some(({ data }) => data instanceof Float64Array);
  const alike = isWide ? checked.map(({ data }) => new Matrix(Float64Array.from(data), rows, cols)) : checked;
  await writeFileAtomic(path, encodeArray([checked.length, rows, cols], alike), options);
}

/**
 * Writes an array of any shape to a .npy file in C order, atomically as {@link writeFileAtomic} does.
 *
 * @throws {FileError} FILE_WRITE for another extension, or if the file cannot be written
 * @throws {ArgumentError} SHAPE_MISMATCH if the data do not have that shape
 * @throws {AbortError} if `options.signal` is aborted
 */
export async function writeArray(
  path: string,
  data: FloatArray,
  shape: readonly number[],
  options: WriteOptions = {},
): Promise<void> {
  checkPath(path);
  if (extname(path).toLowerCase() !== ".npy") {
    throw new FileError("FILE_WRITE", path, "arrays are written as NumPy (.npy), decided by the extension");
  }
  if (shape.length === 0 || shape.reduce((product, size) => product * size, 1) !== data.length) {
    const accepted = `as many sizes as have the product ${data.length}`;
    throw new ArgumentError("SHAPE_MISMATCH", { argument: "shape", received: shape, accepted });
  }
  await writeFileAtomic(path, encodeArray(shape, [{ data }]), options);
}

/**
 * Checks that {@link writeMatrix} can write the extension of `path`. Call this function and {@link assertWritable}
 * before the work whose result is written to `path`.
 *
 * @throws {FileError} FILE_WRITE for another extension
 */
export function assertMatrixExtension(path: string): void {
  encoderFor(path);
}

function encoderFor(path: string): NonNullable<Format["encode"]> {
  checkPath(path);
  const encode = formatByExtension(path)?.encode;
  if (encode) return encode;
  throw new FileError("FILE_WRITE", path, `matrices are written as ${listFormats("encode")}, decided by the extension`);
}

const defaultColumns = (cols: number): string[] =>
  cols <= 3 ? ["x", "y", "z"].slice(0, cols) : Array.from({ length: cols }, (_, j) => `c${j}`);
