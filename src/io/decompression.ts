import { Readable } from "node:stream";
import * as zlib from "node:zlib";
import { FileError } from "../errors.js";

/** A compression method for whole files. */
export interface Compression {
  /** The extensions of compressed files: `x.csv.gz`. */
  readonly extensions: readonly string[];
  matches(head: Uint8Array): boolean;
  /** @throws {FileError} FILE_FORMAT if the compressed bytes are damaged or cut off */
  decompress(path: string, pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

const gzip: Compression = {
  extensions: [".gz", ".gzip"],
  matches: (head) => head[0] === 0x1f && head[1] === 0x8b,
  decompress: (path, pieces) => throughStream(path, pieces, zlib.createGunzip()),
};

const zstandard: Compression = {
  extensions: [".zst", ".zstd"],
  matches: (head) => head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd,
  decompress: (path, pieces) => {
    // Node.js has Zstandard from 22.15 on; it verifies checksums and is faster than the package.
    const { createZstdDecompress } = zlib as { createZstdDecompress?: () => NodeJS.ReadWriteStream };
    return createZstdDecompress ? throughStream(path, pieces, createZstdDecompress()) : unpackZstandard(path, pieces);
  },
};

const COMPRESSIONS = [gzip, zstandard];

/** Recognizes the compression method of a file from its first bytes. */
export const findCompression = (head: Uint8Array): Compression | undefined =>
  COMPRESSIONS.find(({ matches }) => matches(head));

/** Returns the path without the extension of a compressed file: `x.csv` for `x.csv.gz`. */
export function withoutCompression(path: string): string {
  const extension = COMPRESSIONS.flatMap(({ extensions }) => extensions).find((end) =>
    path.toLowerCase().endsWith(end),
  );
  return extension === undefined ? path : path.slice(0, -extension.length);
}

async function* throughStream(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  stream: NodeJS.ReadWriteStream,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(pieces, { objectMode: false });
  let failure: unknown;
  source.on("error", (error) => {
    failure = error;
    stream.emit("error", error);
  });
  try {
    yield* source.pipe(stream) as AsyncIterable<Buffer>;
  } catch (error) {
    // An error of the source is reported unchanged, not as damaged compressed data.
    throw failure ?? damaged(path, error);
  } finally {
    source.destroy();
  }
}

async function* unpackZstandard(path: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import("fzstd");
  let unpacked: Uint8Array[] = [];
  const decoder = new Decompress((piece) => void unpacked.push(piece));
  const push = (piece: Uint8Array, isLast: boolean): Uint8Array[] => {
    try {
      decoder.push(piece, isLast);
    } catch (error) {
      throw damaged(path, error);
    }
    return unpacked;
  };
  let held: Uint8Array | undefined;
  for await (const piece of pieces) {
    if (held) yield* push(held, false);
    unpacked = [];
    held = piece;
  }
  yield* push(held ?? new Uint8Array(), true);
}

const CUT_OFF = new Set(["unexpected end of file", "unexpected EOF"]);

function damaged(path: string, cause: unknown): FileError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const isCutOff = CUT_OFF.has(reason) || (cause as { code?: string }).code === "Z_BUF_ERROR";
  const message = isCutOff
    ? "is cut off: its compressed data end too early. Copy or download it again"
    : `cannot be decompressed: ${reason}. Copy or download it again`;
  return new FileError("FILE_FORMAT", path, message, { cause });
}
