import { FileError } from "../errors.js";

/*
 * The metadata of Arrow are FlatBuffers (https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc).
 * The library that decodes them believes every length in them, and would run for hours over one that is damaged. So those are
 * checked before: no vector is longer than the bytes that hold it, no batch longer than its body.
 */

const CONTINUATION = 2 ** 32 - 1;
const MAGIC = "ARROW1";
const [SCHEMA, DICTIONARY, BATCH] = [1, 2, 3];

/** @throws {FileError} FILE_FORMAT for metadata that promise more than the file holds */
export function checkArrowMetadata(path: string, bytes: Uint8Array): void {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (file.toString("latin1", 0, MAGIC.length) === MAGIC) checkFile(file);
    else checkStream(file);
  } catch (cause) {
    const reason = cause instanceof RangeError ? "its metadata point beyond their end" : (cause as Error).message;
    throw new FileError("FILE_FORMAT", path, `is malformed: ${reason}`, { cause });
  }
}

function checkFile(file: Buffer): void {
  const end = file.length - MAGIC.length - 4;
  const footer = rootOf(file.subarray(end - require32(file.readInt32LE(end), end), end));
  checkSchema(footer.table(1));
  footer.vector(4, 4);
  for (const slot of [2, 3]) {
    const { length, at } = footer.vector(slot, 24);
    for (let i = 0; i < length; i++) checkMessage(file, Number(footer.bytes.readBigInt64LE(at + 24 * i)));
  }
}

function checkStream(file: Buffer): void {
  for (let at: number | undefined = 0; at !== undefined && at + 4 <= file.length; ) at = checkMessage(file, at);
}

/** @returns where the next message begins, undefined at the end of a stream */
function checkMessage(file: Buffer, start: number): number | undefined {
  const at = file.readUInt32LE(start) === CONTINUATION ? start + 4 : start;
  if (at + 4 > file.length) return undefined;
  const length = file.readInt32LE(at);
  if (length === 0) return undefined;
  const begin = at + 4;
  const end = begin + require32(length, file.length - begin);
  const message = rootOf(file.subarray(begin, end));
  message.vector(4, 4);
  const bodyBytes = message.integer(3);
  if (!(bodyBytes >= 0 && bodyBytes <= file.length - end))
    throw new Error(`a message of ${bodyBytes} bytes is cut off`);
  const kind = message.byte(1);
  const header = message.table(2);
  if (kind === SCHEMA) checkSchema(header);
  if (kind === DICTIONARY) checkBatch(header?.table(1), bodyBytes);
  if (kind === BATCH) checkBatch(header, bodyBytes);
  return end + bodyBytes;
}

function checkBatch(batch: Table | undefined, bodyBytes: number): void {
  if (!batch) return;
  const { length, at } = batch.vector(1, 16);
  batch.vector(2, 16);
  batch.vector(4, 8);
  if (batch.table(3)) return;
  const rows = [batch.integer(0), ...Array.from({ length }, (_, i) => Number(batch.bytes.readBigInt64LE(at + 16 * i)))];
  // What takes least room is a bit.
  const most = rows.find((count) => !(count >= 0 && count <= 8 * bodyBytes));
  if (most !== undefined) throw new Error(`a batch promises ${most} rows in ${bodyBytes} bytes`);
}

function checkSchema(schema: Table | undefined): void {
  if (!schema) return;
  schema.vector(2, 4);
  // A field that stands in several places would be counted in each.
  let left = schema.bytes.length;
  const open: [Table, number][] = [[schema, 1]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [table, slot] = next;
    for (const field of table.tables(slot)) {
      if (--left < 0) throw new Error("its schema has no end");
      field.vector(6, 4);
      open.push([field, 5]);
    }
  }
}

function require32(length: number, most: number): number {
  if (length < 0 || length > most) throw new Error(`metadata of ${length} bytes are cut off`);
  return length;
}

/** A table of FlatBuffers; offsets are read without a sign, so that nothing leads back. */
class Table {
  constructor(
    readonly bytes: Buffer,
    private readonly at: number,
  ) {}

  /** Where a field stands, undefined where it has its default. */
  private field(slot: number): number | undefined {
    const entries = this.at - this.bytes.readInt32LE(this.at);
    if (4 + 2 * slot >= this.bytes.readUInt16LE(entries)) return undefined;
    const offset = this.bytes.readUInt16LE(entries + 4 + 2 * slot);
    return offset === 0 ? undefined : this.at + offset;
  }

  byte(slot: number): number {
    const at = this.field(slot);
    return at === undefined ? 0 : this.bytes.readUInt8(at);
  }

  integer(slot: number): number {
    const at = this.field(slot);
    return at === undefined ? 0 : Number(this.bytes.readBigInt64LE(at));
  }

  table(slot: number): Table | undefined {
    const at = this.field(slot);
    return at === undefined ? undefined : new Table(this.bytes, at + this.bytes.readUInt32LE(at));
  }

  vector(slot: number, itemBytes: number): { length: number; at: number } {
    const field = this.field(slot);
    if (field === undefined) return { length: 0, at: 0 };
    const at = field + this.bytes.readUInt32LE(field);
    const length = this.bytes.readUInt32LE(at);
    if (length * itemBytes > this.bytes.length - at - 4) throw new Error(`a list of ${length} entries is cut off`);
    return { length, at: at + 4 };
  }

  *tables(slot: number): Generator<Table> {
    const { length, at } = this.vector(slot, 4);
    for (let i = 0; i < length; i++) yield new Table(this.bytes, at + 4 * i + this.bytes.readUInt32LE(at + 4 * i));
  }
}

const rootOf = (bytes: Buffer): Table => new Table(bytes, bytes.readUInt32LE(0));
