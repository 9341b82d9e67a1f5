/** The first bytes of the formats that are read. Other files are not images. */
const BEGINNINGS = [
  "\x89PNG\r\n\x1a\n",
  "\xff\xd8\xff",
  "II*\0",
  "II+\0",
  "MM\0*",
  "MM\0+",
  "RIFF",
  "GIF87a",
  "GIF89a",
];
/** The number of bytes that are enough to recognize an image. */
export const BEGINNING_BYTES = 8;

/** Whether a file begins as a PNG, JPEG, TIFF, WebP or GIF file does. */
export function isImage(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, BEGINNING_BYTES)).toString("latin1");
  return BEGINNINGS.some((beginning) => text.startsWith(beginning));
}
