/**
 * Chooses the columns to embed and their standard deviations. The initial roles are those that the command line would
 * use; the user can change them.
 */
import { assignRoles } from "../io/column-roles.js";
import type { Table } from "./table.js";

export type Role = "data" | "sigma" | "color" | "unused";
export const ROLES: Readonly<Record<Role, string>> = {
  data: "data",
  sigma: "standard deviation",
  color: "color, text",
  unused: "not used",
};

/** The role of each column. */
export type Roles = Map<string, Role>;

export function findRoles(table: Table): Roles {
  const { data, sigma = [], labels, identifier } = assignRoles(table.columns);
  const roles: Roles = new Map(table.columns.map(({ name }) => [name, "unused"]));
  for (const name of data) roles.set(name, "data");
  for (const name of sigma) if (name !== undefined) roles.set(name, "sigma");
  for (const name of [...labels, identifier]) if (name !== undefined) roles.set(name, "color");
  return roles;
}

export interface Input {
  readonly data: { readonly data: Float64Array; readonly rows: number; readonly cols: number };
  readonly sigma: Input["data"] | undefined;
  readonly names: readonly string[];
}

/**
 * Creates the matrices from the columns with their roles.
 *
 * @throws {Error} with a readable message if the roles do not fit
 */
export function toInput(table: Table, roles: Roles): Input {
  const named = (role: Role) => table.columns.filter(({ name }) => roles.get(name) === role).map(({ name }) => name);
  const [columns, sigmaColumns] = [named("data"), named("sigma")];
  if (columns.length === 0) throw new Error("No data columns are chosen: choose at least one column of numbers.");
  const pick = (names: readonly (string | undefined)[]) => ({
    data: interleave(table, names),
    rows: table.rows,
    cols: names.length,
  });
  const sigma = sigmaColumns.length > 0 ? pick(pairSigma(table, columns, sigmaColumns)) : undefined;
  return { data: pick(columns), sigma, names: columns };
}

/**
 * Finds the column of standard deviations of each data column: by name, such as x_err for x, otherwise by order, if
 * there are as many columns of standard deviations as data columns.
 */
function pairSigma(table: Table, columns: string[], sigmaColumns: string[]): readonly (string | undefined)[] {
  const chosen = table.columns.filter(({ name }) => columns.includes(name) || sigmaColumns.includes(name));
  const { data, sigma } = assignRoles(chosen);
  if (sigma && data.length === columns.length && data.every((name, k) => name === columns[k])) return sigma;
  if (sigmaColumns.length === columns.length) return sigmaColumns;
  throw new Error(
    `${columns.length} data columns do not match ${sigmaColumns.length} columns of standard deviations: choose the same number of both, or name the standard deviations of a column x "x_err".`,
  );
}

/** Combines columns to a matrix, row by row. A column whose name is undefined is filled with 0. */
function interleave(table: Table, names: readonly (string | undefined)[]): Float64Array {
  const matrix = new Float64Array(table.rows * names.length);
  for (const [k, name] of names.entries()) {
    const column = table.columns.find((one) => one.name === name);
    if (!column || column.type === "text") continue;
    for (let i = 0; i < table.rows; i++) matrix[i * names.length + k] = column.values[i];
  }
  return matrix;
}
