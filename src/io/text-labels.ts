import { FileError } from "../errors.js";
import { chooseLabels } from "./chosen-columns.js";
import { toLabels } from "./column-format.js";
import { isLabelName } from "./column-roles.js";
import { withoutCompression } from "./decompression.js";
import { type OpenFile, readFully } from "./open-file.js";
import type { ReadLabelsOptions } from "./read-options.js";
import { resolveRowRange } from "./row-range.js";
import { isMissing, isWord } from "./text-cells.js";
import { openTextColumns } from "./text-columns.js";
import { asUtf8 } from "./text-encoding.js";

/** Header lines of a file with one label per line. */
const HEADER = /^(labels?|class|classes|target|targets)$/i;

/**
 * Reads labels from a text file: a column of a table, or one label per line. The file is a table if each line has as
 * many cells as the first, and the first line holds names. Otherwise each line is a label, including its commas, spaces
 * and quotes. A blank line is the empty label, which means "no label", except at the end of the file.
 */
export async function readTextLabels(given: OpenFile, options: ReadLabelsOptions): Promise<string[]> {
  const file = await asUtf8(given, options.signal);
  const lines = await readLines(file, options.signal);
  const found = isTable(file.path, lines) ? await readColumn(file, options) : readList(lines, options.count);
  if (found.length === 0) throw new FileError("FILE_FORMAT", file.path, "holds no labels: expected one label per line");
  return found.slice(...resolveRowRange(options.rows, found.length, file.path));
}

async function readLines(file: OpenFile, signal: AbortSignal | undefined): Promise<string[]> {
  const bytes = new Uint8Array(file.size);
  await readFully(file, bytes, 0, signal);
  const text = new TextDecoder("utf8").decode(bytes);
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim());
  while (lines.length > 0 && lines[lines.length - 1] === "") lines.pop();
  const broken = lines.findIndex((line) => line.includes("\uFFFD"));
  if (broken >= 0)
    throw new FileError("FILE_FORMAT", file.path, `line ${broken + 1} is not UTF-8 text. Save the file as UTF-8`);
  return lines;
}

/** Whether the lines are rows of cells. Lines with commas count as labels unless the first line is a header. */
function isTable(path: string, lines: readonly string[]): boolean {
  const [first = ""] = lines;
  const separator = ["\t", ";", ","].find((candidate) => withoutQuotes(first).includes(candidate));
  if (separator === undefined) return false;
  const count = (line: string) => withoutQuotes(line).split(separator).length;
  const names = first.split(separator).map((name) => name.replaceAll('"', "").trim());
  if (names.some(isLabelName)) return true;
  const isRegular = lines.every((line) => line === "" || count(line) === count(first));
  return isRegular && (/\.(csv|tsv)$/i.test(withoutCompression(path)) || names.includes(""));
}

const withoutQuotes = (line: string): string => line.replace(/"[^"]*"/g, "quoted");

async function readColumn(file: OpenFile, { column, signal }: ReadLabelsOptions): Promise<string[]> {
  const source = await openTextColumns(file, { signal, isWhole: true });
  const name = chooseLabels(source, column);
  return toLabels([...(await source.readTable([name], undefined)).values()][0]);
}

function readList(lines: readonly string[], count: number | undefined): string[] {
  const labels = lines.map(unquote);
  const [first, ...others] = labels;
  const isHeader =
    count === undefined || labels.length !== count + 1
      ? labels.length !== count && others.length > 0 && (HEADER.test(first) || isHeaderOfNumbers(first, others))
      : true;
  return isHeader ? others : labels;
}

/** Whether the first line is a word and all others are numbers. */
const isHeaderOfNumbers = (first: string, others: readonly string[]): boolean =>
  isWord(first) && others.some((label) => !isMissing(label)) && others.every((label) => !isWord(label));

const unquote = (line: string): string =>
  /^"(?:[^"]|"")*"$/.test(line) ? line.slice(1, -1).replaceAll('""', '"') : line;
