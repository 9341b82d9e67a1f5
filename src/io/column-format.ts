import { FileError } from "../errors.js";
import type { Matrix } from "../matrix.js";
import { chooseColumns, chooseLabels } from "./chosen-columns.js";
import type { ColumnSource, OpenColumnsOptions } from "./column-source.js";
import type { Format } from "./format.js";
import type { OpenFile } from "./open-file.js";
import type { OpenMatrixOptions, ReadLabelsOptions, ReadMatrixOptions, ReadTableOptions } from "./read-options.js";
import { type RowBlocks, readRowRange } from "./row-blocks.js";
import { selectColumns, type Table } from "./table.js";

/** Creates a format from a function that opens its columns. All formats with columns share the rest. */
export function columnFormat(
  open: (file: OpenFile, options: OpenColumnsOptions) => Promise<ColumnSource>,
): Required<Pick<Format, "openColumns" | "readMatrix" | "openMatrix" | "readLabels" | "readTable">> {
  const openColumns = async (file: OpenFile, options: OpenColumnsOptions): Promise<ColumnSource> => {
    const source = await open(file, options);
    return file.part === undefined ? source : { ...source, part: file.part };
  };
  const openMatrix = async (file: OpenFile, options: OpenMatrixOptions): Promise<RowBlocks> => {
    const source = await openColumns(file, { signal: options.signal, isWhole: true });
    return source.openMatrix(chooseColumns(source, options).means, false);
  };
  return {
    openColumns,
    openMatrix,
    readMatrix: (file, options) => withTypes(file, options, openColumns, (source) => readMatrix(source, options)),
    readLabels: (file, options: ReadLabelsOptions) =>
      withTypes(file, options, openColumns, (source) => readLabels(source, options)),
    readTable: (file, options: ReadTableOptions) =>
      withTypes(file, options, openColumns, (source) => {
        const names = source.columns.map(({ name }) => name);
        const wanted = options.columns ?? (source.part === undefined ? undefined : [source.part]);
        return source.readTable(selectColumns(file.path, names, wanted), options.rows);
      }),
  };
}

/**
 * Opens the columns of a file and reads them with `read`. If a later row of a text file shows that the types found in
 * the first rows are wrong, all rows are examined and the file is read again.
 */
export async function withTypes<T>(
  file: OpenFile,
  { signal }: { readonly signal?: AbortSignal | undefined },
  openColumns: NonNullable<Format["openColumns"]>,
  read: (source: ColumnSource) => Promise<T>,
): Promise<T> {
  const source = await openColumns(file, { signal });
  try {
    return await read(source);
  } catch (error) {
    if (!source.isSampled || !(error instanceof FileError && error.code === "FILE_FORMAT")) throw error;
    return read(await openColumns(file, { signal, isWhole: true }));
  }
}

async function readMatrix(source: ColumnSource, options: ReadMatrixOptions): Promise<Matrix> {
  const { means } = chooseColumns(source, options);
  if (!source.readTogether || "list" in means) {
    return readRowRange(source.path, await source.openMatrix(means, false), options.rows);
  }
  const request = { matrices: [means.numbers], table: [], rows: options.rows, allowMissing: false };
  return (await source.readTogether(request)).matrices[0];
}

async function readLabels(source: ColumnSource, { rows, column }: ReadLabelsOptions): Promise<string[]> {
  const table: Table = await source.readTable([chooseLabels(source, column)], rows);
  return toLabels([...table.values()][0]);
}

/** Converts a column to labels. A missing value becomes the empty label, which means "no label". */
export const toLabels = (column: ArrayLike<string | number>): string[] =>
  Array.from(column, (value) => (Number.isNaN(value) ? "" : String(value)));
