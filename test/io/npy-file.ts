/** Returns the bytes of a .npy file, in C order by default. */
export function encodeNpy(descr: string, shape: readonly number[], data: Uint8Array, fortranOrder = false): Buffer {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const order = fortranOrder ? "True" : "False";
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${sizes}), }`;
  const header = Buffer.from(`${text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11)}\n`, "latin1");
  const start = Buffer.from("\x93NUMPY\x01\x00\x00\x00", "latin1");
  start.writeUInt16LE(header.length, 8);
  return Buffer.concat([start, header, data]);
}

/** Returns the bytes of numbers in memory. */
export const bytesOf = (numbers: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array): Uint8Array =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);

/** Encodes texts as NumPy does: four bytes per character, padded with zeros. */
export function unicode(texts: readonly string[], width: number): Uint8Array {
  const points = new Uint32Array(texts.length * width);
  for (const [i, text] of texts.entries())
    points.set(
      Array.from(text, (c) => c.codePointAt(0) as number),
      i * width,
    );
  return new Uint8Array(points.buffer);
}
