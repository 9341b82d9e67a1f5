import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import { damagedFile, FileError } from "../errors.js";
import { asFormatError, withFormatErrors } from "./file-errors.js";
import { type OpenFile, readPieces, sliceFile } from "./open-file.js";
import { spool } from "./spool.js";

/** A file in a ZIP archive. */
export interface ZipEntry {
  readonly name: string;
  /** Reads its first bytes, at most `length`. */
  readHead(length: number): Promise<Buffer>;
  /** Opens it for reading. The caller closes its handle. @param path name of the file in messages */
  open(path: string): Promise<OpenFile>;
}

/**
 * Lists the files of a ZIP archive. A file stored without compression is read directly from the archive.
 *
 * @throws {FileError} FILE_FORMAT if the archive is cut off or damaged, or an entry is encrypted
 */
export async function listZip(file: OpenFile, signal: AbortSignal | undefined): Promise<ZipEntry[]> {
  const { fromRandomAccessReaderPromise, RandomAccessReader } = await import("yauzl");
  class Reader extends RandomAccessReader {
    override _readStreamForRange(start: number, end: number): Readable {
      return Readable.from(readPieces(file, start, end, signal), { objectMode: false });
    }
  }
  return asFormatError(file.path, async () => {
    const options = { lazyEntries: true, autoClose: false };
    const zip = await fromRandomAccessReaderPromise(new Reader(), file.size, options).catch((cause: Error) => {
      if (!cause.message.startsWith("End of central directory")) throw cause;
      const reason = "is cut off, or is not a ZIP archive: its directory is missing. Copy or download it again";
      throw new FileError("FILE_FORMAT", file.path, reason, { cause });
    });
    const entries: ZipEntry[] = [];
    for await (const entry of zip.eachEntry()) entries.push(toEntry(file, zip, entry, signal));
    return entries;
  });
}

function toEntry(file: OpenFile, zip: ZipFile, entry: Entry, signal: AbortSignal | undefined): ZipEntry {
  return {
    name: entry.fileName,
    async readHead(length) {
      const pieces: Buffer[] = [];
      let size = 0;
      for await (const piece of inflate(file.path, zip, entry)) {
        pieces.push(piece);
        size += piece.length;
        if (size >= length) break;
      }
      return Buffer.concat(pieces).subarray(0, length);
    },
    async open(path) {
      if (entry.compressionMethod !== 0) return spool(path, checked(path, entry, inflate(path, zip, entry)), signal);
      const { fileDataStart } = await asFormatError(path, () =>
        zip.readLocalFileHeaderPromise(entry, { minimal: true }),
      );
      return sliceFile(file, path, fileDataStart, entry.uncompressedSize);
    },
  };
}

async function* inflate(path: string, zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  if (!entry.canDecodeFileData()) {
    const reason = entry.isEncrypted() ? "is encrypted" : `is compressed by method ${entry.compressionMethod}`;
    throw new FileError("FILE_FORMAT", path, `${entry.fileName} ${reason}: expected a stored or deflated file`);
  }
  yield* withFormatErrors<Buffer>(path, await zip.openReadStreamPromise(entry));
}

async function* checked(path: string, entry: Entry, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let sum = 0;
  for await (const piece of pieces) {
    sum = crc32(piece, sum);
    yield piece;
  }
  if (sum !== entry.crc32) throw damagedFile(path, "is damaged: its checksum differs");
}
