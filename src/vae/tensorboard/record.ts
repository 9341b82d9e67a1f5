/** Table of the CRC-32C remainders of all 256 bytes (Castagnoli, polynomial 0x1edc6f41), with reversed bits. */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1;
  return remainder;
});

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ REMAINDERS[(crc ^ byte) & 255];
  return ~crc >>> 0;
}

/**
 * Returns the bytes of one record of a TFRecord file: length (64 bits), checksum of the length, the data, checksum of
 * the data, all little-endian (https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details).
 */
export function frameRecord(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(8 + 4 + data.length + 4);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedChecksum(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedChecksum(data), 12 + data.length);
  return record;
}

/**
 * Computes the CRC-32C checksum, rotates its bits and adds a constant. Without this change, the checksum of data that
 * contain their own checksum would always be the same number.
 */
function maskedChecksum(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
