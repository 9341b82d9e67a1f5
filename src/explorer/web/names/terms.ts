/** Candidates for names: the values of a column, or the words of its texts, for each row. */
export interface Terms {
  readonly names: readonly string[];
  /**
   * The terms of row i are `terms[starts[i]]` up to, but not including, `terms[starts[i + 1]]`. Omitted rows have no
   * terms.
   */
  readonly starts: Uint32Array;
  readonly terms: Uint32Array;
}

/** One term per row. */
export function termsOfCategories(values: ArrayLike<number>, names: readonly string[]): Terms {
  const starts = new Uint32Array(values.length + 1);
  const terms = new Uint32Array(values.length);
  let at = 0;
  for (let row = 0; row < values.length; row++) {
    if (values[row] < names.length) terms[at++] = values[row];
    starts[row + 1] = at;
  }
  return { names, starts, terms: terms.subarray(0, at) };
}

/**
 * Maximum number of rows whose texts are read. This is enough to find words for any region, and fast enough for one
 * pass.
 */
const MAX_ROWS = 100_000;
/** Minimum number of rows that contain a word, so that names are not due to chance. */
const MIN_ROWS = 3;
const WORD = /\p{L}[\p{L}\p{N}’'-]+/gu;
/**
 * Frequent words without meaning. Other such words are equally frequent everywhere, so they are never over-represented.
 */
const STOP_WORDS = new Set(
  "a an and are as at be but by for from has have in is it its not of on or that the this to was were which with you".split(
    " ",
  ),
);

/** The words of texts, with each word at most once per row. */
export function termsOfTexts(textAt: (row: number) => string, rows: number): Terms {
  const step = Math.max(1, Math.ceil(rows / MAX_ROWS));
  const numbers = new Map<string, number>();
  const names: string[] = [];
  const counts: number[] = [];
  const starts = new Uint32Array(rows + 1);
  const terms: number[] = [];
  for (let row = 0; row < rows; row++) {
    if (row % step === 0) {
      for (const word of wordsOf(textAt(row))) {
        let number = numbers.get(word);
        if (number === undefined) {
          number = names.length;
          numbers.set(word, number);
          names.push(word);
          counts.push(0);
        }
        counts[number]++;
        terms.push(number);
      }
    }
    starts[row + 1] = terms.length;
  }
  return withoutRare({ names, starts, terms: Uint32Array.from(terms) }, counts);
}

function wordsOf(text: string): Set<string> {
  const words = new Set<string>();
  for (const [word] of text.toLowerCase().matchAll(WORD)) if (word.length > 2 && !STOP_WORDS.has(word)) words.add(word);
  return words;
}

function withoutRare({ names, starts, terms }: Terms, counts: readonly number[]): Terms {
  const kept = [...names.keys()].filter((number) => counts[number] >= MIN_ROWS);
  const numbers = new Int32Array(names.length).fill(-1);
  for (const [at, number] of kept.entries()) numbers[number] = at;
  const keptStarts = new Uint32Array(starts.length);
  const keptTerms = new Uint32Array(terms.length);
  let end = 0;
  for (let row = 0; row + 1 < starts.length; row++) {
    for (let at = starts[row]; at < starts[row + 1]; at++) {
      if (numbers[terms[at]] >= 0) keptTerms[end++] = numbers[terms[at]];
    }
    keptStarts[row + 1] = end;
  }
  return { names: kept.map((number) => names[number]), starts: keptStarts, terms: keptTerms.subarray(0, end) };
}
