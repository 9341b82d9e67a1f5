import { reject } from "../arguments.js";
import { pairSigmaNames, selectNames } from "./column-selection.js";

/** The properties of a column that decide its role. */
export interface ColumnFacts {
  readonly name: string;
  /** `undefined` for other types than numbers and text, for instance a date or a struct. */
  readonly type: "text" | "integer" | "number" | undefined;
  /** Name of the type for error messages about columns that cannot be used: `"timestamp"`. */
  readonly kind?: string | undefined;
  /** Whether the file itself states that the column is the index of a data frame. */
  readonly isIndex?: boolean | undefined;
  /** Whether the file format states that the column holds labels. */
  readonly isLabel?: boolean | undefined;
}

/**
 * Options that assign roles to the columns of a table. Each list accepts names, ranges of positions (`"2:8"`, counted
 * from 0, end excluded) and patterns (`"PC*"`). A column in none of the lists gets a role by its type and name;
 * docs/data.md describes the rules.
 */
export interface ColumnOptions {
  /** Columns of data. Default: all columns of numbers that have no other role. */
  readonly columns?: readonly string[] | undefined;
  /** Columns to leave out. */
  readonly exclude?: readonly string[] | undefined;
  /**
   * Columns of standard deviations. A pattern with `*`, such as `"*_err"`, finds the matching column for each data
   * column.
   */
  readonly sigmaColumns?: readonly string[] | undefined;
  /** Column that identifies the rows. */
  readonly idColumn?: string | undefined;
  /** Columns of labels. */
  readonly labelColumns?: readonly string[] | undefined;
  /** Further columns to copy into results. */
  readonly keep?: readonly string[] | undefined;
}

/** The roles of the columns of a table, by name. */
export interface ColumnRoles {
  readonly data: readonly string[];
  /**
   * The column of standard deviations of each data column; `undefined` for a data column whose values are treated as
   * exact. Absent if there are no standard deviations.
   */
  readonly sigma: readonly (string | undefined)[] | undefined;
  readonly identifier: string | undefined;
  readonly labels: readonly string[];
  /** Columns to copy into results in addition to the identifier and labels. */
  readonly metadata: readonly string[];
  readonly unused: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Names of the index of a pandas data frame: "", "Unnamed: 0" and "__index_level_0__", and "Unnamed: 0.1" if it was
 * written repeatedly.
 */
const INDEX = /^(|_index|Unnamed: 0(\.\d+)*|__index_level_\d+__)$/;
/** Names of columns of numbers that count rows or objects: "id", "source_id", "ObjID", "cellId", "row", "index". */
const IDENTIFIER =
  /^(id|ids|idx|index|row|rowid|row_?(number|id|names?)|rownames?|uuid|guid|obj_?id|.*[_ .-](id|ids|index|idx)|.*[a-z]I[dD])$/;
/** Names of columns of texts that identify rows. */
const TEXT_IDENTIFIER =
  /^(cell|cells|barcodes?|names?|samples?|sample_?names?|keys?|objects?|designation|file_?names?|files?|paths?|image|gene|genes)$/i;
/** Names of columns of labels, the most usual first. */
const LABEL_NAMES = ["label", "labels", "class", "classes", "target", "targets"];
/** Names of columns that hold labels if their values are texts or whole numbers. */
const CATEGORY =
  /^(types?|categor(y|ies)|groups?|clusters?|species|cell[_ .-]?types?|digits?|leiden.*|louvain.*|.*[_ .-](labels?|class|type|cluster|category))$/i;
/**
 * Names of columns of whole numbers that are dates, such as 20241231 or the milliseconds that pandas writes to JSON.
 */
const DATE = /^((.*[_ .-])?(date|datetime|timestamp|epoch)|(created|updated|modified)([_ .-]at)?)$/i;
/**
 * Suffixes that mark the standard deviations of a column `x`: x_err, x_error, x_sd, x_std, x_sigma. They may follow a
 * space or a dot. The name e_x is recognized as well.
 */
const ERROR_SUFFIXES = ["err", "error", "errors", "sd", "std", "stdev", "stddev", "sigma", "se", "stderr"];

/**
 * Decides the role of each column of a table.
 *
 * The options assign roles first. The following rules then assign roles to the other columns, in this order:
 * 1. A column that cannot be read has no role.
 * 2. The identifier of the rows is the first column that is named like an identifier, or else the index stored by
 *    pandas.
 * 3. Columns that are named like labels hold labels.
 * 4. Columns of whole numbers that are named like a date have no role.
 * 5. For a column of numbers `x`, a column x_err, x_error, x_sd, x_std, x_sigma or e_x holds its standard deviations.
 * 6. The remaining numbers are data. The remaining texts have no role.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT for a name that no column has (the message suggests the nearest), and for a
 *   text column chosen as data
 */
export function assignRoles(columns: readonly ColumnFacts[], options: ColumnOptions = {}): ColumnRoles {
  const all = columns.map(({ name }) => name);
  const select = (option: Exclude<keyof ColumnOptions, "idColumn">) => selectNames(option, all, options[option] ?? []);
  const chosen = {
    data: select("columns"),
    labels: select("labelColumns"),
    metadata: select("keep"),
    identifier: options.idColumn === undefined ? undefined : selectNames("idColumn", all, [options.idColumn])[0],
  };
  const text = columns.find(({ name, type }) => type === "text" && chosen.data.includes(name));
  if (text) reject("columns", text.name, "columns of numbers, not of text");
  const unusable = columns.find(({ name, type }) => type === undefined && chosen.data.includes(name));
  if (unusable) reject("columns", unusable.name, `columns of numbers, not ${unusable.kind ?? "of another type"}`);
  const excluded = new Set(select("exclude"));
  chosen.data = chosen.data.filter((name) => !excluded.has(name));
  const roles = new Roles(columns, excluded);

  roles.identifier = chosen.identifier;
  for (const name of chosen.labels) roles.labels.push(name);
  const isChosen = new Set([...chosen.data, ...chosen.labels, chosen.identifier]);
  const free = columns.filter(({ name }) => !excluded.has(name) && !isChosen.has(name));
  const unreadable = free.filter(({ type }) => type === undefined);
  for (const { name, kind } of unreadable) roles.ignore(name, kind ?? "cannot be read");
  const usable = free.filter(({ type }) => type !== undefined);

  const rest = roles.takeIdentifiers(usable, options.idColumn === undefined);
  const others = roles.leaveOutDates(roles.takeLabels(rest, options.labelColumns === undefined));
  const data =
    options.columns === undefined ? others.filter(({ type }) => type !== "text").map(({ name }) => name) : chosen.data;
  const { values, sigma } =
    options.sigmaColumns === undefined
      ? pairByName(data, errorCandidates(others, chosen.data, options.columns))
      : pairAsAsked("sigmaColumns", all, data, options.sigmaColumns);
  const used = new Set<string | undefined>([...values, ...(sigma ?? [])]);
  const wrong = columns.find(({ name, type }) => type !== "integer" && type !== "number" && sigma?.includes(name));
  if (wrong) reject("sigmaColumns", wrong.name, "columns of numbers");
  for (const { name, type, kind } of others) {
    if (!used.has(name)) roles.ignore(name, type === "text" ? (kind ?? "text") : "not chosen");
  }
  return {
    data: values,
    sigma,
    identifier: roles.identifier,
    labels: roles.labels,
    metadata: chosen.metadata.filter((name) => name !== roles.identifier && !roles.labels.includes(name)),
    unused: roles.unused.filter(({ name }) => !used.has(name) && !chosen.metadata.includes(name)),
  };
}

/** Collects the identifier, labels and unused columns while the columns are processed. */
class Roles {
  identifier: string | undefined;
  readonly labels: string[] = [];
  readonly unused: { name: string; reason: string }[] = [];

  constructor(columns: readonly ColumnFacts[], excluded: ReadonlySet<string>) {
    for (const { name } of columns) if (excluded.has(name)) this.ignore(name, "excluded");
  }

  ignore(name: string, reason: string): void {
    this.unused.push({ name, reason });
  }

  /** Returns the columns that are not named like dates, and notes the others as unused. */
  leaveOutDates(columns: readonly ColumnFacts[]): ColumnFacts[] {
    const dates = columns.filter(({ name, type }) => type === "integer" && DATE.test(name));
    for (const { name } of dates) this.ignore(name, "a date");
    return columns.filter((column) => !dates.includes(column));
  }

  /**
   * Chooses the identifier of the rows, unless there already is one: the first column that is named like an identifier,
   * or else the index of a data frame. Returns the columns that cannot be identifiers.
   */
  takeIdentifiers(columns: readonly ColumnFacts[], isFree: boolean): ColumnFacts[] {
    // In a table with columns "row" and "column", both are the position in a grid.
    const isGrid = columns.some(({ name }) => /^col(umn)?$/i.test(name));
    const identifiers = columns.filter((column) => isIdentifier(column) && !(isGrid && /^row$/i.test(column.name)));
    // Prefer a named identifier to the index of a data frame.
    const [first] = [...identifiers].sort((a, b) => Number(isFrameIndex(a)) - Number(isFrameIndex(b)));
    if (isFree && this.identifier === undefined) this.identifier = first?.name;
    for (const { name } of identifiers) {
      if (name !== this.identifier) this.ignore(name, "an identifier");
    }
    return columns.filter((column) => !identifiers.includes(column));
  }

  /** Assigns the role of labels to columns that are named like labels and returns the others. */
  takeLabels(columns: readonly ColumnFacts[], isFree: boolean): ColumnFacts[] {
    const labels = columns.filter(isLabel).sort((a, b) => rankLabel(a) - rankLabel(b));
    for (const { name } of labels) {
      if (isFree) this.labels.push(name);
      else this.ignore(name, "named like labels");
    }
    return columns.filter((column) => !labels.includes(column));
  }
}

/** Whether this is a usual name of the index of a data frame. */
export const isFrameIndexName = (name: string): boolean => INDEX.test(name);

const isFrameIndex = ({ name, isIndex }: ColumnFacts): boolean => isIndex === true || isFrameIndexName(name);

const isIdentifier = (column: ColumnFacts): boolean =>
  isFrameIndex(column) ||
  (column.type !== "number" && IDENTIFIER.test(column.name)) ||
  (column.type !== "number" && IDENTIFIER.test(column.name.toLowerCase())) ||
  (column.type === "text" && TEXT_IDENTIFIER.test(column.name));

/** Whether a column of texts or whole numbers with this name holds labels. */
export const isLabelName = (name: string): boolean => isLabel({ name, type: "text" });

const isLabel = ({ name, type, isLabel: isSaid }: ColumnFacts): boolean =>
  isSaid === true || LABEL_NAMES.includes(name.toLowerCase()) || (type !== "number" && CATEGORY.test(name));

/** Returns the position of a name in LABEL_NAMES. All other names of labels come after these. */
const rankLabel = ({ name }: ColumnFacts): number =>
  LABEL_NAMES.includes(name.toLowerCase()) ? LABEL_NAMES.indexOf(name.toLowerCase()) : LABEL_NAMES.length;

interface Pairs {
  readonly values: readonly string[];
  readonly sigma: readonly (string | undefined)[] | undefined;
}

/**
 * Returns the columns that may hold standard deviations. A column that the caller chose as data by its full name is
 * left out; a column that the caller chose by a pattern or range may hold standard deviations.
 */
function errorCandidates(
  others: readonly ColumnFacts[],
  chosen: readonly string[],
  selectors: readonly string[] = [],
): readonly string[] {
  const free = others.filter(({ type }) => type !== "text").map(({ name }) => name);
  return [...free, ...chosen.filter((name) => !selectors.includes(name))];
}

/** Removes from the data the columns that are named as standard deviations of another data column. */
function pairByName(data: readonly string[], numbers: readonly string[]): Pairs {
  const byName = new Map(numbers.map((name) => [name.toLowerCase(), name]));
  const errorOf = (name: string): string | undefined => {
    const lower = name.toLowerCase();
    const candidates = [
      ...ERROR_SUFFIXES.flatMap((suffix) => [`${lower}_${suffix}`, `${lower} ${suffix}`, `${lower}.${suffix}`]),
      `e_${lower}`,
    ];
    return candidates.map((candidate) => byName.get(candidate)).find((found) => found !== undefined);
  };
  const errors = new Set(data.concat(numbers).map(errorOf));
  const values = data.filter((name) => !errors.has(name));
  const sigma = values.map(errorOf);
  return { values, sigma: sigma.some((name) => name !== undefined) ? sigma : undefined };
}

function pairAsAsked(
  argument: string,
  all: readonly string[],
  data: readonly string[],
  selectors: readonly string[],
): Pairs {
  const [pattern] = selectors;
  const isPattern = selectors.length === 1 && pattern.includes("*") && !all.includes(pattern);
  const errors = new Set(
    isPattern ? data.map((name) => pattern.replace("*", name)) : selectNames(argument, all, selectors),
  );
  const values = data.filter((name) => !errors.has(name));
  return { values, sigma: pairSigmaNames(argument, all, values, selectors) };
}

/**
 * Describes the roles in a few plain sentences, for one line of output: `Data: 5 columns (pc1 ... pc5). Standard
 * deviations:
 * pc1_err ... pc5_err. Identifier: cell. Labels: type. Not used: date (timestamp).`
 */
export function describeRoles(
  { data, sigma, identifier, labels, metadata, unused }: ColumnRoles,
  { isNamed = true, hasLists = false }: { readonly isNamed?: boolean; readonly hasLists?: boolean } = {},
): string {
  const exact = sigma ? data.filter((_, k) => sigma[k] === undefined) : [];
  const measured = (sigma ?? []).filter((name) => name !== undefined);
  return [
    hasLists
      ? `Data: lists of numbers (${abbreviate(data)}).`
      : `Data: ${data.length} column${data.length === 1 ? "" : "s"} (${isNamed ? "" : "without names: "}${abbreviate(data)}).`,
    measured.length > 0 && `Standard deviations: ${abbreviate(measured)}.`,
    exact.length > 0 && `Without a standard deviation, taken as exact: ${abbreviate(exact)}.`,
    identifier !== undefined && `Identifier: ${identifier === "" ? "the unnamed column" : identifier}.`,
    labels.length > 0 && `Labels: ${labels.join(", ")}.`,
    metadata.length > 0 && `Kept: ${metadata.join(", ")}.`,
    describeUnused(unused),
  ]
    .filter(Boolean)
    .join(" ");
}

/** Returns the last sentence of {@link describeRoles}, or an empty text if all columns are used. */
export const describeUnused = (unused: ColumnRoles["unused"]): string =>
  unused.length > 0 ? `Not used: ${listUnused(unused)}.` : "";

const MOST_NAMES = 3;
const MOST_UNUSED = 6;

const abbreviate = (names: readonly string[]): string =>
  names.length > MOST_NAMES ? `${names[0]} ... ${names[names.length - 1]}` : names.join(", ");

function listUnused(unused: ColumnRoles["unused"]): string {
  const shown = unused
    .slice(0, MOST_UNUSED)
    .map(({ name, reason }) => `${name === "" ? "the unnamed column" : name} (${reason})`);
  return unused.length > MOST_UNUSED ? `${shown.join(", ")} and ${unused.length - MOST_UNUSED} more` : shown.join(", ");
}
