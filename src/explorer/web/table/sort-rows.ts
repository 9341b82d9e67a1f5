import type { ColumnDescription } from "../../protocol.js";
import { TextValues } from "../../text-values.js";
import type { ColumnValues } from "../coded-values.js";

/* Rows are sorted by a radix sort of 64-bit keys, least significant digit first. For a million rows this takes a tenth
   of the time of a comparison sort. The key of a text consists of its first four characters; rows with the same key are
   then compared by their whole texts. */

const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;
/** Larger than the keys of all values. Rows without a value come last in either sort direction. */
const MISSING = 0xffffffff;

interface Keys {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

/**
 * Sorts all rows by the values of a column; rows without a value come last, and equal rows keep the order of the file.
 */
export function sortRows(
  column: ColumnDescription,
  values: ColumnValues | TextValues,
  isDescending: boolean,
): Uint32Array {
  const keys =
    values instanceof TextValues
      ? keysOfTexts(values)
      : column.kind === "category"
        ? keysOfCodes(values, column.missing)
        : keysOfNumbers(values);
  const isMissing = (row: number) => keys.high[row] === MISSING && keys.low[row] === MISSING;
  const rows = sortByKeys(keys);
  if (values instanceof TextValues) sortTies(rows, keys, values);
  let present = rows.length;
  while (present > 0 && isMissing(rows[present - 1])) present--;
  return isDescending ? reversed(rows, present, (a, b) => isTie(keys, values, a, b)) : rows;
}

/**
 * The bits of a float64 sort like the numbers if the sign bit of positive numbers and all bits of negative numbers are
 * inverted.
 */
function keysOfNumbers(values: ColumnValues): Keys {
  const [high, low] = [new Uint32Array(values.length), new Uint32Array(values.length)];
  const number = new Float64Array(1);
  const words = new Uint32Array(number.buffer);
  for (let row = 0; row < values.length; row++) {
    if (Number.isNaN(values[row])) {
      high[row] = low[row] = MISSING;
      continue;
    }
    // 0 and -0 are equal.
    number[0] = values[row] + 0;
    const isNegative = words[1] >>> 31 === 1;
    high[row] = isNegative ? ~words[1] : words[1] | 0x80000000;
    low[row] = isNegative ? ~words[0] : words[0];
  }
  return { high, low };
}

/** The codes of categories are already in sorted order. */
function keysOfCodes(values: ColumnValues, missing: number): Keys {
  const [high, low] = [new Uint32Array(values.length), new Uint32Array(values.length)];
  for (let row = 0; row < values.length; row++) {
    const isMissing = values[row] === missing;
    high[row] = isMissing ? MISSING : 0;
    low[row] = isMissing ? MISSING : values[row];
  }
  return { high, low };
}

function keysOfTexts({ text, offsets, length }: TextValues): Keys {
  const [high, low] = [new Uint32Array(length), new Uint32Array(length)];
  for (let row = 0; row < length; row++) {
    const [start, end] = [offsets[row], offsets[row + 1]];
    const at = (place: number) => (start + place < end ? text.charCodeAt(start + place) : 0);
    high[row] = start === end ? MISSING : at(0) * 65_536 + at(1);
    low[row] = start === end ? MISSING : at(2) * 65_536 + at(3);
  }
  return { high, low };
}

function sortByKeys({ high, low }: Keys): Uint32Array {
  let rows = Uint32Array.from({ length: high.length }, (_, row) => row);
  for (const words of [low, high]) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) rows = sortByDigit(rows, words, shift);
  }
  return rows;
}

function sortByDigit(rows: Uint32Array<ArrayBuffer>, words: Uint32Array, shift: number): Uint32Array<ArrayBuffer> {
  const starts = new Uint32Array(DIGITS + 1);
  for (const word of words) starts[((word >>> shift) & (DIGITS - 1)) + 1]++;
  // If all rows have the same digit, this pass changes nothing.
  if (starts.includes(rows.length)) return rows;
  for (let digit = 1; digit <= DIGITS; digit++) starts[digit] += starts[digit - 1];
  const sorted = new Uint32Array(rows.length);
  for (const row of rows) sorted[starts[(words[row] >>> shift) & (DIGITS - 1)]++] = row;
  return sorted;
}

/** Sorts rows with equal keys by their whole texts. */
function sortTies(rows: Uint32Array, { high, low }: Keys, texts: TextValues): void {
  for (let start = 0; start < rows.length; ) {
    let end = start + 1;
    while (end < rows.length && high[rows[end]] === high[rows[start]] && low[rows[end]] === low[rows[start]]) end++;
    if (end - start > 1 && high[rows[start]] !== MISSING) {
      const named = Array.from(rows.subarray(start, end), (row) => ({ row, text: texts.at(row) }));
      named.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.row - b.row));
      for (const [at, { row }] of named.entries()) rows[start + at] = row;
    }
    start = end;
  }
}

function isTie({ high, low }: Keys, values: ColumnValues | TextValues, a: number, b: number): boolean {
  if (high[a] !== high[b] || low[a] !== low[b]) return false;
  return !(values instanceof TextValues) || values.at(a) === values.at(b);
}

/** Reverses the first `present` rows but keeps the order of ties. The rows after them stay at the end. */
function reversed(rows: Uint32Array, present: number, areEqual: (a: number, b: number) => boolean): Uint32Array {
  const turned = new Uint32Array(rows.length);
  let at = 0;
  for (let end = present; end > 0; ) {
    let start = end - 1;
    while (start > 0 && areEqual(rows[start - 1], rows[end - 1])) start--;
    for (let place = start; place < end; place++) turned[at++] = rows[place];
    end = start;
  }
  turned.set(rows.subarray(present), present);
  return turned;
}
