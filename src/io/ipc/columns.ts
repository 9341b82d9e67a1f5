import { Type } from "apache-arrow/fb/type";
import { ArgumentError } from "../../errors.js";
import type { FloatArray } from "../../matrix.js";
import { NUMBER_TYPES } from "../number-types.js";
import { viewOf } from "./messages.js";
import type { IpcBatch } from "./record-batch.js";
import type { IpcField } from "./schema.js";

/** The lists of numbers of a column in a batch, one list per row. */
export interface ListValues<T extends FloatArray | Uint8Array> {
  readonly data: T;
  /** Whether no row is null and the numbers of all rows are stored one after the other from the beginning of `data`. */
  readonly isDense: boolean;
  /**
   * Returns the position in `data` of the first number of a row; undefined for a row that is null or contains a null.
   */
  start(row: number): number | undefined;
}

/** The binary values of a column in a batch, one per row. */
export interface BinaryValues {
  /** Returns undefined for a row that is null. */
  value(row: number): Uint8Array | undefined;
}

const isListType = (id: Type): boolean => id === Type.FixedSizeList || id === Type.List || id === Type.LargeList;

/**
 * Finds the column with the name that the caller gave.
 *
 * @param argument name of the option that gave the column, for error messages
 * @throws {ArgumentError} INVALID_ARGUMENT if no column or more than one has this name
 */
export function findField(fields: readonly IpcField[], name: string, argument: string): IpcField {
  const found = fields.filter((field) => field.name === name);
  const [field] = found;
  if (field && found.length === 1) return field;
  const list = fields.map((known) => JSON.stringify(known.name)).join(", ");
  const message = field
    ? `${argument}: expected one column named ${JSON.stringify(name)}, found ${found.length}`
    : `${argument}: there is no column ${JSON.stringify(name)}; ${list ? `the columns are ${list}` : "the stream has no columns that can be used"}`;
  throw new ArgumentError("INVALID_ARGUMENT", { argument, received: name, accepted: "the name of a column", message });
}

/** The supported types of numbers in lists. */
export type ListItem = "float16" | "float32" | "float64" | "uint8";

/** Returns the type of the numbers in the lists of a column, or undefined for other columns. */
export function listItem({ type, children: [item] }: IpcField): ListItem | undefined {
  if (!item || type.isDictionary || item.type.isDictionary || !isListType(type.id)) return undefined;
  const { id, width, isSigned } = item.type;
  if (id === Type.FloatingPoint && width === 16) return "float16";
  if (id === Type.FloatingPoint && width === 32) return "float32";
  if (id === Type.FloatingPoint && width === 64) return "float64";
  return id === Type.Int && width === 8 && !isSigned ? "uint8" : undefined;
}

/**
 * Returns the kind of content of a binary column: "pixels" if its type fixes the length of the values, else "files" for
 * image files; undefined for columns that are not binary. The image files may also be in the field `bytes` of a struct,
 * as in the datasets of Hugging Face.
 */
export function imageKind(field: IpcField): "files" | "pixels" | undefined {
  const { type } = field;
  if (type.isDictionary) return undefined;
  const inner = bytesOf(field);
  if (inner) return imageKind(inner) === "files" ? "files" : undefined;
  if (type.id === Type.Binary || type.id === Type.LargeBinary) return "files";
  return type.id === Type.FixedSizeBinary ? "pixels" : undefined;
}

const bytesOf = ({ type, children }: IpcField): IpcField | undefined =>
  type.id === Type.Struct_ ? children.find(({ name }) => name === "bytes") : undefined;

/** Describes a type for error messages. */
export function describeType({ type, children: [item] }: IpcField): string {
  if (type.isDictionary) return "dictionary-encoded";
  const name = (Type[type.id] ?? "unknown").replace("_", "");
  if (type.id === Type.FloatingPoint) return `float${type.width}`;
  if (type.id === Type.Int) return `${type.isSigned ? "" : "u"}int${type.width}`;
  if (item && isListType(type.id)) {
    return `${name}<${describeType(item)}>${type.id === Type.FixedSizeList ? `[${type.width}]` : ""}`;
  }
  return type.id === Type.FixedSizeBinary ? `${name}[${type.width}]` : name;
}

/**
 * Reads the lists of a column for which {@link listItem} returns a type.
 *
 * @param width required length of each list
 * @throws {FileError} FILE_FORMAT for a list of another length, or a column that does not match its batch
 */
export async function readLists(
  batch: IpcBatch,
  field: IpcField,
  width: number,
): Promise<ListValues<FloatArray | Uint8Array>> {
  const fail = (reason: string) => batch.fail(`column ${JSON.stringify(field.name)} ${reason}`);
  const lists = batch.column(field);
  const item = field.children[0];
  const items = batch.column(item);
  if (lists.length !== batch.rows) throw fail(`has ${lists.length} values: expected ${batch.rows}, one per row`);
  const isValid = readBitmap(lists.nullCount, await lists.buffer(0), lists.length, fail);
  const isItemValid = readBitmap(items.nullCount, await items.buffer(0), items.length, fail);
  const bytes = await items.buffer(1);
  const kind = listItem(field) as ListItem;
  const size = ITEM_BYTES[kind];
  if (bytes.length < items.length * size)
    throw fail(
      `holds ${bytes.length} bytes of numbers: expected at least ${items.length * size} for ${items.length} numbers`,
    );
  const data = numbersOver(kind, bytes, items.length);
  const isFixed = field.type.id === Type.FixedSizeList;
  const offsets = isFixed
    ? undefined
    : await readOffsets(field, await lists.buffer(1), lists.length, items.length, fail);
  if (isFixed && items.length < lists.length * width) {
    throw fail(
      `holds ${items.length} numbers: expected ${lists.length * width} for ${lists.length} lists of ${width} numbers`,
    );
  }
  return {
    data,
    isDense: isFixed && !isValid && !isItemValid,
    start(row) {
      if (isValid && !isValid(row)) return undefined;
      const start = offsets ? offsets[row] : row * width;
      if (offsets && offsets[row + 1] - start !== width) {
        throw fail(`has a list of ${offsets[row + 1] - start} numbers in row ${row}: expected ${width} numbers`);
      }
      if (isItemValid) for (let j = start; j < start + width; j++) if (!isItemValid(j)) return undefined;
      return start;
    },
  };
}

/** Reads the values of a column for which {@link imageKind} returns a kind. */
export async function readBinary(batch: IpcBatch, field: IpcField): Promise<BinaryValues> {
  const fail = (reason: string) => batch.fail(`column ${JSON.stringify(field.name)} ${reason}`);
  const column = batch.column(field);
  if (column.length !== batch.rows) throw fail(`has ${column.length} values: expected ${batch.rows}, one per row`);
  const isValid = readBitmap(column.nullCount, await column.buffer(0), column.length, fail);
  const inner = bytesOf(field);
  if (inner) {
    const bytes = await readBinary(batch, inner);
    return { value: (row) => (isValid && !isValid(row) ? undefined : bytes.value(row)) };
  }
  if (field.type.id === Type.FixedSizeBinary) {
    const { width } = field.type;
    const bytes = await column.buffer(1);
    if (bytes.length < column.length * width) throw fail(`holds ${bytes.length} bytes`);
    return {
      value: (row) => (isValid && !isValid(row) ? undefined : bytes.subarray(row * width, (row + 1) * width)),
    };
  }
  const bytes = await column.buffer(2);
  const offsets = await readOffsets(field, await column.buffer(1), column.length, bytes.length, fail);
  return {
    value: (row) => (isValid && !isValid(row) ? undefined : bytes.subarray(offsets[row], offsets[row + 1])),
  };
}

function readBitmap(
  nullCount: number,
  bits: Uint8Array,
  length: number,
  fail: (reason: string) => Error,
): ((index: number) => boolean) | undefined {
  if (nullCount === 0) return undefined;
  if (bits.length * 8 < length)
    throw fail(`has nulls, but its bitmap of ${bits.length} bytes is too short to mark them`);
  return (index) => (bits[index >> 3] & (1 << (index & 7))) !== 0;
}

async function readOffsets(
  field: IpcField,
  bytes: Uint8Array,
  length: number,
  most: number,
  fail: (reason: string) => Error,
): Promise<ArrayLike<number>> {
  if (length === 0) return [0];
  const isLarge = field.type.id === Type.LargeList || field.type.id === Type.LargeBinary;
  const size = isLarge ? 8 : 4;
  if (bytes.length < (length + 1) * size)
    throw fail(`has ${bytes.length} bytes of offsets: expected at least ${(length + 1) * size} for ${length} rows`);
  const view = viewOf(bytes);
  const offsets = new Float64Array(length + 1);
  for (let i = 0; i <= length; i++) {
    const offset = isLarge ? Number(view.getBigInt64(8 * i, true)) : view.getInt32(4 * i, true);
    if (!(offset >= (i === 0 ? 0 : offsets[i - 1]) && offset <= most))
      throw fail(`has ${offset} as offset ${i}: expected at least the previous offset and at most ${most}`);
    offsets[i] = offset;
  }
  return offsets;
}

const ITEM_BYTES: Readonly<Record<ListItem, number>> = { uint8: 1, float16: 2, float32: 4, float64: 8 };

function numbersOver(kind: ListItem, bytes: Uint8Array, length: number): FloatArray | Uint8Array {
  if (kind === "uint8") return bytes;
  if (kind === "float16") {
    const own = Uint8Array.from(bytes.subarray(0, 2 * length));
    return NUMBER_TYPES.f2.decode(own.buffer, length) as Float32Array;
  }
  const size = ITEM_BYTES[kind];
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return kind === "float32"
    ? new Float32Array(buffer, byteOffset, length)
    : new Float64Array(buffer, byteOffset, length);
}
