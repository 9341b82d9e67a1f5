/**
 * The columns that pandas has stored the index of a frame in, by the metadata that it adds to Parquet and Arrow files. An index that only
 * counts the rows has no column.
 */
export function frameIndex(metadata: string | undefined): ReadonlySet<string> {
  if (metadata === undefined) return new Set();
  try {
    const { index_columns: columns } = JSON.parse(metadata) as { index_columns?: unknown };
    return new Set(Array.isArray(columns) ? columns.filter((name) => typeof name === "string") : []);
  } catch {
    // Metadata of another program; the names of the columns remain.
    return new Set();
  }
}
