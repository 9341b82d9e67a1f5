import type { TextValues } from "../../text-values.js";

/** All texts of a column in lower case. */
interface FoldedTexts {
  readonly text: string;
  readonly offsets: Uint32Array;
}
const folded = new WeakMap<TextValues, FoldedTexts>();

/** Converting to lower case can make a text longer, for example İ. */
function foldTexts(texts: TextValues): FoldedTexts {
  const known = folded.get(texts);
  if (known) return known;
  const text = texts.text.toLowerCase();
  let made: FoldedTexts = { text, offsets: texts.offsets };
  if (text.length !== texts.text.length) {
    const rows = Array.from({ length: texts.length }, (_, row) => texts.at(row).toLowerCase());
    const offsets = new Uint32Array(rows.length + 1);
    for (const [row, { length }] of rows.entries()) offsets[row + 1] = offsets[row] + length;
    made = { text: rows.join(""), offsets };
  }
  folded.set(texts, made);
  return made;
}

/** Marks the rows whose text contains another text, ignoring case: 1 for those rows, 0 for all others. */
export function rowsContaining(texts: TextValues, wanted: string): Uint8Array {
  const { text, offsets } = foldTexts(texts);
  const found = new Uint8Array(texts.length);
  const lower = wanted.toLowerCase();
  if (lower === "") return found.fill(1);
  let row = 0;
  for (let at = text.indexOf(lower); at >= 0; ) {
    while (offsets[row + 1] <= at) row++;
    // A match that begins in one text and ends in the next does not count.
    const isInside = at + lower.length <= offsets[row + 1];
    if (isInside) found[row] = 1;
    at = text.indexOf(lower, isInside ? offsets[row + 1] : at + 1);
  }
  return found;
}
