import { FileError } from "../errors.js";

/** Whether a text begins with the byte order mark of UTF-16. Excel writes UTF-16 when it saves "Unicode text". */
export const isUtf16 = (head: Uint8Array): boolean =>
  (head[0] === 0xff && head[1] === 0xfe && !(head[2] === 0 && head[3] === 0)) || (head[0] === 0xfe && head[1] === 0xff);

/** Converts UTF-16 text to UTF-8, without its byte order mark. */
export async function* decodeUtf16(path: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  try {
    for await (const piece of pieces) {
      decoder ??= new TextDecoder(piece[0] === 0xff ? "utf-16le" : "utf-16be", { fatal: true });
      yield Buffer.from(decoder.decode(piece, { stream: true }));
    }
    yield Buffer.from(decoder?.decode() ?? "");
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new FileError("FILE_FORMAT", path, "is damaged UTF-16 text; save it as UTF-8", { cause });
  }
}
