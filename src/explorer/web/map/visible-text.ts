/** Number of characters of a text that are shown. A selection exported as CSV contains the whole text. */
const MOST_CHARACTERS = 200;
/**
 * Marks and overrides of the writing direction, and control characters. They could make two different labels look the
 * same.
 */
const INVISIBLE = /[\p{Cc}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** Prepares a text of the data for display: shortens it, and replaces each invisible character by a visible sign. */
export function visibleText(text: string): string {
  const shortened = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return shortened.replaceAll(INVISIBLE, "\ufffd");
}
