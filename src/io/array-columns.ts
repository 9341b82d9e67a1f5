import { Matrix } from "../matrix.js";
import type { ColumnSource } from "./column-source.js";
import { BLOCK_NUMBERS, type RowBlocks } from "./row-blocks.js";
import { type RowRange, resolveRowRange } from "./row-range.js";
import {
  type ColumnDescription,
  type ColumnsOfNumbers,
  type ColumnType,
  type Table,
  type TableColumn,
  unsupported,
} from "./table.js";

/** A named array in a file that holds several arrays, such as .npz, .mat and .h5ad. */
export interface NamedArray {
  readonly name: string;
  /** The first size is the number of rows. An empty shape means a single value. */
  readonly shape: readonly number[];
  /** `undefined` if the array holds neither numbers nor text. */
  readonly type: ColumnType | undefined;
  /** Description of the type for error messages. */
  readonly kind: string;
  /** Rows `[start, end)`, each flattened. */
  readRows(start: number, end: number): Promise<Matrix>;
  readTexts(): Promise<readonly string[]>;
  /**
   * Whether the file format states that the array holds labels, even if its name is not a usual column name for labels.
   */
  readonly isLabel?: boolean | undefined;
  /** Whether the file states that the array identifies the rows. */
  readonly isIndex?: boolean | undefined;
}

/** Conventional names of data and of standard deviations, the most common first. */
const DATA_NAMES = ["means", "mean", "mu", "X", "x", "data", "features", "embeddings", "embedding", "codes", "arr_0"];
const SIGMA_NAMES = ["sigma", "sigmas", "std", "stds", "sd", "stdev", "stddev", "err", "errors", "X_err", "x_err"];
const LABEL_NAMES = /^(y|gnd|labels?|class(es)?|targets?)([_.-](train|test|val|validation|all))?$/i;

/**
 * Presents the arrays of a file as columns. An array of shape n or n x 1 becomes a column of numbers or text. An array
 * with more dimensions becomes a column of vectors, one per row.
 *
 * @param preferred names of arrays that are used as data if they exist, the most preferred first
 */
export function openArrayColumns(
  path: string,
  arrays: readonly NamedArray[],
  preferred: readonly string[] = DATA_NAMES,
): ColumnSource {
  const columns = arrays.map(describeArray);
  const find = (name: string) => arrays.find((array) => array.name === name) as NamedArray;
  return {
    path,
    columns,
    isNamed: true,
    ...chooseByConvention(columns, preferred),
    openMatrix: async (wanted) => openMatrix(wanted, find),
    readTable: (names, rows) => readTable(path, names.map(find), rows),
  };
}

function describeArray(array: NamedArray): ColumnDescription {
  const { name, shape, type, kind, isIndex } = array;
  const shared = { name, isIndex, rows: shape[0] };
  if (shape.length === 0)
    return { ...shared, type: undefined, itemType: undefined, kind: type === undefined ? kind : "a single value" };
  const sizes = shape.join(" x ");
  const isVectors = widthOf(array) !== 1 || (shape.length > 1 && !isLabel(array));
  if (!isVectors) {
    return {
      ...shared,
      type,
      itemType: undefined,
      kind: type === undefined ? kind : "numbers",
      isLabel: isLabel(array),
    };
  }
  return { ...shared, type: undefined, itemType: type === "text" ? undefined : type, kind: `${kind}, ${sizes}` };
}

/** Whether the name is a usual name of labels. An array with this name holds labels if it has one value per row. */
export const namesLabels = (name: string): boolean => LABEL_NAMES.test(name);

const isLabel = ({ name, type, isLabel: isSaid }: NamedArray): boolean =>
  isSaid === true || ((type === "integer" || type === "text") && namesLabels(name));

const widthOf = ({ shape }: NamedArray): number => shape.slice(1).reduce((product, size) => product * size, 1);

/**
 * Chooses the vectors to use as data, by name or because there is only one array of vectors, and the standard
 * deviations of the same shape.
 */
function chooseByConvention(
  columns: readonly ColumnDescription[],
  preferred: readonly string[],
): Pick<ColumnSource, "defaultList" | "sigmaListOf"> {
  const lists = columns.filter(({ itemType }) => itemType !== undefined);
  const sigmaListOf = (data: string): string | undefined => {
    const kind = sizesOf(lists.find(({ name }) => name === data));
    const candidates = lists.filter((column) => column.name !== data && sizesOf(column) === kind);
    const names = [...SIGMA_NAMES, `${data}_err`, `${data}_std`, `${data}_sigma`, `${data}_sd`];
    return names.find((name) => candidates.some((column) => column.name === name));
  };
  const others = lists.filter(({ name }) => !SIGMA_NAMES.includes(name));
  const named = preferred.find((name) => lists.some((column) => column.name === name));
  return { defaultList: named ?? (others.length === 1 ? others[0].name : undefined), sigmaListOf };
}

const sizesOf = (column: ColumnDescription | undefined): string | undefined => column?.kind.split(", ").at(-1);

function openMatrix(wanted: ColumnsOfNumbers, find: (name: string) => NamedArray): RowBlocks {
  const arrays = "list" in wanted ? [find(wanted.list)] : wanted.numbers.map(find);
  const widths = arrays.map(widthOf);
  const cols = widths.reduce((sum, width) => sum + width, 0);
  const rows = arrays[0]?.shape[0] ?? 0;
  const type = arrays.every((array) => array.type === "float32") ? Float32Array : Float64Array;
  const step = Math.max(1, Math.floor(BLOCK_NUMBERS / Math.max(1, cols)));
  async function* blocks(start: number): AsyncGenerator<Matrix> {
    for (let first = start; first < rows; first += step) {
      const end = Math.min(first + step, rows);
      const parts = [];
      for (const array of arrays) parts.push(await array.readRows(first, end));
      yield joinParts(parts, type, end - first, cols);
    }
  }
  return { rows, cols, type, blocks };
}

function joinParts(
  parts: readonly Matrix[],
  type: Float32ArrayConstructor | Float64ArrayConstructor,
  rows: number,
  cols: number,
): Matrix {
  if (parts.length === 1 && parts[0].data instanceof type) return parts[0];
  const data = new type(rows * cols);
  let first = 0;
  for (const part of parts) {
    for (let i = 0; i < rows; i++) data.set(part.row(i), i * cols + first);
    first += part.cols;
  }
  return new Matrix(data, rows, cols);
}

async function readTable(path: string, arrays: readonly NamedArray[], wanted: RowRange | undefined): Promise<Table> {
  const columns: [string, TableColumn][] = [];
  for (const array of arrays) {
    if (array.type === undefined) throw unsupported(path, describeArray(array), "numbers or texts");
    const [start, end] = resolveRowRange(wanted, array.shape[0] ?? 0, path);
    columns.push([array.name, await readColumn(array, start, end)]);
  }
  return new Map(columns);
}

async function readColumn(array: NamedArray, start: number, end: number): Promise<TableColumn> {
  if (array.type === "text") return (await array.readTexts()).slice(start, end);
  const { data } = await array.readRows(start, end);
  const isInteger = array.type === "integer" && data.every((value) => value === (value | 0));
  return isInteger ? Int32Array.from(data) : data;
}
