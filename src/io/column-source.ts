import type { Matrix } from "../matrix.js";
import type { RowBlocks } from "./row-blocks.js";
import type { RowRange } from "./row-range.js";
import type { ColumnDescription, ColumnsOfNumbers, Table, TableColumn } from "./table.js";

/** An open file with columns, whose types are known and whose values are read when they are asked for. */
export interface ColumnSource {
  readonly path: string;
  readonly columns: readonly ColumnDescription[];
  /** Whether the columns have names; positions, counted from 0, stand for names otherwise. */
  readonly isNamed: boolean;
  /** Whether only the first rows were read to find the types of the columns, so that a cell of another type may follow. */
  readonly isSampled?: boolean | undefined;
  /** The column that the user has named with the file, as `file:name`. */
  readonly part?: string | undefined;
  /** A sentence about lines that are not data, after a space. */
  readonly remark?: string | undefined;
  /** Files of a folder that are no part of its table. */
  readonly leftOut?: readonly string[] | undefined;
  /** The column of vectors that is the data by convention, where no column is chosen. */
  readonly defaultList?: string | undefined;
  /** Finds the column of vectors that holds, by convention, the standard deviations of another one. */
  sigmaListOf?(data: string): string | undefined;
  /**
   * Opens a matrix of columns of numbers, or of the lists of one column.
   *
   * @param allowMissing whether missing numbers are NaN in text; otherwise they are errors. In other formats they are NaN in any case.
   */
  openMatrix(columns: ColumnsOfNumbers, allowMissing: boolean): Promise<RowBlocks>;
  /** Reads columns of numbers and text. Whole numbers that no number holds are read as text. */
  readTable(names: readonly string[], rows: RowRange | undefined): Promise<Table>;
  /** Reads a column of dates, in milliseconds since 1970, UTC; NaN where a date is missing. Absent where a format has no dates. */
  readDates?(name: string): Promise<Float64Array>;
  /** Reads matrices and columns in one pass, where one pass is much faster than several. */
  readTogether?(request: ColumnsRequest): Promise<ColumnsRead>;
}

/** What to read in one pass. */
export interface ColumnsRequest {
  /** Names of the columns of each matrix. */
  readonly matrices: readonly (readonly string[])[];
  /** Names of further columns. */
  readonly table: readonly string[];
  readonly rows: RowRange | undefined;
  /** Whether missing numbers are NaN; otherwise they are errors. */
  readonly allowMissing: boolean;
}

export interface ColumnsRead {
  readonly matrices: readonly Matrix[];
  readonly table: ReadonlyMap<string, TableColumn>;
}

/** How a source is opened. */
export interface OpenColumnsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether the types of text columns are those of all rows. Otherwise the first rows decide, and a cell of another type is an error. */
  readonly isWhole?: boolean | undefined;
}
