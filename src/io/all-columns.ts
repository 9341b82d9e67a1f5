import { toFacts } from "./chosen-columns.js";
import { assignRoles } from "./column-roles.js";
import type { ColumnSource } from "./column-source.js";
import { asReadError } from "./file-errors.js";
import { detectFormat } from "./formats.js";
import { openFile } from "./input-file.js";
import type { ColumnDescription, TableColumn } from "./table.js";
import { isFolder, openTableFolder } from "./table-folder.js";

/** The kind of values in a column, as the explorer shows them. */
export type ColumnContent = "numbers" | "texts" | "dates" | "booleans";

/** A column of a file, before its values are read. */
export interface ListedColumn {
  readonly name: string;
  /** `undefined` for a column that cannot be shown as one value per row, such as a column of lists. */
  readonly holds: ColumnContent | undefined;
  /** Name of its type in the file format. */
  readonly kind: string;
  /** The role that the name and type of the column suggest. */
  readonly role: "label" | "identifier" | undefined;
}

/** A column with its values. */
export interface ReadColumn {
  readonly name: string;
  readonly holds: ColumnContent;
  /**
   * One value per row. Dates are milliseconds since 1970, UTC; booleans are 1 and 0. A missing number or date is NaN, a
   * missing text is "".
   */
  readonly values: TableColumn;
}

/**
 * Lists the columns of a table, whatever their roles.
 *
 * @param rows number of rows that each column must have; an array of another length is listed as a column that cannot
 *   be shown
 * @returns the columns in the order of the file; an empty list for a file that holds one matrix
 * @throws {FileError} FILE_READ or FILE_FORMAT for a file that cannot be read
 */
export async function listColumns(path: string, rows?: number, signal?: AbortSignal): Promise<ListedColumn[]> {
  const listed = await withSource(path, signal, async ({ columns }) => {
    const { identifier, labels } = assignRoles(columns.map(toFacts));
    return columns.map((column): ListedColumn => {
      const { name } = column;
      const role = labels.includes(name) ? "label" : name === identifier ? "identifier" : undefined;
      return { name, role, ...contentOf(column, rows) };
    });
  });
  return listed ?? [];
}

/**
 * Reads columns of a table one after the other, so that the caller can use the first one before the last is read. A
 * text file cannot be read column by column, so it is read in one pass.
 *
 * @param wanted columns from {@link listColumns} whose `holds` is defined
 * @throws {FileError} FILE_READ or FILE_FORMAT for a file that cannot be read
 * @throws {AbortError} if `signal` is aborted
 */
export async function* readColumns(
  path: string,
  wanted: readonly ListedColumn[],
  signal?: AbortSignal,
): AsyncGenerator<ReadColumn> {
  const close: (() => Promise<void>)[] = [];
  try {
    const source = await openSource(path, signal, close);
    if (!source) return;
    const isOnePass = source.readTogether !== undefined || (await isFolder(path));
    const names = wanted.filter(({ holds }) => holds !== "dates").map(({ name }) => name);
    const together = isOnePass ? await asReadError(path, () => source.readTable(names, undefined)) : undefined;
    for (const { name, holds } of wanted) {
      if (holds === undefined) continue;
      const read = async () =>
        holds === "dates" ? await source.readDates?.(name) : (await source.readTable([name], undefined)).get(name);
      const values = together?.get(name) ?? (await asReadError(path, read));
      // The file states no types, so all values of the column decide what it holds.
      if (values) yield { name, values, holds: holds === "numbers" && Array.isArray(values) ? "texts" : holds };
    }
  } finally {
    for (const end of close) await end();
  }
}

function contentOf(column: ColumnDescription, expected: number | undefined): Pick<ListedColumn, "holds" | "kind"> {
  const { type, kind, isDate, isBoolean, rows } = column;
  if (expected !== undefined && rows !== undefined && rows !== expected)
    return { kind: `${rows} rows`, holds: undefined };
  if (isDate) return { kind, holds: "dates" };
  // A text column whose first rows are empty may hold values later.
  if (type === undefined) return { kind, holds: kind === "empty" ? "numbers" : undefined };
  if (type === "text") return { kind, holds: "texts" };
  return { kind, holds: isBoolean ? "booleans" : "numbers" };
}

async function withSource<T>(
  path: string,
  signal: AbortSignal | undefined,
  use: (source: ColumnSource) => Promise<T>,
): Promise<T | undefined> {
  const close: (() => Promise<void>)[] = [];
  try {
    const source = await openSource(path, signal, close);
    return source && (await use(source));
  } finally {
    for (const end of close) await end();
  }
}

async function openSource(
  path: string,
  signal: AbortSignal | undefined,
  close: (() => Promise<void>)[],
): Promise<ColumnSource | undefined> {
  if (await isFolder(path)) return openTableFolder(path, { signal });
  const file = await openFile(path, signal);
  close.push(() => file.handle.close());
  return asReadError(path, async () => (await detectFormat(file)).openColumns?.(file, { signal }));
}
