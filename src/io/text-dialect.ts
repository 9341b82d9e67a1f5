import { FileError } from "../errors.js";
import type { OpenFile } from "./open-file.js";
import { hasDecimalComma, hasDecimalPoint, type NumberNotation, parseNumber } from "./text-cells.js";

/** The separators and notation of the cells of a text file. */
export interface TextDialect {
  readonly separators: readonly string[];
  readonly notation: NumberNotation;
  /** Number of bytes before the table. They hold a byte order mark, lines of comments, or a line such as `sep=;`. */
  readonly start: number;
  /** Number of lines in the bytes before the table. */
  readonly skippedLines: number;
  /** The cells of the last comment before the table. These cells may be the names of the columns. */
  readonly comment: readonly string[] | undefined;
}

const HEAD_BYTES = 2 ** 16;
const BYTE_ORDER_MARK = "\xEF\xBB\xBF";
/** Matches the start of a comment line, which may come before the first line of a table. */
const COMMENT = /^\s*(?:#|%|\/\/)/;
const SEPARATOR_LINE = /^"?sep=(.)"?\s*$/i;

/**
 * Finds the dialect of a text file from its first lines. A line such as `sep=;` gives the separator. Without it, the
 * separator is the first of tab, semicolon, comma and vertical bar that occurs in the first line, or else spaces if
 * they are allowed. The decimal separator is a comma if some cells have a decimal comma and no cell has a decimal
 * point.
 *
 * @throws {FileError} FILE_FORMAT if the file is not text
 */
export async function detectDialect(file: OpenFile, allowSpaces: boolean): Promise<TextDialect> {
  const { buffer, bytesRead } = await file.handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  const head = buffer.subarray(0, bytesRead);
  requireText(file, head);
  const { start, skippedLines, separator, comments } = readPreamble(head);
  const lines = head
    .subarray(start)
    .toString("utf8")
    .replace(/"[^"]*"/g, "quoted")
    .split(/\r\n|\n|\r/)
    .filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const separators = separator === undefined ? detectSeparators(lines, allowSpaces) : [separator];
  const cells = lines.slice(0, 200).flatMap((line) => splitLine(line, separators));
  const isComma = !separators.includes(",") && cells.some(hasDecimalComma) && !cells.some(hasDecimalPoint);
  const comment = comments.at(-1)?.replace(/^\s*(?:#+|%+|\/\/)\s*/, "");
  return {
    separators,
    notation: isComma ? "comma" : "point",
    start,
    skippedLines,
    comment: comment === undefined ? undefined : splitLine(comment, separators),
  };
}

function requireText(file: OpenFile, head: Buffer): void {
  if (!head.includes(0)) return;
  throw new FileError(
    "FILE_FORMAT",
    file.path,
    "holds binary data of a kind that is not known: expected data in .npy, .npz, .csv, .tsv, .parquet, .arrow, .h5ad, .mat, .jsonl or IDX. Save the table as .csv",
  );
}

/**
 * Measures the lines before the table. In the encoding latin1 each character is one byte, so positions in the text are
 * positions in bytes.
 */
function readPreamble(head: Buffer) {
  const text = head.toString("latin1");
  let start = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  let skippedLines = 0;
  let separator: string | undefined;
  const comments: string[] = [];
  const line = /[^\r\n]*(?:\r\n|\n|\r)/y;
  for (;;) {
    line.lastIndex = start;
    const [found] = line.exec(text) ?? [];
    if (found === undefined) break;
    const named = skippedLines === 0 ? SEPARATOR_LINE.exec(found.trimEnd()) : null;
    if (named) separator = named[1];
    else if (COMMENT.test(found)) comments.push(Buffer.from(found, "latin1").toString("utf8").trim());
    else break;
    start += found.length;
    skippedLines++;
  }
  return { start, skippedLines, separator, comments };
}

function detectSeparators(lines: readonly string[], allowSpaces: boolean): readonly string[] {
  const [first = "", second = first] = lines;
  const separator = ["\t", ";", ",", "|"].find((candidate) => first.includes(candidate));
  if (separator !== undefined) return [separator];
  // The header of a single column may contain spaces, and so may the cells of a column of text. A number never contains
  // spaces between its digits, so numbers in the second line show that spaces separate columns.
  const cells = second.trim().split(/\s+/);
  const isNumber = (cell: string) => parseNumber(cell) !== undefined || parseNumber(cell, "comma") !== undefined;
  const isSpaced = cells.length > 1 && cells.some(isNumber);
  return allowSpaces && isSpaced ? [" ", "\t"] : [","];
}

const splitLine = (line: string, separators: readonly string[]): string[] =>
  separators.includes(" ")
    ? line.split(/[ \t]+/).filter((cell) => cell !== "")
    : line.split(separators[0]).map((cell) => cell.trim());
