import type { Matrix } from "../matrix.js";
import type { RowBlocks } from "./row-blocks.js";
import type { RowRange } from "./row-range.js";
import type { ColumnDescription, ColumnsOfNumbers, Table, TableColumn } from "./table.js";

/** An open file with columns. The types of the columns are known; their values are read on request. */
export interface ColumnSource {
  readonly path: string;
  readonly columns: readonly ColumnDescription[];
  /** Whether the columns have names. If not, their positions, counted from 0, serve as names. */
  readonly isNamed: boolean;
  /** Whether the types of the columns come from the first rows only. A later cell may then have another type. */
  readonly isSampled?: boolean | undefined;
  /** The column that the user has named in the path, as `file:name`. */
  readonly part?: string | undefined;
  /** A sentence for the report about lines of the file that are not data. The sentence begins with a space. */
  readonly remark?: string | undefined;
  /** Files in the folder that are not part of the table. */
  readonly leftOut?: readonly string[] | undefined;
  /** The column of vectors that is used as data if the caller chooses none, such as obsm/X_pca. */
  readonly defaultList?: string | undefined;
  /** Returns the column of vectors that by convention holds the standard deviations of the column `data`. */
  sigmaListOf?(data: string): string | undefined;
  /**
   * Opens a matrix made of several columns of numbers, or of one column of lists.
   *
   * @param allowMissing whether a missing number in a text file becomes NaN; otherwise it is an error. In other
   *   formats, a missing number always becomes NaN.
   */
  openMatrix(columns: ColumnsOfNumbers, allowMissing: boolean): Promise<RowBlocks>;
  /** Reads columns of numbers and text. Whole numbers too large to be exact are read as text. */
  readTable(names: readonly string[], rows: RowRange | undefined): Promise<Table>;
  /**
   * Reads a column of dates as milliseconds since 1970, UTC; a missing date is NaN. Absent if the format has no dates.
   */
  readDates?(name: string): Promise<Float64Array>;
  /**
   * Reads matrices and columns in one pass. Defined only for formats in which one pass is much faster than several
   * passes.
   */
  readTogether?(request: ColumnsRequest): Promise<ColumnsRead>;
}

/** The matrices and columns to read in one pass. */
export interface ColumnsRequest {
  /** Names of the columns of each matrix. */
  readonly matrices: readonly (readonly string[])[];
  /** Names of further columns. */
  readonly table: readonly string[];
  readonly rows: RowRange | undefined;
  /** Whether a missing number becomes NaN; otherwise it is an error. */
  readonly allowMissing: boolean;
}

export interface ColumnsRead {
  readonly matrices: readonly Matrix[];
  readonly table: ReadonlyMap<string, TableColumn>;
}

/** Options for opening the columns of a file. */
export interface OpenColumnsOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether to examine all rows of a text file to find the column types. Otherwise the types are found from the first
   * rows, and a later cell of another type is an error.
   */
  readonly isWhole?: boolean | undefined;
}
