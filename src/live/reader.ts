/** The worker that reads files, so that the page stays responsive. It detects the file type from the first bytes. */
import { tableFromIPC } from "apache-arrow";
import { parse } from "csv-parse/browser/esm/sync";
import { parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { readNpy } from "./npy.js";
import { columnName, LARGEST_FILE, LARGEST_TEXT, type ReadReply, type Table, toColumn } from "./table.js";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<File>) => void;
  postMessage(reply: ReadReply, transfer?: Transferable[]): void;
};

scope.onmessage = async ({ data: file }) => {
  try {
    const table = await readTable(file);
    const numbers = table.columns.flatMap(({ values }) => (values instanceof Float64Array ? [values.buffer] : []));
    scope.postMessage({ table }, [...new Set(numbers)] as ArrayBuffer[]);
  } catch (error) {
    scope.postMessage({ failure: `${file.name}: ${describeError(error)}` });
  }
};

const HINT = "The command sigma-tsne embed reads larger files.";

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function describeError(error: unknown): string {
  const message = messageOf(error);
  return isOutOfMemory(message) ? `there is not enough memory to read it in a page. ${HINT}` : message;
}

/** How V8, SpiderMonkey and JavaScriptCore report an allocation that failed. */
const isOutOfMemory = (message: string) =>
  /allocat|out of memory|invalid (string|array|typed array) length|string longer than/i.test(message);

async function readTable(file: File): Promise<Table> {
  const { largest, read } = formatOf(new Uint8Array(await file.slice(0, 4096).arrayBuffer()));
  if (file.size > largest) {
    const [size, limit] = [file.size, largest].map((bytes) => `${(bytes / 2 ** 30).toFixed(1)} GiB`);
    throw new Error(`it has ${size}: expected at most ${limit}. ${HINT}`);
  }
  const table = await read(new Uint8Array(await file.arrayBuffer()));
  if (table.rows < 3) throw new Error(`it has ${table.rows} rows: expected at least 3, one point per row`);
  return table;
}

interface Format {
  /** Size limit in bytes. */
  largest: number;
  read(bytes: Uint8Array<ArrayBuffer>): Table | Promise<Table>;
}

/** @param head the first bytes of the file */
function formatOf(head: Uint8Array): Format {
  const begin = String.fromCharCode(...head.subarray(0, 6));
  const largest = LARGEST_FILE;
  if (begin === "\x93NUMPY") return { largest, read: readNpy };
  if (begin.startsWith("PAR1")) return { largest, read: (bytes) => readAs("Parquet", () => readParquet(bytes.buffer)) };
  if (begin === "ARROW1" || begin.startsWith("\xff\xff\xff\xff")) {
    return { largest, read: (bytes) => readAs("Arrow", () => readArrow(bytes)) };
  }
  if (begin.startsWith("PK") || head.includes(0)) {
    throw new Error("its kind is not known: expected CSV, .npy, Parquet or Arrow");
  }
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { largest: LARGEST_TEXT, read: (bytes) => readAs("CSV", () => readText(decode(bytes))) };
}

/** The libraries describe a damaged file in terms of their own, so the kind of the file is added to their messages. */
async function readAs(kind: string, read: () => Table | Promise<Table>): Promise<Table> {
  try {
    return await read();
  } catch (error) {
    const message = messageOf(error);
    if (isOutOfMemory(message)) throw error;
    throw new Error(`it cannot be read as ${kind}, perhaps because it is damaged (${message})`);
  }
}

async function readParquet(buffer: ArrayBuffer): Promise<Table> {
  const file = { byteLength: buffer.byteLength, slice: (start: number, end?: number) => buffer.slice(start, end) };
  const metadata = await parquetMetadataAsync(file);
  const objects = (await parquetReadObjects({ file, metadata, compressors })) as Record<string, unknown>[];
  const names = Object.keys(objects[0] ?? {});
  return {
    rows: objects.length,
    columns: names.map((name) =>
      toColumn(
        name,
        objects.map((row) => row[name]),
      ),
    ),
  };
}

function readArrow(bytes: Uint8Array): Table {
  const table = tableFromIPC(bytes);
  const columns = table.schema.fields.map(({ name }) => toColumn(name, [...(table.getChild(name) ?? [])]));
  return { rows: table.numRows, columns };
}

function readText(text: string): Table {
  const [first = ""] = text.split("\n", 1);
  const count = (mark: string) => first.split(mark).length;
  const delimiter = [",", "\t", ";"].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
  const records = parse(text, { delimiter, bom: true, skip_empty_lines: true, relax_quotes: true }) as string[][];
  const [header = [], ...rest] = records;
  const isNamed = header.some((cell) => cell.trim() !== "" && Number.isNaN(Number(cell)));
  const names = header.map((cell, k) => (isNamed ? cell.trim() : columnName(k)));
  const rows = isNamed ? rest : records;
  return {
    rows: rows.length,
    columns: names.map((name, k) =>
      toColumn(
        name,
        rows.map((row) => row[k]),
      ),
    ),
  };
}
