import { Message } from "apache-arrow/fb/message";
import { ByteBuffer } from "flatbuffers";
import type { ArrowContents } from "./arrow-metadata.js";
import { appendFields, frameMessage, IpcBatch, type IpcMessage, readDictionaryId, readSchema } from "./ipc/index.js";

/** The columns of a file that the library can read, as a stream of which the other columns are left out. */
export interface ReadableColumns {
  readonly schema: Uint8Array;
  /** A message of the file for this stream, in pieces; none for the dictionary of a column that is left out. */
  message(metadata: Uint8Array, body: Uint8Array): readonly Uint8Array[];
}

/** Leaves out the columns of types that the library does not know, because it would refuse the whole file. */
export function leaveOutUnreadable({ schema, unreadable }: ArrowContents, path: string): ReadableColumns {
  const source = messageOf(schema, new Uint8Array());
  const fields = readSchema(source, path);
  const kept = fields.filter((_, index) => unreadable.every((column) => column.index !== index));
  const dictionaries = new Set(kept.flatMap((field) => field.dictionaries));
  let batches = 0;
  return {
    schema: Buffer.concat(frameMessage(appendFields(source, kept, []))),
    message(metadata, body) {
      const message = messageOf(metadata, body);
      const dictionary = readDictionaryId(message);
      if (dictionary !== undefined) return dictionaries.has(dictionary) ? [metadata, body] : [];
      return new IpcBatch(message, fields, batches++, path).withColumns(kept, [], new Uint8Array(), []);
    },
  };
}

/** @param framed metadata with the length before them, in streams of today after a mark */
export function messageOf(framed: Uint8Array, body: Uint8Array): IpcMessage {
  const mark = Buffer.from(framed.buffer, framed.byteOffset, 4).readUInt32LE();
  const metadata = framed.subarray(mark === 2 ** 32 - 1 ? 8 : 4);
  const message = Message.getRootAsMessage(new ByteBuffer(metadata));
  return { kind: message.headerType(), message, metadata, body };
}
