import { ArgumentError } from "../errors.js";
import {
  assertTableExtension,
  isAnndataPath,
  isText,
  type TableColumn,
  toColumns,
  type WriteMatrixOptions,
  writeAnndataEmbedding,
  writeMatrix,
  writeTable,
} from "../io/index.js";
import { Matrix } from "../matrix.js";
import { withGaps } from "../preparation/index.js";
import type { PointQuality } from "../quality/index.js";
import { type UncertaintyMeasures, uncertaintyColumns } from "../tsne/index.js";
import type { PointFacts } from "./inputs.js";

/** Extensions of tables, for help and error messages. */
export const TABLE_FORMATS = ".parquet, .arrow, .csv or .tsv";

/** The known facts about n points. Each property adds its columns to the table, in the order of the properties. */
export interface PointColumns {
  /** x, y, z: the positions. */
  readonly embedding: Matrix;
  /** Identifier, labels and metadata of the points, from the input. */
  readonly points?: PointFacts | undefined;
  readonly uncertainty?: UncertaintyMeasures | undefined;
  readonly quality?: PointQuality | undefined;
  /** Additional columns that only some commands write. */
  readonly columns?: Readonly<Record<string, TableColumn>> | undefined;
}

/**
 * Writes all known facts about the points as one table, one point per row, for pandas, DuckDB, polars or Embedding
 * Atlas.
 */
export async function writePointTable(path: string, known: PointColumns, signal: AbortSignal): Promise<void> {
  const { embedding, points, uncertainty, quality, columns } = known;
  const results = new Map<string, TableColumn>([
    ...toColumns(embedding, ["x", "y", "z"].slice(0, embedding.cols)),
    ...Object.entries(columns ?? {}),
  ]);
  const measures = [
    ...(uncertainty ? uncertaintyColumns(uncertainty) : []),
    ...(quality ? qualityColumns(quality) : []),
  ];
  await writeTable(path, joinFacts(points, results, new Map(measures)), { signal });
}

/**
 * Writes an embedding in one of three forms. For a path that ends in .h5ad, it writes a copy of the AnnData file that
 * contains the points, and adds the embedding. For a format with column names, it writes a table with the identifier,
 * labels and metadata, if the input has any. Otherwise it writes a matrix.
 */
export async function writeEmbedding(
  path: string,
  embedding: Matrix,
  points: PointFacts | undefined,
  options: WriteMatrixOptions & { readonly source?: string | undefined },
): Promise<void> {
  const { source, ...others } = options;
  if (source !== undefined && isAnndataPath(path)) {
    const whole = points ? withGaps(embedding, points.kept, points.rows) : embedding;
    return writeAnndataEmbedding(path, source, whole, { signal: others.signal });
  }
  const isTable = points !== undefined && hasFacts(points) && !path.toLowerCase().endsWith(".npy");
  if (!isTable) {
    const whole = points ? withGaps(embedding, points.kept, points.rows) : embedding;
    return writeMatrix(path, whole, others);
  }
  const names = options.columns ?? ["x", "y", "z"].slice(0, embedding.cols);
  await writeTable(path, joinFacts(points, toColumns(embedding, names), new Map()), { signal: options.signal });
}

const hasFacts = ({ facts: { identifier, labels, metadata } }: PointFacts): boolean =>
  identifier !== undefined || labels.size + metadata.size > 0;

/**
 * Joins identifier, results, labels, metadata and measures in this order. In the columns of results, rows that were
 * dropped from the data have NaN or an empty text.
 */
function joinFacts(
  points: PointFacts | undefined,
  results: ReadonlyMap<string, TableColumn>,
  measures: ReadonlyMap<string, TableColumn>,
): Map<string, TableColumn> {
  if (!points) return new Map([...results, ...measures]);
  const { facts, labels, kept, rows } = points;
  const fill = ([name, column]: [string, TableColumn]) => [name, fillGaps(column, kept, rows)] as [string, TableColumn];
  const computed = new Map([...results, ...measures].map(fill));
  const own: [string, TableColumn][] = [
    ...(labels ? ([["label", labels]] as [string, TableColumn][]) : []),
    ...facts.labels,
    ...facts.metadata,
  ];
  const table = new Map<string, TableColumn>();
  const { identifier } = facts;
  if (identifier) table.set(freeName(identifier.name, computed), identifier.values);
  for (const name of results.keys()) table.set(name, computed.get(name) as TableColumn);
  for (const [name, column] of own) {
    const free = freeName(name, computed);
    if (!table.has(free)) table.set(free, column);
  }
  for (const name of measures.keys()) table.set(name, computed.get(name) as TableColumn);
  return table;
}

/**
 * Returns the name of an input column in the table. If a result has the same name, such as x, the column is renamed to
 * input_x.
 */
const freeName = (name: string, results: ReadonlyMap<string, unknown>): string =>
  results.has(name) ? freeName(`input_${name}`, results) : name;

function fillGaps(column: TableColumn, kept: Int32Array | undefined, rows: number): TableColumn {
  if (kept === undefined) return column;
  if (isText(column)) {
    const texts = new Array<string>(rows).fill("");
    for (const [k, i] of kept.entries()) texts[i] = column[k];
    return texts;
  }
  const numbers = new (column instanceof Float32Array ? Float32Array : Float64Array)(rows).fill(Number.NaN);
  for (const [k, i] of kept.entries()) numbers[i] = column[k];
  return numbers;
}

/** @throws {ArgumentError} INVALID_ARGUMENT for a path without the extension of a table */
export function checkTableOutput(flag: string, path: string | undefined): void {
  if (path === undefined) return;
  try {
    assertTableExtension(path);
  } catch (cause) {
    const accepted = `a file name that ends in ${TABLE_FORMATS}`;
    throw new ArgumentError("INVALID_ARGUMENT", { argument: flag, received: path, accepted }, { cause });
  }
}

/** Returns one column per quality measure, with NaN for points that were not measured. */
export function qualityColumns({ neighborhoods, accuracy, silhouette }: PointQuality): [string, Float32Array][] {
  return [
    ...neighborhoods.map(({ k, kept }): [string, Float32Array] => [`kept_${k}`, kept]),
    ...neighborhoods.map((size): [string, Float32Array] => [`trustworthiness_${size.k}`, size.trustworthiness]),
    ...neighborhoods.map(({ k, continuity }): [string, Float32Array] => [`continuity_${k}`, continuity]),
    ...(accuracy ? [["accuracy", accuracy] as [string, Float32Array]] : []),
    ...(silhouette ? [["silhouette", silhouette] as [string, Float32Array]] : []),
  ];
}

/** Joins columns of n numbers to a matrix. */
export function joinColumns(columns: readonly (readonly [string, Float32Array])[]): Matrix {
  const [rows, cols] = [columns[0]?.[1].length ?? 0, columns.length];
  const data = new Float32Array(rows * cols);
  for (const [c, [, values]] of columns.entries()) {
    for (let i = 0; i < rows; i++) data[i * cols + c] = values[i];
  }
  return new Matrix(data, rows, cols);
}
