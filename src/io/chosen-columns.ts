import { ArgumentError, FileError } from "../errors.js";
import { assignRoles, type ColumnFacts, type ColumnOptions, type ColumnRoles, describeRoles } from "./column-roles.js";
import { selectNames } from "./column-selection.js";
import type { ColumnSource } from "./column-source.js";
import { type ColumnDescription, type ColumnsOfNumbers, selectColumns, unsupported } from "./table.js";

/** The columns that a caller chooses: roles for several columns, or one column of lists. */
export interface ColumnChoice extends ColumnOptions {
  /** Column of the data: numbers, or lists of numbers of equal length. */
  readonly column?: string | undefined;
  /** Column of the standard deviations: numbers, or lists of numbers of equal length, like the data. */
  readonly sigmaColumn?: string | undefined;
  /**
   * Whether to throw an error for a column that cannot be used, and for one that is not used although the caller has
   * not excluded it.
   */
  readonly strict?: boolean | undefined;
}

/** The columns to read from a file, and their roles. */
export interface ChosenColumns {
  readonly means: ColumnsOfNumbers;
  /** `undefined` if there are no standard deviations. */
  readonly sigma: ColumnsOfNumbers | undefined;
  readonly roles: ColumnRoles;
  /** The roles in one line. */
  readonly report: string;
}

/**
 * Decides which columns of a file to read. All formats use this function, so that a table has the same roles in every
 * format.
 *
 * @throws {FileError} FILE_FORMAT if the column of data is missing or ambiguous, and with `strict` for a column that is
 *   not used
 * @throws {ArgumentError} INVALID_ARGUMENT for a name that no column has
 */
export function chooseColumns(whole: ColumnSource, given: ColumnChoice): ChosenColumns {
  const { path, isNamed } = whole;
  const options = {
    ...given,
    column: fullName(whole, given.column ?? whole.part),
    sigmaColumn: fullName(whole, given.sigmaColumn),
  };
  selectColumns(
    path,
    whole.columns.map(({ name }) => name),
    undefined,
  );
  const listed = findList(whole, options);
  const columns = withEqualRows(whole.columns, listed);
  const source = { ...whole, columns };
  const roles = inFile(path, () =>
    assignRoles(columns.map(toFacts), listed === undefined ? options : { ...options, columns: [] }),
  );
  const sigmaName = options.sigmaColumn ?? (listed === undefined ? undefined : source.sigmaListOf?.(listed));
  const sigmaList = sigmaName === undefined ? undefined : findColumn(source, sigmaName);
  const used = new Set([listed, sigmaName]);
  const unused = roles.unused.filter(({ name }) => !used.has(name));
  const data = listed === undefined ? roles.data : [listed];
  if (data.length === 0) throw noData(path, unused);
  const means = listed === undefined ? { numbers: roles.data } : findColumn(source, listed);
  const paired = roles.sigma?.filter((name) => name !== undefined);
  const sigma = sigmaList ?? (paired && { numbers: paired });
  const chosen = { ...roles, data, unused, ...(sigmaList ? { sigma: [sigmaName] } : {}) };
  if (options.strict) requireAllUsed(path, chosen, whole.leftOut);
  const report = describeRoles(chosen, { isNamed, hasLists: "list" in means });
  return { means, sigma, roles: chosen, report: report + (whole.remark ?? "") + describeLeftOut(whole.leftOut) };
}

/**
 * Chooses the column of labels: the requested one, else the first with a usual name of labels, else the only column,
 * else the only column of text.
 *
 * @throws {FileError} FILE_FORMAT if no column fits
 */
export function chooseLabels(source: ColumnSource, asked: string | undefined): string {
  const { path, columns, part } = source;
  const wanted = fullName(source, asked ?? part);
  const names = columns.map(({ name }) => name);
  if (wanted !== undefined) return inFile(path, () => selectNames("labelColumns", names, [wanted]))[0];
  const { labels, identifier } = assignRoles(columns.map(toFacts));
  const others = names.filter((name) => name !== identifier);
  const texts = columns.filter(({ name, type }) => type === "text" && name !== identifier);
  const [found] = [...labels, ...(others.length === 1 ? others : []), ...(texts.length === 1 ? [texts[0].name] : [])];
  if (found !== undefined) return found;
  if (names.length === 1) return names[0];
  const reason = `has ${names.length} columns but none of them is named label, labels, class or target. Choose one by its name, as in ${path}:${names[0]}`;
  throw new FileError("FILE_FORMAT", path, reason);
}

/** Returns the full name of a column that the caller named by its last part, as X_pca for obsm/X_pca. */
function fullName({ columns }: ColumnSource, wanted: string | undefined): string | undefined {
  if (wanted === undefined || columns.some(({ name }) => name === wanted)) return wanted;
  const found = columns.filter(({ name }) => name.endsWith(`/${wanted}`));
  return found.length === 1 ? found[0].name : wanted;
}

/**
 * Removes the columns that do not have as many rows as the data, or as the first column of numbers if no data column is
 * named.
 */
function withEqualRows(columns: readonly ColumnDescription[], listed: string | undefined): ColumnDescription[] {
  const data = columns.find(({ name, type }) => (listed === undefined ? type && type !== "text" : name === listed));
  return columns.map((column) => {
    if (column.rows === undefined || data?.rows === undefined || column.rows === data.rows) return column;
    const rows = `${column.rows} row${column.rows === 1 ? "" : "s"}`;
    const kind = column.type ? rows : column.kind;
    return { ...column, kind, type: undefined, itemType: undefined };
  });
}

/** Returns those properties of a column that determine its role. */
export const toFacts = ({ name, type, kind, isIndex, isLabel }: ColumnDescription): ColumnFacts => ({
  name,
  type: type === "float32" || type === "float64" ? "number" : type,
  // The format's own name for its text type adds no information.
  kind: type === "text" && !kind.startsWith("numbers as text") ? "text" : kind,
  isIndex,
  isLabel,
});

/**
 * Returns the column of lists to use as data: the one that the caller names, or the only column of lists if no column
 * of numbers could be data.
 */
function findList(source: ColumnSource, options: ColumnChoice): string | undefined {
  const { path, columns } = source;
  const names = columns.map(({ name }) => name);
  if (options.column !== undefined) return selectColumns(path, names, [options.column])[0];
  const select = (argument: string, selectors: readonly string[] = []) =>
    inFile(path, () => selectNames(argument, names, selectors));
  const lists = columns.filter(({ itemType }) => itemType).map(({ name }) => name);
  if (lists.length === 0) return undefined;
  if (options.columns !== undefined) {
    const named = select("columns", options.columns);
    return named.length === 1 && lists.includes(named[0]) ? named[0] : undefined;
  }
  const excluded = select("exclude", options.exclude);
  const free = lists.filter((name) => !excluded.includes(name) && name !== options.sigmaColumn);
  if (free.length === 0) return undefined;
  if (source.defaultList !== undefined && free.includes(source.defaultList)) return source.defaultList;
  const numbers = inFile(path, () => assignRoles(columns.map(toFacts), options)).data;
  if (free.length === 1 && numbers.length === 0) return free[0];
  const besides = numbers.length > 0 ? ` next to numbers in ${quoted(numbers)}` : "";
  const others = numbers.length > 0 ? `, or leave the lists out with --exclude ${free.join(",")}` : "";
  const how = `choose one by its name, as in ${path}:${free[0]}, or with --mean-column and --sigma-column${others}`;
  throw new FileError("FILE_FORMAT", path, `holds lists of numbers in ${quoted(free)}${besides}; ${how}`);
}

function findColumn({ path, columns }: ColumnSource, wanted: string): ColumnsOfNumbers {
  const [name] = selectColumns(
    path,
    columns.map((column) => column.name),
    [wanted],
  );
  const column = columns.find((known) => known.name === name) as ColumnDescription;
  if (column.itemType) return { list: name };
  if (!column.type || column.type === "text") throw unsupported(path, column, "numbers or lists of numbers");
  return { numbers: [name] };
}

const MOST_FILES = 3;

function describeLeftOut(files: readonly string[] = []): string {
  if (files.length === 0) return "";
  const more = files.length > MOST_FILES ? ` and ${files.length - MOST_FILES} more` : "";
  return ` Files left out: ${files.slice(0, MOST_FILES).join(", ")}${more}.`;
}

function noData(path: string, unused: ColumnRoles["unused"]): FileError {
  const others = unused.slice(0, 6).map(({ name, reason }) => `${JSON.stringify(name)} (${reason})`);
  const found = others.length > 0 ? `, found ${others.join(", ")}. Convert the columns of the data to numbers` : "";
  return new FileError("FILE_FORMAT", path, `holds no data: expected columns or arrays of numbers${found}`);
}

/** The reasons for an unused column that state that the caller has left it out. */
const LEFT_OUT = new Set(["excluded", "not chosen"]);

function requireAllUsed(path: string, { unused }: ColumnRoles, leftOut: readonly string[] = []): void {
  // Engines write files that begin with _ or a dot to describe the other files.
  const file = leftOut.find((name) => !/(^|[\\/])[._]/.test(name));
  if (file !== undefined) {
    const reason = `holds ${file}, which is not part of the table: strict reading rejects such files. Move it to another folder`;
    throw new FileError("FILE_FORMAT", path, reason);
  }
  const skipped = unused.find(({ reason }) => !LEFT_OUT.has(reason));
  if (!skipped) return;
  const reason = `column ${JSON.stringify(skipped.name)} (${skipped.reason}) is not used: strict reading rejects unused columns. Exclude this column, or list it as a column to keep`;
  throw new FileError("FILE_FORMAT", path, reason);
}

/** Adds the name of the file to errors thrown while choosing columns. */
function inFile<T>(path: string, choose: () => T): T {
  try {
    return choose();
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    const { code, argument, received, accepted } = error;
    throw new ArgumentError(code, { argument, received, accepted: `${accepted} in ${path}` }, { cause: error });
  }
}

const quoted = (names: readonly string[]): string => {
  const shown = names.slice(0, 12).map((name) => JSON.stringify(name));
  return names.length > 12 ? `${shown.join(", ")} and ${names.length - 12} others` : shown.join(", ");
};
