import type { IpcBatch } from "../io/ipc/index.js";

/** A part of an Arrow stream: bytes that are passed on unchanged, or a batch that gets new columns. */
export type StreamItem = { readonly bytes: readonly Uint8Array[] } | { readonly batch: IpcBatch };

/** Returns the number of rows of a part. */
export const rowsOf = (item: StreamItem): number => ("batch" in item ? item.batch.rows : 0);

/** Returns the number of bytes of a part. */
export const bytesOf = (item: StreamItem): number =>
  "batch" in item ? item.batch.bytes : item.bytes.reduce((sum, piece) => sum + piece.length, 0);

/**
 * Returns the memory that pieces of bytes keep allocated. A piece may be a view of a larger buffer, and then the whole
 * buffer stays in memory. A buffer with several views is counted once.
 */
export const heldBytes = (pieces: readonly Uint8Array[]): number =>
  [...new Set(pieces.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0);
