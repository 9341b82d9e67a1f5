import { requireInteger } from "../arguments.js";
import { damagedFile, type FileError } from "../errors.js";
import { type FloatArray, Matrix } from "../matrix.js";
import { allocate } from "./allocation.js";
import { asReadError } from "./file-errors.js";
import { type RowRange, resolveRowRange } from "./row-range.js";
import type { RowReader } from "./row-reader.js";

/** A matrix in a file that is read from front to back, one block at a time. */
export interface RowBlocks {
  readonly rows: number;
  readonly cols: number;
  /** The type of its numbers. */
  readonly type: Float32ArrayConstructor | Float64ArrayConstructor;
  /** Reads the rows from `start` on; each block holds consecutive rows. @throws {FileError} FILE_READ or FILE_FORMAT */
  blocks(start: number): AsyncGenerator<Matrix>;
}

/** Number of values in a block. A block is small compared with the memory of the libraries that read it. */
export const BLOCK_NUMBERS = 2 ** 18;

/** Reads the requested rows, or all, into memory. @throws {ArgumentError} OUT_OF_RANGE for rows that do not exist */
export async function readRowRange(path: string, reader: RowBlocks, wanted: RowRange | undefined): Promise<Matrix> {
  const [start, end] = resolveRowRange(wanted, reader.rows, path);
  const data = allocate<FloatArray>(path, reader.type, (end - start) * reader.cols);
  let filled = 0;
  if (data.length > 0) {
    for await (const block of reader.blocks(start)) {
      const part = block.data.subarray(0, data.length - filled);
      data.set(part, filled);
      filled += part.length;
      if (filled === data.length) break;
    }
  }
  if (filled < data.length) throw tooFewRows(path, start + filled / reader.cols, reader.rows);
  return new Matrix(data, end - start, reader.cols);
}

/** Reads rows by number in one forward pass. A row before the current block starts another pass. */
export function readForward(path: string, reader: RowBlocks, close: () => Promise<void>): RowReader {
  const { rows, cols, type } = reader;
  let blocks: AsyncGenerator<Matrix> | undefined;
  let block = new Matrix(new type(), 0, cols);
  let first = 0;

  const advance = async (row: number): Promise<void> => {
    if (!blocks || row < first) {
      await blocks?.return(undefined);
      blocks = reader.blocks(row);
      block = new Matrix(new type(), 0, cols);
      first = row;
    }
    while (row >= first + block.rows) {
      const { done, value } = await blocks.next();
      first += block.rows;
      if (done) throw tooFewRows(path, first, rows);
      block = value;
    }
  };

  const read = async (wanted: ArrayLike<number>): Promise<Matrix> => {
    for (let k = 0; k < wanted.length; k++) requireInteger(wanted[k], `rows[${k}]`, 0, rows - 1);
    const data = allocate<FloatArray>(path, type, wanted.length * cols);
    for (let k = 0; k < wanted.length; ) {
      const row = wanted[k];
      await advance(row);
      let end = k + 1;
      while (end < wanted.length && wanted[end] === row + end - k && row + end - k < first + block.rows) end++;
      data.set(block.data.subarray((row - first) * cols, (row - first + end - k) * cols), k * cols);
      k = end;
    }
    return new Matrix(data, wanted.length, cols);
  };

  // The file has a single read position, so each call waits for the previous one.
  let turn: Promise<unknown> = Promise.resolve();
  return {
    rows,
    cols,
    read(wanted) {
      const result = turn.then(() =>
        asReadError(path, () => read(wanted)).catch((error) => {
          blocks = undefined;
          throw error;
        }),
      );
      turn = result.catch(() => {});
      return result;
    },
    async close() {
      await turn;
      await blocks?.return(undefined);
      await close();
    },
  };
}

const tooFewRows = (path: string, found: number, expected: number): FileError =>
  damagedFile(path, `has only ${found} of ${expected} rows`);
