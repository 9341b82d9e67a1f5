import { describe, FileError } from "../errors.js";
import { type FloatArray, Matrix } from "../matrix.js";
import { allocate } from "./allocation.js";
import { type NamedArray, openArrayColumns } from "./array-columns.js";
import { columnFormat } from "./column-format.js";
import type { ColumnSource, OpenColumnsOptions } from "./column-source.js";
import type { Format } from "./format.js";
import { type OpenFile, readPieces } from "./open-file.js";
import { badList, raggedList } from "./table.js";

/** JSON: one object per line (.jsonl, .ndjson), or one array of objects or of lists of numbers. */
export const json: Format = {
  name: "JSON",
  extensions: [".jsonl", ".ndjson", ".json"],
  sniff: (head) => /^\s*(\{\s*["}]|\[\s*([[{]|-?\d[\d.eE+-]*\s*,))/.test(Buffer.from(head).toString("utf8")),
  ...columnFormat(openColumns),
};

/** The name of the only column of a file whose rows are lists without names. */
const ROWS = "rows";

/** The kind of values of a key. */
type Kind = "numbers" | "texts" | "lists";

/** The values of one key in all rows. */
class JsonColumn {
  kind: Kind | undefined;
  /** Why the column cannot be used. */
  unusable: string | undefined;
  isWhole = true;
  readonly values: unknown[] = [];

  add(row: number, value: unknown): void {
    // Fill earlier rows that lack the key.
    while (this.values.length < row) this.values.push(null);
    this.values.push(value);
    if (value === null) return;
    const kind = kindOf(value);
    if (kind === undefined) this.unusable ??= "objects";
    else if (this.kind !== undefined && kind !== this.kind) this.unusable ??= `${this.kind} and ${kind}`;
    this.kind ??= kind;
    if (typeof value !== "number") return;
    if (!Number.isInteger(value)) this.isWhole = false;
    else if (!Number.isSafeInteger(value)) this.unusable ??= "whole numbers beyond 2^53, which must be written as text";
  }
}

function kindOf(value: unknown): Kind | undefined {
  if (typeof value === "number" || typeof value === "boolean") return "numbers";
  if (typeof value === "string") return "texts";
  return Array.isArray(value) && value.every((item) => item === null || typeof item === "number") ? "lists" : undefined;
}

async function openColumns(file: OpenFile, { signal }: OpenColumnsOptions): Promise<ColumnSource> {
  const columns = new Map<string, JsonColumn>();
  let rows = 0;
  for await (const record of readRecords(file, signal)) {
    for (const [name, value] of Object.entries(record)) {
      const column = columns.get(name) ?? new JsonColumn();
      columns.set(name, column);
      column.add(rows, value);
    }
    rows++;
  }
  if (rows === 0) throw new FileError("FILE_FORMAT", file.path, "holds no rows: expected one JSON object per row");
  // pandas writes these layouts by default: columns by name, each with all of its values.
  if (rows === 1 && [...columns.values()].every(({ values }) => isContainer(values[0]))) throw notRows(file.path);
  const arrays = [...columns].map(([name, column]) => toNamedArray(file.path, name, column, rows));
  return openArrayColumns(file.path, arrays, ["embedding", "embeddings", "vector", "mean", "means", "features", ROWS]);
}

/** Reads the rows of the file as objects. A row that is a list of numbers becomes the value of {@link ROWS}. */
async function* readRecords(file: OpenFile, signal: AbortSignal | undefined): AsyncGenerator<object> {
  let number = 0;
  let whole = "";
  for await (const line of readLines(file, signal)) {
    number++;
    if (line.trim() === "") continue;
    if (whole === "" && (number > 1 || isComplete(line))) {
      const value = parse(file.path, line, `line ${number}`);
      yield* Array.isArray(value) && (value.length === 0 || !value.every(isNumber))
        ? toRecords(file.path, value)
        : [toRecord(file.path, value, number)];
    } else whole += `${line}\n`;
  }
  if (whole === "") return;
  const value = parse(file.path, whole, "the file");
  if (!Array.isArray(value)) throw notRows(file.path);
  yield* toRecords(file.path, value);
}

const isNumber = (value: unknown): boolean => value === null || typeof value === "number";

/** Whether the first line is a complete JSON value, as in JSON Lines. */
function isComplete(line: string): boolean {
  try {
    JSON.parse(withoutNan(line));
    return true;
  } catch {
    return /^\s*\{.*\}\s*$/.test(line);
  }
}

function* toRecords(path: string, values: readonly unknown[]): Generator<object> {
  for (const [i, value] of values.entries()) yield toRecord(path, value, i + 1);
}

function toRecord(path: string, value: unknown, row: number): object {
  if (Array.isArray(value)) return { [ROWS]: value };
  if (typeof value !== "object" || value === null) {
    throw new FileError(
      "FILE_FORMAT",
      path,
      `row ${row} is ${describe(value)}: expected an object, or a list of numbers`,
    );
  }
  return value;
}

const isContainer = (value: unknown): boolean => typeof value === "object" && value !== null;

const notRows = (path: string): FileError =>
  new FileError(
    "FILE_FORMAT",
    path,
    'is JSON with one list or object per column: expected one object per row. In pandas, write to_json(path, orient="records", lines=True)',
  );

/** Replaces NaN, which Python writes but JSON does not allow, by null. */
const withoutNan = (text: string): string => text.replace(/([[:,]\s*)NaN(?=\s*[,}\]])/g, "$1null");

function parse(path: string, text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(withoutNan(text));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new FileError("FILE_FORMAT", path, `${where} is not JSON: ${reason}. Correct it, or write the file again`, {
        cause,
      });
    }
  }
}

/** The JavaScript engine cannot hold much longer lines or arrays in one string. */
const MOST_CHARACTERS = 2 ** 28;

async function* readLines(file: OpenFile, signal: AbortSignal | undefined): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf8");
  let rest = "";
  for await (const piece of readPieces(file, 0, file.size, signal)) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MOST_CHARACTERS) {
      const reason = `has a line of more than ${MOST_CHARACTERS} characters: expected one object per line`;
      throw new FileError("FILE_FORMAT", file.path, reason);
    }
    yield* lines;
  }
  yield rest + decoder.decode();
}

function toNamedArray(path: string, name: string, column: JsonColumn, rows: number): NamedArray {
  const { kind, unusable, values, isWhole } = column;
  while (values.length < rows) values.push(null);
  const shared = { name, readTexts: async () => values.map((value) => (value === null ? "" : String(value))) };
  const unreadable = async () => new Matrix(new Float64Array(), 0, 0);
  if (unusable !== undefined || kind === undefined) {
    return { ...shared, shape: [rows], type: undefined, kind: unusable ?? "empty", readRows: unreadable };
  }
  if (kind === "texts") return { ...shared, shape: [rows], type: "text", kind, readRows: unreadable };
  const isList = kind === "lists";
  const width = isList ? (values.find((value) => value !== null) as unknown[]).length : 1;
  return {
    ...shared,
    shape: isList ? [rows, width] : [rows],
    type: isWhole && !isList ? "integer" : "float64",
    kind,
    readRows: async (start, end) => {
      const data = allocate<FloatArray>(path, Float64Array, (end - start) * width);
      for (let i = start; i < end; i++) {
        if (isList) data.set(listOf(path, name, values[i], i, width), (i - start) * width);
        else data[i - start] = values[i] === null ? Number.NaN : Number(values[i]);
      }
      return new Matrix(data, end - start, width);
    },
  };
}

function listOf(path: string, name: string, value: unknown, row: number, width: number): number[] {
  if (value === null) throw badList(path, name, row, "no list");
  const list = value as (number | null)[];
  if (list.length !== width) throw raggedList(path, name, row, list.length, width);
  if (list.includes(null)) throw badList(path, name, row, "a null in its list");
  return list as number[];
}
