/**
 * Returns the names of the columns that hold the index of a pandas data frame, from the metadata that pandas adds to
 * Parquet and Arrow files. An index that only numbers the rows is not stored as a column.
 */
export function frameIndex(metadata: string | undefined): ReadonlySet<string> {
  if (metadata === undefined) return new Set();
  try {
    const { index_columns: columns } = JSON.parse(metadata) as { index_columns?: unknown };
    return new Set(Array.isArray(columns) ? columns.filter((name) => typeof name === "string") : []);
  } catch {
    // Another program wrote the metadata; the index is then found by the column names.
    return new Set();
  }
}
