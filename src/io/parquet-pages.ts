import type {
  ColumnMetaData,
  Compressors,
  DecodedArray,
  FileMetaData,
  PageHeader,
  RowGroup,
  SchemaTree,
} from "hyparquet";
import { damagedFile } from "../errors.js";
import type { FloatArray } from "../matrix.js";
import { createByteReader, type OpenFile } from "./open-file.js";
import { badList, raggedList, toNumbers } from "./table.js";

/*
 * The library reads whole column chunks, which may have several hundred MB. This module instead passes single pages, of
 * a few MB at most, to the library's page decoder.
 * Layout of lists and nulls in pages: Melnik et al. (2010), "Dremel: interactive analysis of web-scale datasets".
 */

/** Enough for nearly every page header. Longer headers are read again in full. */
const HEADER_BYTES = 2 ** 10;

/** A Parquet file whose metadata have been read. */
export interface ParquetFile {
  readonly file: OpenFile;
  readonly metadata: FileMetaData;
  readonly compressors: Compressors;
  readonly signal: AbortSignal | undefined;
}

/** A column with one value or one list per row, given as the path from the root of the schema to its values. */
export type ColumnPath = readonly SchemaTree[];

interface Page {
  /** The values that are not null. */
  readonly values: DecodedArray;
  /** For each value and null, the number of levels of the path that are defined. Empty if there are no nulls. */
  readonly definitionLevels: readonly number[];
  /** For each value and null, 0 at the beginning of a row. Empty if each value is a row. */
  readonly repetitionLevels: readonly number[];
  /** The first row that begins in the page. */
  readonly row: number;
}

/** Reads the values and nulls of a column without lists, page by page, starting at row `start`. */
export async function* readValues(
  parquetFile: ParquetFile,
  path: ColumnPath,
  start: number,
): AsyncGenerator<ArrayLike<unknown>> {
  for await (const { values, definitionLevels, row } of readPages(parquetFile, path, start)) {
    let next = 0;
    const all = definitionLevels.includes(0)
      ? definitionLevels.map((level) => (level === 0 ? null : values[next++]))
      : values;
    const skipped = Math.max(0, start - row);
    yield skipped === 0 ? all : ArrayBuffer.isView(all) ? all.subarray(skipped) : all.slice(skipped);
  }
}

/**
 * Reads the lists of a column page by page, starting at row `start`. Each piece holds the numbers of whole rows in
 * sequence.
 *
 * @param width length of each list
 * @throws {FileError} FILE_FORMAT for a list of another length, a null list, or a null in a list
 */
export async function* readLists(
  parquetFile: ParquetFile,
  path: ColumnPath,
  type: Float32ArrayConstructor | Float64ArrayConstructor,
  width: number,
  start: number,
): AsyncGenerator<FloatArray> {
  const name = path[1].element.name;
  const levels = path.slice(1).map(({ element }) => element.repetition_type);
  const isThere = levels.filter((level) => level !== "REQUIRED").length;
  const isEmpty = levels.slice(0, levels.indexOf("REPEATED")).filter((level) => level !== "REQUIRED").length;
  const endRow = () => {
    if (length !== width) throw raggedList(parquetFile.file.path, name, row, length, width);
  };
  // The current row, and the count of its numbers so far.
  let row = -1;
  let length = width;
  // The first row that has not been returned yet, and its numbers from the previous page.
  let first = -1;
  let begun: FloatArray = new type();
  for await (const page of readPages(parquetFile, path, start)) {
    if (first < 0) [first, row] = [page.row, page.row - 1];
    for (const [k, level] of page.repetitionLevels.entries()) {
      if (level === 0) {
        endRow();
        row++;
        length = 0;
      }
      const definition = page.definitionLevels[k] ?? isThere;
      if (definition < isThere) {
        const found =
          definition > isEmpty ? "a null in its list" : definition === isEmpty ? "an empty list" : "no list";
        throw badList(parquetFile.file.path, name, row, found);
      }
      length++;
    }
    const numbers = toNumbers(parquetFile.file.path, name, page.values);
    if (numbers.length !== page.repetitionLevels.length || row < first) throw new Error("a page lacks values");
    const all = new type(begun.length + numbers.length);
    all.set(begun);
    all.set(numbers, begun.length);
    // The last row may continue in the next page, so it is not returned yet.
    const whole = (row - first) * width;
    yield all.subarray(Math.max(0, start - first) * width, whole);
    begun = all.slice(whole);
    first = row;
  }
  endRow();
  if (first >= start) yield begun;
}

/**
 * Returns the length of the first list, or 1 if the list is null or empty; {@link readLists} then reports the error.
 */
export async function measureLists(parquetFile: ParquetFile, path: ColumnPath): Promise<number> {
  let length = 0;
  for await (const { repetitionLevels } of readPages(parquetFile, path, 0)) {
    for (const level of repetitionLevels) {
      if (level === 0 && length > 0) return length;
      length++;
    }
  }
  return length;
}

/**
 * Reads the pages of a column. Pages that end before row `start` are skipped if their headers state the number of rows.
 */
async function* readPages(parquetFile: ParquetFile, path: ColumnPath, start: number): AsyncGenerator<Page> {
  let row = 0;
  for (const group of parquetFile.metadata.row_groups) {
    const end = row + Number(group.num_rows);
    if (end > start) {
      for await (const page of readGroup(parquetFile, group, path, row, start)) {
        if (typeof page === "number") {
          row += page;
          continue;
        }
        yield { ...page, row };
        const { repetitionLevels, definitionLevels, values } = page;
        row +=
          repetitionLevels.length > 0
            ? repetitionLevels.reduce((count, level) => (level === 0 ? count + 1 : count), 0)
            : definitionLevels.length || values.length;
      }
      if (row !== end) {
        const name = JSON.stringify(path[1].element.name);
        const count = Number(group.num_rows);
        throw damagedFile(parquetFile.file.path, `column ${name} has ${row - end + count} of ${count} rows`);
      }
    }
    row = end;
  }
}

/** Reads the pages of a column in a row group. For a skipped page, returns only its number of rows. */
async function* readGroup(
  { file, compressors, signal }: ParquetFile,
  group: RowGroup,
  path: ColumnPath,
  row: number,
  start: number,
): AsyncGenerator<Omit<Page, "row"> | number> {
  const { readPage } = await import("hyparquet/src/column.js");
  const { convert, convertWithDictionary, DEFAULT_PARSERS } = await import("hyparquet/src/convert.js");
  const { decompressPage, readDataPage, readDataPageV2 } = await import("hyparquet/src/datapage.js");
  const { element, path: names } = path.at(-1) as SchemaTree;
  const meta = findChunk(group, names);
  const isFlat = path.length === 2 && element.repetition_type !== "REPEATED";
  const decoder = {
    pathInSchema: names,
    type: meta.type,
    element,
    schemaPath: [...path],
    codec: meta.codec,
    parsers: DEFAULT_PARSERS,
    compressors,
  };
  const read = createByteReader(file, signal);
  let at = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const end = at + Number(meta.total_compressed_size);
  let dictionary: DecodedArray | undefined;
  // Some writers state a size that is one byte too large.
  while (at < end - 1) {
    const { header, length } = await readHeader(read, at, end);
    const { data_page_header: first, data_page_header_v2: second, compressed_page_size: size } = header;
    at += length + size;
    if (header.type === "DATA_PAGE" || header.type === "DATA_PAGE_V2") {
      const known = second?.num_rows ?? (isFlat ? first?.num_values : undefined);
      if (known !== undefined && known >= 0 && row + known <= start) {
        row += known;
        yield known;
        continue;
      }
    }
    const bytes = await read(at - size, size);
    if (header.type === "DICTIONARY_PAGE") {
      const reader = { view: new DataView(bytes.buffer), offset: 0 };
      const { data } = readPage(reader, header, decoder, undefined, undefined, 0);
      dictionary = data && convert(data, decoder);
      continue;
    }
    const encoding = (first ?? second)?.encoding;
    if (encoding === undefined) throw new Error(`there is no data in a page of type ${header.type}`);
    const page = first
      ? readDataPage(decompressPage(bytes, header.uncompressed_page_size, meta.codec, compressors), first, decoder)
      : readDataPageV2(bytes, header, decoder);
    const { definitionLevels = [], repetitionLevels, dataPage } = page;
    yield {
      values: convertWithDictionary(dataPage, dictionary, encoding, decoder),
      definitionLevels,
      repetitionLevels,
    };
    // Skip only the pages before the first one that is returned.
    row = Number.POSITIVE_INFINITY;
  }
}

/** Reads the header of the page that begins at `at`, and its length in bytes. The column ends at `end`. */
async function readHeader(
  read: ReturnType<typeof createByteReader>,
  at: number,
  end: number,
): Promise<{ header: PageHeader; length: number }> {
  const { parquetHeader } = await import("hyparquet/src/column.js");
  for (let length = HEADER_BYTES; ; length *= 2) {
    const bytes = await read(at, Math.min(length, end - at));
    const reader = { view: new DataView(bytes.buffer), offset: 0 };
    try {
      return { header: parquetHeader(reader), length: reader.offset };
    } catch (error) {
      if (length >= end - at) throw error;
    }
  }
}

function findChunk(group: RowGroup, names: readonly string[]): ColumnMetaData {
  const chunk = group.columns.find(({ meta_data: meta }) => {
    const path = meta?.path_in_schema;
    return path?.length === names.length && path.every((name, i) => name === names[i]);
  });
  if (!chunk?.meta_data) throw new Error(`a group of rows has no column ${JSON.stringify(names.join("."))}`);
  if (chunk.file_path) throw new Error(`column ${JSON.stringify(names.join("."))} is in another file`);
  return chunk.meta_data;
}
