/**
 * The texts of a column, one per row, stored as one long text and the offsets of the rows. This needs a fraction of the
 * memory of an array of texts, and all texts can be searched at once. The server and the page both use this class.
 */
export class TextValues {
  /**
   * @param text all texts, one after the other
   * @param offsets n + 1 numbers: text i is at `offsets[i]` to `offsets[i + 1]`, counted in UTF-16 code units
   */
  constructor(
    readonly text: string,
    readonly offsets: Uint32Array,
  ) {}

  static from(texts: readonly string[]): TextValues {
    const offsets = new Uint32Array(texts.length + 1);
    for (let i = 0; i < texts.length; i++) offsets[i + 1] = offsets[i] + texts[i].length;
    return new TextValues(texts.join(""), offsets);
  }

  get length(): number {
    return this.offsets.length - 1;
  }

  /** The text of a row; empty if it is missing. */
  at(row: number): string {
    return this.text.slice(this.offsets[row], this.offsets[row + 1]);
  }

  /** The offsets as uint32, then the text in UTF-8. */
  encode(): Uint8Array<ArrayBuffer> {
    const text = new TextEncoder().encode(this.text);
    const bytes = new Uint8Array(this.offsets.byteLength + text.byteLength);
    bytes.set(new Uint8Array(this.offsets.buffer, this.offsets.byteOffset, this.offsets.byteLength));
    bytes.set(text, this.offsets.byteLength);
    return bytes;
  }

  /** Decodes the bytes of {@link encode}. */
  static decode(bytes: ArrayBuffer, rows: number): TextValues {
    const offsets = new Uint32Array(bytes, 0, rows + 1);
    // Without this option, the decoder would remove a byte order mark at the beginning, and all offsets would be wrong.
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(bytes, offsets.byteLength));
    return new TextValues(text, offsets);
  }
}
