import { damagedFile, SigmaTsneError } from "../errors.js";
import { createByteReader, type OpenFile } from "./open-file.js";
import { systemReason } from "./system-error.js";

/*
 * Arrow stores its metadata as FlatBuffers
 * (https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc).
 * The library that decodes them trusts every length and would run for hours on a damaged file. This module therefore
 * checks the lengths first:
 * no vector may be longer than the bytes that hold it, and no batch longer than its body.
 */

const CONTINUATION = 2 ** 32 - 1;
const MAGIC = "ARROW1";
const [SCHEMA, DICTIONARY, BATCH] = [1, 2, 3];

/** A message of an Arrow file or stream: its position in the file and the facts that its metadata state. */
export interface ArrowMessage {
  readonly start: number;
  readonly metadataBytes: number;
  readonly bodyBytes: number;
  readonly isBatch: boolean;
  /** The number of rows of a batch. */
  readonly rows: number;
}

/** Positions of all messages in a file or stream. */
export interface ArrowContents {
  /** The message that a stream begins with. */
  readonly schema: Uint8Array;
  /** Batches and dictionaries. Each batch follows the dictionaries that it needs. */
  readonly messages: readonly ArrowMessage[];
  /** Columns with types that the library does not support. */
  readonly unreadable: readonly UnreadableColumn[];
}

export interface UnreadableColumn {
  /** Index among the columns of the file, from 0. */
  readonly index: number;
  readonly name: string;
  readonly kind: string;
}

/**
 * Finds the messages of a file or stream by reading their metadata only, not their bodies.
 *
 * @throws {FileError} FILE_FORMAT if the metadata describe more data than the file holds
 */
export async function readArrowContents(file: OpenFile, signal: AbortSignal | undefined): Promise<ArrowContents> {
  const bytes = createByteReader(file, signal);
  const read = async (at: number, length: number): Promise<Buffer> => Buffer.from((await bytes(at, length)).buffer);
  try {
    const head = await read(0, Math.min(MAGIC.length, file.size));
    return head.toString("latin1") === MAGIC ? await findInFile(read, file.size) : await findInStream(read, file.size);
  } catch (cause) {
    if (cause instanceof SigmaTsneError || systemReason(cause) !== undefined) throw cause;
    const reason = cause instanceof RangeError ? "its metadata point beyond their end" : (cause as Error).message;
    throw damagedFile(file.path, `is malformed: ${reason}`, cause);
  }
}

type Read = (at: number, length: number) => Promise<Buffer>;

async function findInFile(read: Read, size: number): Promise<ArrowContents> {
  const end = size - MAGIC.length - 4;
  const length = require32((await read(end, 4)).readInt32LE(), end);
  const footer = rootOf(await read(end - length, length));
  const unreadable = checkSchema(footer.table(1));
  footer.vector(4, 4);
  const messages: ArrowMessage[] = [];
  for (const [slot, isBatch] of [
    [2, false],
    [3, true],
  ] as const) {
    const blocks = footer.vector(slot, 24);
    for (let i = 0; i < blocks.length; i++) {
      const message = await readMessage(read, size, Number(footer.bytes.readBigInt64LE(blocks.at + 24 * i)));
      if (message?.kind !== (isBatch ? BATCH : DICTIONARY)) {
        throw new Error(isBatch ? `block ${i} is not a batch` : `block ${i} is not a dictionary`);
      }
      messages.push(message);
    }
  }
  return { schema: frameSchema(footer), messages, unreadable };
}

/**
 * Wraps the schema of a footer into a message. New tables go before the old bytes, because offsets in a flatbuffer only
 * point forward.
 */
function frameSchema(footer: Table): Uint8Array {
  const schema = footer.table(1);
  if (!schema) throw new Error("it has no schema");
  const head = Buffer.alloc(40);
  const [frame, vtable, table] = [8, 12, 24];
  head.writeUInt32LE(CONTINUATION);
  head.writeInt32LE(head.length - frame + footer.bytes.length, 4);
  head.writeUInt32LE(table - frame, frame);
  // A table of 12 bytes with four fields: version, kind, schema, and no body.
  for (const [i, value] of [12, 12, 4, 6, 8, 0].entries()) head.writeUInt16LE(value, vtable + 2 * i);
  head.writeInt32LE(table - vtable, table);
  head.writeUInt8(footer.byte(0), table + 4);
  head.writeUInt8(SCHEMA, table + 6);
  head.writeUInt32LE(head.length + schema.at - (table + 8), table + 8);
  return Buffer.concat([head, footer.bytes]);
}

async function findInStream(read: Read, size: number): Promise<ArrowContents> {
  const schema = await readMessage(read, size, 0);
  if (schema?.kind !== SCHEMA) throw new Error("it does not begin with a schema");
  const messages: ArrowMessage[] = [];
  for (let at = schema.metadataBytes + schema.bodyBytes; ; ) {
    const message = await readMessage(read, size, at);
    if (!message) {
      return { schema: await read(0, schema.metadataBytes), messages, unreadable: schema.unreadable };
    }
    if (message.kind !== BATCH && message.kind !== DICTIONARY) throw new Error("one of its messages is not a batch");
    messages.push(message);
    at += message.metadataBytes + message.bodyBytes;
  }
}

/** @returns undefined at the end of a stream */
async function readMessage(
  read: Read,
  size: number,
  start: number,
): Promise<(ArrowMessage & { kind: number; unreadable: readonly UnreadableColumn[] }) | undefined> {
  if (start < 0) throw new RangeError();
  if (start + 4 > size) return undefined;
  const prelude = await read(start, Math.min(8, size - start));
  const lengthAt = prelude.readUInt32LE() === CONTINUATION ? 4 : 0;
  if (lengthAt + 4 > prelude.length) return undefined;
  const length = prelude.readInt32LE(lengthAt);
  if (length === 0) return undefined;
  const begin = start + lengthAt + 4;
  const message = rootOf(await read(begin, require32(length, size - begin)));
  message.vector(4, 4);
  const bodyBytes = message.integer(3);
  if (!(bodyBytes >= 0 && bodyBytes <= size - begin - length)) {
    throw new Error(`a message of ${bodyBytes} bytes is cut off`);
  }
  const kind = message.byte(1);
  const header = message.table(2);
  const unreadable = kind === SCHEMA ? checkSchema(header) : [];
  if (kind === DICTIONARY) checkBatch(header?.table(1), bodyBytes);
  if (kind === BATCH) checkBatch(header, bodyBytes);
  const rows = kind === BATCH ? (header?.integer(0) ?? 0) : 0;
  if (!(Number.isSafeInteger(rows) && rows >= 0)) throw new Error(`a batch claims ${rows} rows`);
  const metadataBytes = begin + length - start;
  return { kind, start, metadataBytes, bodyBytes, isBatch: kind === BATCH, rows, unreadable };
}

function checkBatch(batch: Table | undefined, bodyBytes: number): void {
  if (!batch) return;
  const { length, at } = batch.vector(1, 16);
  batch.vector(2, 16);
  batch.vector(4, 8);
  if (batch.table(3)) return;
  const rows = [batch.integer(0), ...Array.from({ length }, (_, i) => Number(batch.bytes.readBigInt64LE(at + 16 * i)))];
  // Even the smallest values take one bit each.
  const most = rows.find((count) => !(count >= 0 && count <= 8 * bodyBytes));
  if (most !== undefined) throw new Error(`a batch claims ${most} rows in ${bodyBytes} bytes`);
}

/** Types that the library does not support, by their numbers in the schema. */
const UNREADABLE_TYPES: Readonly<Record<number, string>> = {
  22: "run-end encoded",
  25: "list view",
  26: "large list view",
};

/** @returns the columns of an unsupported type, and those that contain one */
function checkSchema(schema: Table | undefined): UnreadableColumn[] {
  if (!schema) return [];
  schema.vector(2, 4);
  // Fields that refer to the same bytes are counted once per reference, so a limit on the count detects endless
  // schemas.
  let left = schema.bytes.length;
  const findKind = (column: Table): string | undefined => {
    let found: string | undefined;
    const open = [column];
    for (let field = open.pop(); field; field = open.pop()) {
      if (--left < 0) throw new Error("its schema has no end");
      field.vector(6, 4);
      const kind = UNREADABLE_TYPES[field.byte(2)];
      found ??= kind === undefined || field === column ? kind : `nested ${kind}`;
      open.push(...field.tables(5));
    }
    return found;
  };
  return [...schema.tables(1)].flatMap((column, index) => {
    const kind = findKind(column);
    return kind === undefined ? [] : [{ index, name: column.text(0), kind }];
  });
}

function require32(length: number, most: number): number {
  if (length < 0 || length > most) throw new Error(`metadata of ${length} bytes are cut off`);
  return length;
}

/** A table of FlatBuffers. Offsets are read as unsigned numbers, so an offset cannot point backward. */
class Table {
  constructor(
    readonly bytes: Buffer,
    readonly at: number,
  ) {}

  /** Returns the position of a field, or undefined if the field is absent and has its default. */
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

  text(slot: number): string {
    const { length, at } = this.vector(slot, 1);
    return this.bytes.toString("utf8", at, at + length);
  }

  *tables(slot: number): Generator<Table> {
    const { length, at } = this.vector(slot, 4);
    for (let i = 0; i < length; i++) yield new Table(this.bytes, at + 4 * i + this.bytes.readUInt32LE(at + 4 * i));
  }
}

const rootOf = (bytes: Buffer): Table => new Table(bytes, bytes.readUInt32LE(0));
