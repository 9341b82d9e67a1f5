import { Int32, type Table, Utf8 } from "apache-arrow";
import { RecordBatch } from "apache-arrow/fb/record-batch";
import { beforeEach, describe, expect, test } from "vitest";
import {
  appendFields,
  END_OF_STREAM,
  frameMessage,
  IpcBatch,
  type IpcField,
  type IpcMessage,
  readMessages,
  readSchema,
} from "../../src/io/ipc/index.js";
import { batchOf, bytesOf, type Columns, piecesOf, tableOf, valuesOf } from "../filter/streams.js";

const columns: Columns = {
  first: [new Int32(), [1, 2, 3]],
  text: [new Utf8(), ["a", "bc", "d".repeat(300)]],
  last: [new Int32(), [7, 8, 9]],
};
/** Indices of the buffers with the values of the first and the last column. */
const [FIRST, LAST] = [1, 6];

let schema: IpcMessage;
let source: IpcMessage;
let fields: readonly IpcField[];
beforeEach(async () => {
  [schema, source] = await messagesOf(columns);
  fields = readSchema(schema, "rows");
});

const messagesOf = (of: Columns): Promise<[IpcMessage, IpcMessage]> => split(bytesOf([batchOf(of)]));

/** Returns the messages of a stream: its schema and its batch. */
async function split(bytes: Uint8Array): Promise<[IpcMessage, IpcMessage]> {
  const messages: IpcMessage[] = [];
  for await (const message of readMessages(piecesOf(bytes), "rows")) messages.push(message);
  return messages as [IpcMessage, IpcMessage];
}

/** Reads and changes the position of a buffer in the metadata. */
function offsetOf(buffer: number): { get(): number; set(offset: number): void } {
  const at = source.message.header(new RecordBatch())?.buffers(buffer)?.bb_pos as number;
  const { metadata } = source;
  const view = new DataView(metadata.buffer, metadata.byteOffset);
  return {
    get: () => Number(view.getBigInt64(at, true)),
    set: (offset) => view.setBigInt64(at, BigInt(offset), true),
  };
}

const write = (kept: readonly IpcField[]): Uint8Array[] =>
  new IpcBatch(source, fields, 0, "rows").withColumns(kept, [], Uint8Array.of(1, 1, 1), []);

const read = (kept: readonly IpcField[]): Table =>
  tableOf(Buffer.concat([...frameMessage(appendFields(schema, kept, [])), ...write(kept), END_OF_STREAM]));

const withoutText = () => fields.filter(({ name }) => name !== "text");

describe("IpcBatch.withColumns", () => {
  test("shares the memory of the input for kept columns", () => {
    const [, ...body] = write(withoutText());
    const shared = body.filter(({ buffer }) => buffer === source.body.buffer);
    expect(shared.reduce((sum, { length }) => sum + length, 0)).toBe(32);
    expect(body.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(source.body.length);
  });

  test.each([0, 8, 24])("keeps the alignment of every buffer, %d bytes after a multiple of 64", async (beside) => {
    const last = offsetOf(LAST);
    const body = new Uint8Array(source.body.length + 64);
    body.set(source.body);
    const moved = source.body.length + beside;
    body.set(source.body.subarray(last.get(), last.get() + 12), moved);
    last.set(moved);
    source = { ...source, body };
    for (const kept of [withoutText(), fields.slice(1), fields.slice(2)]) {
      expect(valuesOf(read(kept), "last")).toEqual([7, 8, 9]);
      const [, { message }] = await split(Buffer.concat([...frameMessage(schema.metadata), ...write(kept)]));
      const batch: RecordBatch = message.header(new RecordBatch());
      expect(Number(batch.buffers(batch.buffersLength() - 1)?.offset()) % 64).toBe(moved % 64);
    }
  });

  test("finds buffers in a different order", () => {
    const [first, last] = [offsetOf(FIRST), offsetOf(LAST)];
    const [one, other] = [first.get(), last.get()];
    first.set(other);
    last.set(one);
    const table = read(withoutText());
    expect([valuesOf(table, "first"), valuesOf(table, "last")]).toEqual([
      [7, 8, 9],
      [1, 2, 3],
    ]);
  });

  test("writes bytes shared by several buffers only once", () => {
    offsetOf(LAST).set(offsetOf(FIRST).get());
    const [, ...body] = write(withoutText());
    expect(body.reduce((sum, { length }) => sum + length, 0)).toBe(16);
    expect(valuesOf(read(withoutText()), "last")).toEqual([1, 2, 3]);
  });

  test.each([-8, 2 ** 40])("rejects a kept buffer at %d, outside the body", (offset) => {
    offsetOf(LAST).set(offset);
    const failure = `rows: is malformed: batch 0 has a buffer outside its ${source.body.length} bytes. Write the stream again`;
    expect(() => write(withoutText())).toThrow(failure);
    expect(valuesOf(read(fields.slice(0, 1)), "first")).toEqual([1, 2, 3]);
  });

  test("rejects a batch whose buffers do not match its schema", async () => {
    const [other] = await messagesOf({ ...columns, text: [new Int32(), [4, 5, 6]] });
    fields = readSchema(other, "rows");
    expect(() => write(withoutText())).toThrow("batch 0 has 7 buffers, but its schema has 6");
  });
});
