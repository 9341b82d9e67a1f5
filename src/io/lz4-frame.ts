/**
 * Decompresses an LZ4 frame (LZ4 frame format 1.6.1, block format 1.5), whose blocks may refer to those before. Checksums are
 * not looked at. No package of the registry that is kept up decodes frames without a build or a download.
 *
 * @throws {Error} where it is damaged
 */
export function decodeLz4Frame(input: Uint8Array): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  if (view.getUint32(0, true) !== 0x184d2204) throw new Error("not an LZ4 frame");
  const flags = view.getUint8(4);
  const [hasBlockChecksums, hasSize, hasDictionary] = [(flags & 16) !== 0, (flags & 8) !== 0, (flags & 1) !== 0];
  if (hasDictionary) throw new Error("an LZ4 frame that needs a dictionary");
  let output = new Uint8Array(Math.max(2 ** 16, 4 * input.length));
  let length = 0;
  let at = 7 + (hasSize ? 8 : 0);
  for (let size = view.getUint32(at, true); size !== 0; size = view.getUint32(at, true)) {
    const bytes = size & 0x7fffffff;
    const block = input.subarray(at + 4, at + 4 + bytes);
    if (block.length < bytes) throw new Error("an LZ4 frame ends within a block");
    if (size >= 2 ** 31) append(block);
    else decodeBlock(block);
    at += 4 + bytes + (hasBlockChecksums ? 4 : 0);
  }
  return output.subarray(0, length);

  function reserve(more: number): void {
    if (length + more <= output.length) return;
    const larger = new Uint8Array(Math.max(2 * output.length, length + more));
    larger.set(output.subarray(0, length));
    output = larger;
  }

  function append(bytes: Uint8Array): void {
    reserve(bytes.length);
    output.set(bytes, length);
    length += bytes.length;
  }

  function decodeBlock(block: Uint8Array): void {
    let place = 0;
    const next = (): number => {
      const byte = block[place++];
      if (byte === undefined) throw new Error("an LZ4 block ends within a sequence");
      return byte;
    };
    /** A count of four bits, and of further bytes while they are full. */
    const count = (bits: number): number => {
      let sum = bits;
      for (let byte = bits === 15 ? 255 : 0; byte === 255; sum += byte) byte = next();
      return sum;
    };
    while (place < block.length) {
      const token = next();
      const literals = count(token >> 4);
      if (place + literals > block.length) throw new Error("an LZ4 block ends within its literals");
      append(block.subarray(place, place + literals));
      place += literals;
      // The last sequence has no match.
      if (place === block.length) return;
      const offset = next() + 256 * next();
      if (offset === 0 || offset > length) throw new Error("an LZ4 match begins before the data");
      const match = count(token & 15) + 4;
      reserve(match);
      for (const end = length + match; length < end; length++) output[length] = output[length - offset] as number;
    }
  }
}
