import { pipeline, Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { throwIfAborted } from "../abort.js";
import { damagedFile, FileError } from "../errors.js";
import type { OpenFile } from "./open-file.js";
import type { TextDialect } from "./text-dialect.js";

/** A row of cells from a text file. */
export interface TextRow {
  readonly fields: readonly string[];
  /** Line number, counted from 1. For a row that spans several lines, it is the last line. */
  readonly line: number;
}

const CHUNK_BYTES = 2 ** 18;
/**
 * Limit of the length of a row. A line of a million numbers is much shorter. Without a limit, a missing closing quote
 * would read the rest of the file into memory.
 */
const MAX_RECORD_CHARACTERS = 2 ** 28;

/**
 * Reads the rows that are not blank. In a file of one column, a blank line may stand for a missing value, so only blank
 * lines at the end are skipped.
 *
 * Reading 70,000 x 50 numbers (67 MB) takes 2.3 s and 145 MB with csv-parse 7.0.3 on one AMD EPYC core. papaparse 5.7.1
 * takes about 1 s less but does not report the line number of a row, which the error messages need.
 */
export async function* readRows(
  file: OpenFile,
  dialect: TextDialect,
  signal: AbortSignal | undefined,
): AsyncGenerator<TextRow> {
  const bytes = Readable.from(readChunks(file, dialect.start), { highWaterMark: 1 });
  const parser = parse({
    comment: "#",
    comment_no_infix: true,
    delimiter: [...dialect.separators],
    info: true,
    max_record_size: MAX_RECORD_CHARACTERS,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    trim: true,
  });
  // Errors of both streams are thrown by the iteration below.
  pipeline(bytes, parser, () => {});
  const isSpaced = dialect.separators.includes(" ");
  let blank: number | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      throwIfAborted(signal);
      const line = info.lines + dialect.skippedLines;
      const fields = isSpaced ? record.filter((field) => field !== "") : record;
      if (fields.length === 0 || (fields.length === 1 && fields[0] === "")) {
        blank ??= line;
        continue;
      }
      if (blank !== undefined && fields.length === 1) {
        throw new FileError(
          "FILE_FORMAT",
          file.path,
          `line ${blank} is empty: expected one row per line. Remove the empty line`,
        );
      }
      yield { fields, line };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw damagedFile(file.path, `is malformed: ${error.message}`, error, "Correct the quotes in this line");
  }
}

/** Reads the bytes of a file from `start` on. A stream of Node would close the file when the caller stops reading. */
async function* readChunks(file: OpenFile, start: number): AsyncGenerator<Buffer> {
  for (let position = start; ; ) {
    const { buffer, bytesRead } = await file.handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
