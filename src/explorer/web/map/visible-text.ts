/** Characters of a text that are shown; the CSV of a selection has all of them. */
const MOST_CHARACTERS = 200;
/** Marks and overrides of the writing direction, and control characters: they could make a label look like another. */
const INVISIBLE = /[\p{Cc}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** A text of the data as the page shows it: shortened, with a sign in place of each character that cannot be seen. */
export function visibleText(text: string): string {
  const shortened = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return shortened.replaceAll(INVISIBLE, "\ufffd");
}
