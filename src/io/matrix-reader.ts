import { requireInteger } from "../arguments.js";
import { FileError } from "../errors.js";
import { type FloatArray, Matrix } from "../matrix.js";
import { allocate } from "./allocation.js";
import { type RowRange, resolveRowRange } from "./row-range.js";
import type { RowSource } from "./row-source.js";
import { asReadError } from "./source.js";

/** A matrix in a file that is read from front to back, a piece at a time. */
export interface MatrixReader {
  readonly rows: number;
  readonly cols: number;
  /** Of its numbers. */
  readonly type: Float32ArrayConstructor | Float64ArrayConstructor;
  /** The rows from `start` on, some after each other in every piece. @throws {FileError} FILE_READ or FILE_FORMAT */
  pieces(start: number): AsyncGenerator<Matrix>;
}

/** Numbers in a piece: what is small beside the libraries that read it. */
export const PIECE_NUMBERS = 2 ** 18;

/** The rows asked for, or all, in memory. @throws {ArgumentError} OUT_OF_RANGE for rows that there are not */
export async function readPieces(path: string, reader: MatrixReader, wanted: RowRange | undefined): Promise<Matrix> {
  const [start, end] = resolveRowRange(wanted, reader.rows, path);
  const data = allocate<FloatArray>(path, reader.type, (end - start) * reader.cols);
  let filled = 0;
  if (data.length > 0) {
    for await (const piece of reader.pieces(start)) {
      const part = piece.data.subarray(0, data.length - filled);
      data.set(part, filled);
      filled += part.length;
      if (filled === data.length) break;
    }
  }
  if (filled < data.length) throw tooFewRows(path, start + filled / reader.cols, reader.rows);
  return new Matrix(data, end - start, reader.cols);
}

/** Rows by their numbers: forward in one pass, and from there on again for a number below those of the piece at hand. */
export function readForward(path: string, reader: MatrixReader, close: () => Promise<void>): RowSource {
  const { rows, cols, type } = reader;
  let pieces: AsyncGenerator<Matrix> | undefined;
  let piece = new Matrix(new type(), 0, cols);
  let first = 0;

  const advance = async (row: number): Promise<void> => {
    if (!pieces || row < first) {
      await pieces?.return(undefined);
      pieces = reader.pieces(row);
      piece = new Matrix(new type(), 0, cols);
      first = row;
    }
    while (row >= first + piece.rows) {
      const { done, value } = await pieces.next();
      first += piece.rows;
      if (done) throw tooFewRows(path, first, rows);
      piece = value;
    }
  };

  const read = async (wanted: ArrayLike<number>): Promise<Matrix> => {
    for (let k = 0; k < wanted.length; k++) requireInteger(wanted[k], `rows[${k}]`, 0, rows - 1);
    const data = allocate<FloatArray>(path, type, wanted.length * cols);
    for (let k = 0; k < wanted.length; ) {
      const row = wanted[k];
      await advance(row);
      let end = k + 1;
      while (end < wanted.length && wanted[end] === row + end - k && row + end - k < first + piece.rows) end++;
      data.set(piece.data.subarray((row - first) * cols, (row - first + end - k) * cols), k * cols);
      k = end;
    }
    return new Matrix(data, wanted.length, cols);
  };

  // There is one place in the file, so that a call waits for the one before it.
  let turn: Promise<unknown> = Promise.resolve();
  return {
    rows,
    cols,
    read(wanted) {
      const result = turn.then(() =>
        asReadError(path, () => read(wanted)).catch((error) => {
          pieces = undefined;
          throw error;
        }),
      );
      turn = result.catch(() => {});
      return result;
    },
    async close() {
      await turn;
      await pieces?.return(undefined);
      await close();
    },
  };
}

const tooFewRows = (path: string, found: number, expected: number): FileError =>
  new FileError("FILE_FORMAT", path, `holds ${found} of ${expected} rows`);
