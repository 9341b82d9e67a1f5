import { DictionaryBatch } from "apache-arrow/fb/dictionary-batch";
import { Message } from "apache-arrow/fb/message";
import { MessageHeader } from "apache-arrow/fb/message-header";
import { ByteBuffer } from "flatbuffers";
import { damagedFile, FileError } from "../../errors.js";

/** One message of an Arrow IPC stream in its encoded form. */
export interface IpcMessage {
  readonly kind: MessageHeader;
  readonly message: Message;
  /** The flatbuffer from which `message` reads. */
  readonly metadata: Uint8Array;
  /** The memory of the body is aligned to 8 bytes. */
  readonly body: Uint8Array;
}

/** Marker at the start of every message. Followed by four zeros, it ends the stream. */
const CONTINUATION = 0xffffffff;
const FILE_MAGIC = Buffer.from("ARROW1\0\0");
/** Limit of the metadata of a message. Even a schema of a million columns is smaller. */
const LARGEST_METADATA = 2 ** 28;
/** Up to this many bytes are allocated before the data have arrived. */
const TRUSTED_BYTES = 2 ** 26;

/** The bytes that end a stream. */
export const END_OF_STREAM: Uint8Array = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);

/**
 * The beginning of a message that is never completed. It is written after a failure, so that readers report an
 * incomplete stream even if the output stopped between two messages.
 */
export const BROKEN_OFF: Uint8Array = Uint8Array.of(255, 255, 255, 255);

/** Advice for a stream that is cut off or damaged. */
export const WRITE_AGAIN = "Write the stream again, and check that the program that writes it ends without an error";

/**
 * Splits an Arrow IPC stream into messages without decoding their content. An Arrow file (Feather 2) contains a stream
 * between a marker and a footer, and is read as that stream.
 *
 * @param name name of the input in error messages
 * @throws {FileError} FILE_FORMAT if the input is not such a stream, or is cut off within a message; the error states
 *   the number of the message
 */
export async function* readMessages(input: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<IpcMessage> {
  const bytes = new ByteQueue(input);
  const fail = (reason: string) => new FileError("FILE_FORMAT", name, reason);
  const failDamaged = (reason: string) => damagedFile(name, reason, undefined, WRITE_AGAIN);
  let batches = 0;
  let place = "its schema";
  try {
    let prelude = await bytes.take(8);
    if (prelude.length === 0) throw fail("is empty: expected an Arrow stream. Check the program that writes it");
    if (FILE_MAGIC.equals(prelude)) prelude = await bytes.take(8);
    else if (prelude.length < 4 || viewOf(prelude).getUint32(0, true) !== CONTINUATION) {
      throw fail(
        "is not an Arrow stream, which begins with ff ff ff ff. Write one, for example with pyarrow.ipc.new_stream",
      );
    }
    while (prelude.length > 0) {
      const cutOff = () => failDamaged(`is cut off within ${place}`);
      if (prelude.length < 8) throw cutOff();
      const view = viewOf(prelude);
      const length = view.getInt32(4, true);
      if (view.getUint32(0, true) !== CONTINUATION || length < 0 || length > LARGEST_METADATA) {
        throw failDamaged(`is malformed: no message begins where ${place} should`);
      }
      if (length === 0) break;
      const metadata = await bytes.take(length);
      if (metadata.length < length) throw cutOff();
      const message = Message.getRootAsMessage(new ByteBuffer(metadata));
      const [kind, size] = [message.headerType(), message.bodyLength()];
      if (size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER))
        throw failDamaged(`is malformed: ${place} has ${size} bytes`);
      const body = await bytes.take(Number(size));
      if (BigInt(body.length) < size) throw cutOff();
      if (kind === MessageHeader.RecordBatch) batches++;
      yield { kind, message, metadata, body };
      place = `batch ${batches}`;
      prelude = await bytes.take(8);
    }
    // Read on after the end of the stream. Otherwise a program that still writes, such as the footer of a file, would
    // get an error about a closed pipe.
    while ((await bytes.take(TRUSTED_BYTES)).length > 0);
  } finally {
    await bytes.close();
  }
}

/** Returns the id of the dictionary in a message; undefined for other messages. */
export function readDictionaryId({ kind, message }: IpcMessage): bigint | undefined {
  if (kind !== MessageHeader.DictionaryBatch) return undefined;
  return message.header(new DictionaryBatch())?.id();
}

/** Returns the bytes of a message in pieces. The length of the body must be a multiple of 8 bytes. */
export function frameMessage(metadata: Uint8Array, ...body: readonly Uint8Array[]): Uint8Array[] {
  const length = Math.ceil(metadata.length / 8) * 8;
  const head = new Uint8Array(8 + length);
  const view = viewOf(head);
  view.setUint32(0, CONTINUATION, true);
  view.setInt32(4, length, true);
  head.set(metadata, 8);
  return [head, ...body.filter((piece) => piece.length > 0)];
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Collects incoming pieces of bytes and returns them in the requested lengths. */
class ByteQueue {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  #ended = false;

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#pieces = input[Symbol.asyncIterator]();
  }

  /** Returns the next `length` bytes in new memory; fewer at the end of the input. */
  async take(length: number): Promise<Uint8Array> {
    // A damaged length may be huge, so memory is allocated only as the bytes arrive.
    if (length > TRUSTED_BYTES) return this.#collect(length);
    const taken = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      if (this.#rest.length === 0 && !(await this.#next())) break;
      const piece = this.#rest.subarray(0, length - filled);
      taken.set(piece, filled);
      filled += piece.length;
      this.#rest = this.#rest.subarray(piece.length);
    }
    return taken.subarray(0, filled);
  }

  async close(): Promise<void> {
    if (!this.#ended) await this.#pieces.return?.();
  }

  async #collect(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      const part = await this.take(Math.min(missing, TRUSTED_BYTES));
      parts.push(part);
      missing -= part.length;
      if (part.length === 0) break;
    }
    const whole = new Uint8Array(length - missing);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  async #next(): Promise<boolean> {
    if (this.#ended) return false;
    const { done, value } = await this.#pieces.next();
    this.#ended = done === true;
    this.#rest = done ? new Uint8Array() : value;
    return !done;
  }
}
