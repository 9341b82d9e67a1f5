/** The first bytes of the supported image formats. A file that begins differently is not treated as an image. */
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
