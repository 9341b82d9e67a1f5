import { ArgumentError } from "../errors.js";
import { assertTableExtension, type TableColumn, toColumns, writeTable } from "../io/index.js";
import { Matrix } from "../matrix.js";
import type { PointQuality } from "../quality/index.js";
import { type UncertaintyMeasures, uncertaintyColumns } from "../tsne/index.js";

/** The extensions of tables, in words for people. */
export const TABLE_FORMATS = ".parquet, .arrow, .csv or .tsv";

/** What is known of n points; each part adds its columns, in this order. */
export interface PointFacts {
  /** x, y, z: the positions. */
  readonly embedding: Matrix;
  readonly label?: readonly string[] | undefined;
  readonly uncertainty?: UncertaintyMeasures | undefined;
  readonly quality?: PointQuality | undefined;
  /** Columns of a command's own. */
  readonly columns?: Readonly<Record<string, TableColumn>> | undefined;
}

/** Writes one table of all that is known of the points, a point a row, for pandas, DuckDB, polars or Embedding Atlas. */
export async function writePointTable(path: string, facts: PointFacts, signal: AbortSignal): Promise<void> {
  const { embedding, label, uncertainty, quality, columns } = facts;
  const table = new Map<string, TableColumn>([
    ...toColumns(embedding, ["x", "y", "z"].slice(0, embedding.cols)),
    ...Object.entries(columns ?? {}),
    ...(label ? [["label", label] as [string, TableColumn]] : []),
    ...(uncertainty ? uncertaintyColumns(uncertainty) : []),
    ...(quality ? qualityColumns(quality) : []),
  ]);
  await writeTable(path, table, { signal });
}

/** @throws {ArgumentError} INVALID_ARGUMENT for a path whose extension is not that of a table */
export function checkTableOutput(flag: string, path: string | undefined): void {
  if (path === undefined) return;
  try {
    assertTableExtension(path);
  } catch (cause) {
    const accepted = `a file name that ends in ${TABLE_FORMATS}`;
    throw new ArgumentError("INVALID_ARGUMENT", { argument: flag, received: path, accepted }, { cause });
  }
}

/** A column for each measure; NaN for points that were not looked at. */
export function qualityColumns({ neighborhoods, accuracy, silhouette }: PointQuality): [string, Float32Array][] {
  return [
    ...neighborhoods.map(({ k, kept }): [string, Float32Array] => [`kept_${k}`, kept]),
    ...neighborhoods.map((size): [string, Float32Array] => [`trustworthiness_${size.k}`, size.trustworthiness]),
    ...neighborhoods.map(({ k, continuity }): [string, Float32Array] => [`continuity_${k}`, continuity]),
    ...(accuracy ? [["accuracy", accuracy] as [string, Float32Array]] : []),
    ...(silhouette ? [["silhouette", silhouette] as [string, Float32Array]] : []),
  ];
}

/** Columns of n numbers side by side. */
export function joinColumns(columns: readonly (readonly [string, Float32Array])[]): Matrix {
  const [rows, cols] = [columns[0]?.[1].length ?? 0, columns.length];
  const data = new Float32Array(rows * cols);
  for (const [c, [, values]] of columns.entries()) {
    for (let i = 0; i < rows; i++) data[i * cols + c] = values[i];
  }
  return new Matrix(data, rows, cols);
}
