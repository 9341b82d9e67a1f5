/** Writing many small pieces takes longer than copying them into one. */
const SMALL_BYTES = 2 ** 16;

/**
 * Reduces the number of pieces without changing the bytes. Adjacent small pieces are copied into one piece; large
 * pieces are kept.
 */
export function joinSmallPieces(pieces: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  let bytes = 0;
  const flush = () => {
    if (small.length > 0) joined.push(Buffer.concat(small));
    small = [];
    bytes = 0;
  };
  for (const piece of pieces) {
    if (bytes + piece.length > SMALL_BYTES) flush();
    if (piece.length > SMALL_BYTES) joined.push(piece);
    else {
      small.push(piece);
      bytes += piece.length;
    }
  }
  flush();
  return joined;
}
