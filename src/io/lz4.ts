import { createRequire } from "node:module";

/** Native, hence loaded for files that need it alone; their readers call decoders without waiting. */
const library = (): typeof import("lz4-napi") => createRequire(import.meta.url)("lz4-napi");

/** Decompresses an LZ4 frame, as Arrow has them. @throws {Error} where it is damaged */
export function decompressLz4Frame(data: Uint8Array): Uint8Array {
  return library().decompressFrameSync(Buffer.from(data.buffer, data.byteOffset, data.length));
}

/** Decompresses an LZ4 block of that size, as Parquet has them. @throws {Error} where it is damaged */
export function decompressLz4Block(data: Uint8Array, size: number): Uint8Array {
  // The library takes blocks with their size before them.
  const prefixed = Buffer.allocUnsafe(4 + data.length);
  prefixed.writeUInt32LE(size);
  prefixed.set(data, 4);
  return library().uncompressSync(prefixed);
}
