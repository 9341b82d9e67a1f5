import { createRequire } from "node:module";

/**
 * The library is native code, so it is loaded only for files that need it. Loading is synchronous, because the readers
 * call decoders synchronously.
 */
const library = (): typeof import("lz4-napi") => createRequire(import.meta.url)("lz4-napi");

/** Decompresses an LZ4 frame, which Arrow uses. @throws {Error} if it is damaged */
export function decompressLz4Frame(data: Uint8Array): Uint8Array {
  return library().decompressFrameSync(Buffer.from(data.buffer, data.byteOffset, data.length));
}

/** Decompresses an LZ4 block to the given size, which Parquet uses. @throws {Error} if it is damaged */
export function decompressLz4Block(data: Uint8Array, size: number): Uint8Array {
  // The library expects the size before the block.
  const prefixed = Buffer.allocUnsafe(4 + data.length);
  prefixed.writeUInt32LE(size);
  prefixed.set(data, 4);
  return library().uncompressSync(prefixed);
}
