import { Message } from "apache-arrow/fb/message";
import { ByteBuffer } from "flatbuffers";
import type { ArrowContents } from "./arrow-metadata.js";
import { appendFields, frameMessage, IpcBatch, type IpcMessage, readDictionaryId, readSchema } from "./ipc/index.js";

/** A file as a stream that contains only the columns that the library apache-arrow can read. */
export interface ReadableColumns {
  readonly schema: Uint8Array;
  /**
   * Returns a message without the omitted columns, in pieces of bytes. For the dictionary of an omitted column, there
   * are no pieces.
   */
  message(metadata: Uint8Array, body: Uint8Array): readonly Uint8Array[];
}

/**
 * Leaves out the columns whose types the library apache-arrow does not support, because the library would reject the
 * whole file.
 */
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

/** @param framed the length of the metadata and the metadata; current streams put a marker before the length */
export function messageOf(framed: Uint8Array, body: Uint8Array): IpcMessage {
  const mark = Buffer.from(framed.buffer, framed.byteOffset, 4).readUInt32LE();
  const metadata = framed.subarray(mark === 2 ** 32 - 1 ? 8 : 4);
  const message = Message.getRootAsMessage(new ByteBuffer(metadata));
  return { kind: message.headerType(), message, metadata, body };
}
