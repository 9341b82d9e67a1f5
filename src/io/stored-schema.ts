/**
 * Returns the columns of durations, from the Arrow schema that pandas, polars and pyarrow store in Parquet files.
 * Parquet itself has no type for durations and stores them as whole numbers.
 *
 * @param schema a schema message of Arrow, encoded as base64
 */
export async function storedDurations(schema: string | undefined): Promise<ReadonlySet<string>> {
  if (schema === undefined) return new Set();
  const { messageOf } = await import("./arrow-readable.js");
  const { readSchema } = await import("./ipc/index.js");
  const { Type } = await import("apache-arrow/fb/type");
  try {
    const fields = readSchema(messageOf(Buffer.from(schema, "base64"), new Uint8Array()), "schema");
    return new Set(fields.filter(({ type }) => type.id === Type.Duration).map(({ name }) => name));
  } catch {
    // Another program wrote the metadata; the types of Parquet are used.
    return new Set();
  }
}
