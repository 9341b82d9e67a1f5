import { extname } from "node:path";
import { requireOptions } from "../arguments.js";
import { FileError } from "../errors.js";
import { arrow, arrowStream } from "./arrow.js";
import { csv, text, tsv } from "./csv.js";
import { withoutCompression } from "./decompression.js";
import { asReadError } from "./file-errors.js";
import { refuseForeign } from "./foreign-file.js";
import type { Format } from "./format.js";
import { hdf5 } from "./hdf5-format.js";
import { idx } from "./idx.js";
import { openFile } from "./input-file.js";
import { json } from "./json.js";
import { matlab } from "./matlab.js";
import { npy } from "./npy.js";
import { npz } from "./npz.js";
import type { OpenFile } from "./open-file.js";
import { parquet } from "./parquet.js";
import type { ReadOptions } from "./read-options.js";
import { checkRowRange } from "./row-range.js";

/** All formats, in the order in which files are tested for them and error messages list them. */
export const FORMATS: readonly Format[] = [
  npy,
  npz,
  idx,
  hdf5,
  matlab,
  json,
  csv,
  tsv,
  arrow,
  arrowStream,
  parquet,
  text,
];

/** Detects the format from the content of a file, or else from its name. */
export async function detectFormat({ path, handle, size, part }: OpenFile): Promise<Format> {
  if (size === 0) throw new FileError("FILE_FORMAT", path, "the file is empty");
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
  const head = buffer.subarray(0, bytesRead);
  const sniffed = FORMATS.find((format) => format.sniff?.(head));
  if (!sniffed) refuseForeign(path, head);
  const format = sniffed ?? formatByExtension(withoutCompression(path)) ?? text;
  if (part === undefined || format.openColumns) return format;
  const reason = `is ${format.name}, which holds one array: expected a file without ${JSON.stringify(`:${part}`)} after its name`;
  throw new FileError("FILE_FORMAT", path, reason);
}

/** Returns the format that belongs to the extension of the path. */
export function formatByExtension(path: string): Format | undefined {
  const extension = extname(path).toLowerCase();
  return FORMATS.find((format) => format.extensions.includes(extension));
}

/** @throws {FileError} FILE_FORMAT if a column is requested from a format without columns */
export function checkColumn({ name, openColumns }: Format, path: string, column: string | undefined): void {
  if (column === undefined || openColumns) return;
  throw new FileError("FILE_FORMAT", path, `is ${name}, which holds one array: columns cannot be chosen by name`);
}

/** Names and extensions of the formats that can be written, for error messages. */
export function listFormats(able: "encode" | "encodeTable"): string {
  const written = FORMATS.flatMap((format) => (format[able] ? `${format.name} (${format.extensions.join(", ")})` : []));
  return `${written.slice(0, -1).join(", ")} or ${written.at(-1)}`;
}

/** Opens a file, finds its format, reads it with `read` and closes it. */
export async function readWithFormat<T>(
  path: string,
  options: ReadOptions,
  read: (format: Format, file: OpenFile) => Promise<T>,
): Promise<T> {
  requireOptions(options);
  if (options.rows !== undefined) checkRowRange(options.rows);
  const file = await openFile(path, options.signal);
  try {
    return await asReadError(path, async () => read(await detectFormat(file), file));
  } finally {
    await file.handle.close();
  }
}
