import { isUtf8 } from "node:buffer";
import { type OpenFile, readPieces } from "./open-file.js";
import { spool } from "./spool.js";

const HEAD_BYTES = 2 ** 16;
/**
 * Largest number of bytes of an incomplete character at the end of the examined bytes. A character in UTF-8 has up to
 * four bytes, so an incomplete one has up to three.
 */
const LONGEST_CUT = 3;

/**
 * Returns a text file in UTF-8. Text that is not UTF-8 is read as Windows-1252, in which Excel saves "CSV" in western
 * Europe and which includes the printable characters of Latin-1.
 *
 * @returns the file itself, or its content converted to UTF-8, which is closed with the file
 */
export async function asUtf8(file: OpenFile, signal: AbortSignal | undefined): Promise<OpenFile> {
  const { buffer, bytesRead } = await file.handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  const head = buffer.subarray(0, bytesRead);
  if (head.includes(0)) return file;
  const ends =
    bytesRead === HEAD_BYTES ? Array.from({ length: LONGEST_CUT + 1 }, (_, cut) => bytesRead - cut) : [bytesRead];
  if (ends.some((end) => isUtf8(head.subarray(0, end)))) return file;
  const decoded = await spool(file.path, decodeWestern(readPieces(file, 0, file.size, signal)), signal);
  file.whenClosed?.(() => decoded.handle.close());
  return { ...decoded, part: file.part };
}

async function* decodeWestern(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder("windows-1252");
  for await (const piece of pieces) yield Buffer.from(decoder.decode(piece, { stream: true }));
}
