type Numbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** One page of {@link encodeTiff}. */
export interface EncodedPage {
  readonly width: number;
  readonly height: number;
  /** height x width x samples. */
  readonly data: Numbers;
  readonly samples?: number;
  /** Photometric interpretation: 1 (default) for gray values, 2 for red, green and blue. */
  readonly photometric?: number;
  /** A value of ExtraSamples for the last sample: 0 unspecified, 1 and 2 transparency. */
  readonly extra?: number;
  readonly orientation?: number;
  readonly description?: string;
  /** 1 for a reduced copy. */
  readonly subfile?: number | undefined;
  /** Bits and number format, for types such as float16 that JavaScript arrays do not have. */
  readonly stored?: { readonly bits: number; readonly format: number };
}

const SHORT = 3;
const LONG = 4;

/** Encodes uncompressed pages as a little-endian TIFF file with one strip per page. */
export function encodeTiff(pages: readonly EncodedPage[]): Buffer {
  const header = Buffer.from("II*\0\0\0\0\0", "latin1");
  const pieces: Buffer[] = [header];
  let size = header.length;
  let link = { buffer: header, at: 4 };
  const append = (piece: Buffer): number => {
    const padded = piece.length % 2 === 0 ? piece : Buffer.concat([piece, Buffer.alloc(1)]);
    pieces.push(padded);
    size += padded.length;
    return size - padded.length;
  };
  for (const page of pages) {
    const pixels = append(Buffer.from(page.data.buffer, page.data.byteOffset, page.data.byteLength));
    const fields = fieldsOf(page, pixels, append);
    const directory = Buffer.alloc(2 + 12 * fields.length + 4);
    directory.writeUInt16LE(fields.length, 0);
    for (const [i, [tag, type, count, value]] of fields.entries()) {
      const at = 2 + 12 * i;
      directory.writeUInt16LE(tag, at);
      directory.writeUInt16LE(type, at + 2);
      directory.writeUInt32LE(count, at + 4);
      directory.writeUInt32LE(value, at + 8);
    }
    link.buffer.writeUInt32LE(append(directory), link.at);
    link = { buffer: directory, at: directory.length - 4 };
  }
  return Buffer.concat(pieces);
}

type Field = [tag: number, type: number, count: number, value: number];

function fieldsOf(page: EncodedPage, pixels: number, append: (piece: Buffer) => number): Field[] {
  const { width, height, data, samples = 1, photometric = 1, extra, orientation, description, subfile } = page;
  const isFloat = data instanceof Float32Array || data instanceof Float64Array;
  const isSigned = data instanceof Int8Array || data instanceof Int16Array || data instanceof Int32Array;
  const { bits, format } = page.stored ?? { bits: 8 * data.BYTES_PER_ELEMENT, format: isFloat ? 3 : isSigned ? 2 : 1 };
  const perSample = (tag: number, value: number): Field => {
    if (samples <= 2) return [tag, SHORT, samples, samples === 1 ? value : value * 0x10001];
    const values = Buffer.alloc(2 * samples);
    for (let s = 0; s < samples; s++) values.writeUInt16LE(value, 2 * s);
    return [tag, SHORT, samples, append(values)];
  };
  const text = description === undefined ? undefined : Buffer.from(`${description}\0`, "latin1");
  const fields: (Field | undefined)[] = [
    subfile === undefined ? undefined : [254, LONG, 1, subfile],
    [256, SHORT, 1, width],
    [257, SHORT, 1, height],
    perSample(258, bits),
    [259, SHORT, 1, 1],
    [262, SHORT, 1, photometric],
    text && [270, 2, text.length, append(text)],
    [273, LONG, 1, pixels],
    orientation === undefined ? undefined : [274, SHORT, 1, orientation],
    [277, SHORT, 1, samples],
    [278, SHORT, 1, height],
    [279, LONG, 1, data.byteLength],
    extra === undefined ? undefined : [338, SHORT, 1, extra],
    perSample(339, format),
  ];
  return fields.filter((field) => field !== undefined);
}
