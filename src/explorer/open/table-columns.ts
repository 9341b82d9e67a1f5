import { ArgumentError, FileError } from "../../errors.js";
import {
  type ColumnRoles,
  isFrameIndexName,
  type ListedColumn,
  listColumns,
  type ReadColumn,
  readColumns,
} from "../../io/index.js";
import { isTrustTable, TRUST_COLUMNS } from "../../trust/index.js";
import { isTooLong, labelColumn, tableColumn } from "../columns.js";
import type { Exploration } from "../exploration.js";
import { prepare } from "../maps.js";
import type { ColumnRole } from "../protocol.js";

/** Columns of tables with more rows are read in the background while the map is already shown. */
const MOST_ROWS_AT_ONCE = 100_000;
/** Data columns are shown only if there are at most this many input dimensions. */
const MOST_DATA_COLUMNS = 64;

/** A table whose columns become columns of the points. */
export interface PointTable {
  readonly path: string;
  readonly roles: Pick<ColumnRoles, "data" | "sigma" | "identifier" | "labels"> | undefined;
  readonly listed: readonly ListedColumn[];
  /** Names of the columns that need not be shown: positions, and columns that the user has excluded. */
  readonly leaveOut: ReadonlySet<string>;
  /** Whether a column that cannot be shown is an error. */
  readonly strict?: boolean | undefined;
}

/**
 * Adds the columns of a table to the properties of the points. For a large table the columns are read one after the
 * other while the map is already shown.
 *
 * @param onRead called after the last column was added
 * @returns one line that lists the shown and the omitted columns
 * @throws {FileError} FILE_FORMAT with `strict` if a column cannot be shown
 */
export async function addTableColumns(
  exploration: Exploration,
  table: PointTable,
  onRead: () => Promise<void> = async () => {},
): Promise<string> {
  const { path, listed, leaveOut, strict } = table;
  const inner = new Set(isWide(table) ? dataNames(table) : []);
  const free = listed.filter(({ name }) => !leaveOut.has(name) && !inner.has(name));
  const shown = free.filter(({ holds }) => holds !== undefined);
  const unshown = free.filter(({ holds, name }) => holds === undefined && !dataNames(table).includes(name));
  if (strict && unshown.length > 0) {
    const [{ name, kind }] = unshown;
    const reason = `column ${JSON.stringify(name)} (${kind}) cannot be shown, and strict reading reports this as an error. Exclude the column`;
    throw new FileError("FILE_FORMAT", path, reason);
  }
  for (const { name, kind } of unshown) exploration.addNotice(`Column “${name}” is left out: it is ${kind}.`);
  if (inner.size > 0) exploration.addNotice(`The ${inner.size} columns of the data are not listed one by one.`);
  const read = async (onProgress: (fraction: number) => void = () => {}) => {
    let count = 0;
    for await (const column of readColumns(path, inOrder(shown, table), exploration.signal)) {
      addColumn(exploration, table, column);
      onProgress(++count / shown.length);
    }
    await onRead();
  };
  if (exploration.n <= MOST_ROWS_AT_ONCE) await read();
  else exploration.startWork(() => prepare(exploration, `columns:${path}`, "Reading the columns", read));
  return describe(shown, unshown, inner.size);
}

/** Labels come first, because the map is colored by them. */
function inOrder(columns: readonly ListedColumn[], { roles }: PointTable): ListedColumn[] {
  const rank = ({ name }: ListedColumn) => (roles?.labels.includes(name) ? 0 : 1);
  return [...columns].sort((a, b) => rank(a) - rank(b));
}

const dataNames = ({ roles }: PointTable): string[] => [
  ...(roles?.data ?? []),
  ...(roles?.sigma ?? []).filter((name) => name !== undefined),
];

const isWide = (table: PointTable): boolean => dataNames(table).length > MOST_DATA_COLUMNS;

function addColumn(exploration: Exploration, table: PointTable, { name, holds, values }: ReadColumn): void {
  const { rows = exploration.n, kept } = exploration.gaps ?? {};
  if (values.length !== rows) {
    const message = `${table.path}: expected ${rows} rows, one per point, received ${values.length}`;
    const facts = { argument: table.path, received: values.length, accepted: `${rows} rows, one per point` };
    throw new ArgumentError("SHAPE_MISMATCH", { ...facts, message });
  }
  const taken = kept ? takeRows(values, kept) : values;
  const role = roleOf(name, table);
  const isMain = role === "label" && !exploration.column("label");
  const title = titleOf(name, role);
  const note = isTrustTable(table.listed.map((listed) => listed.name)) ? TRUST_COLUMNS[name] : undefined;
  const shared = { id: idOf(exploration, title), title, name: title, role, note };
  const column = isMain ? labelColumn(toLabels(taken, holds), title) : tableColumn(shared, { holds, values: taken });
  if (isTooLong(column)) exploration.addNotice(`Column “${name}” is left out: ${column.reason}.`);
  else exploration.addColumn(column);
}

/** Many programs write the index of a data frame with a cryptic name or without a name. */
function titleOf(name: string, role: ColumnRole): string {
  if (role === "identifier" && isFrameIndexName(name)) return "index";
  return name === "" ? "unnamed" : name;
}

const toLabels = (values: ReadColumn["values"], holds: ReadColumn["holds"]): string[] =>
  Array.from<string | number, string>(values, (value) => {
    if (typeof value === "string") return value;
    if (Number.isNaN(value)) return "";
    return holds === "booleans" ? String(value === 1) : String(value);
  });

/** Ids are shortened, because an id is part of an address and a column name may be very long. */
const MOST_CHARACTERS = 60;

/** Ids must be unique even if two tables have columns with the same name. */
function idOf(exploration: Exploration, name: string): string {
  const short = [...Buffer.from(name).toString()].slice(0, MOST_CHARACTERS).join("");
  let id = `column:${short}`;
  for (let copy = 2; exploration.column(id); copy++) id = `column:${short} (${copy})`;
  return id;
}

function roleOf(name: string, table: PointTable): ColumnRole {
  if (table.roles?.labels.includes(name)) return "label";
  if (table.roles?.identifier === name) return "identifier";
  return dataNames(table).includes(name) ? "data" : "metadata";
}

function takeRows(values: ReadColumn["values"], rows: Int32Array): ReadColumn["values"] {
  if (!ArrayBuffer.isView(values)) return Array.from(rows, (row) => values[row]);
  const taken = values.slice(0, rows.length);
  for (const [i, row] of rows.entries()) taken[i] = values[row];
  return taken;
}

const MOST_NAMES = 6;

function describe(shown: readonly ListedColumn[], unshown: readonly ListedColumn[], wide: number): string {
  const names = (columns: readonly ListedColumn[]) => {
    const all = columns.slice(0, MOST_NAMES).map(({ name }) => (name === "" ? "the unnamed column" : name));
    return columns.length > MOST_NAMES ? `${all.join(", ")} and ${columns.length - MOST_NAMES} more` : all.join(", ");
  };
  const reasons = unshown.map((column) => ({ ...column, name: `${column.name} (${column.kind})` }));
  return [
    shown.length > 0 && `Columns of the points: ${names(shown)}.`,
    reasons.length > 0 && `Left out: ${names(reasons)}.`,
    wide > 0 && `Not listed one by one: ${wide} columns of the data.`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** Adds the columns of a separate metadata table. */
export async function addMetadata(exploration: Exploration, path: string, strict: boolean | undefined): Promise<void> {
  const { rows = exploration.n } = exploration.gaps ?? {};
  const listed = await listColumns(path, rows, exploration.signal);
  if (listed.length === 0) {
    const accepted = "a table with named columns, such as .csv, .parquet or .arrow";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "metadata", received: path, accepted });
  }
  const identifier = listed.find(({ role }) => role === "identifier")?.name;
  const labels = listed.filter(({ role }) => role === "label").map(({ name }) => name);
  const roles = { data: [], sigma: undefined, identifier, labels };
  const report = await addTableColumns(exploration, { path, roles, listed, leaveOut: new Set(), strict });
  exploration.columnReport = [exploration.columnReport, report].filter(Boolean).join(" ");
}
