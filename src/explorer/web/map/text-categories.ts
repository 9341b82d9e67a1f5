import type { TextValues } from "../../text-values.js";

/** The code of a row without a text. */
export const MISSING_TEXT = 0xffff;

/**
 * The most frequent texts of a column as classes, the most frequent first.
 *
 * @returns the class names, of which the last one stands for all rarer texts, and for each row the index of its class
 */
export function mostFrequentTexts(texts: TextValues, most: number): { categories: string[]; values: Uint16Array } {
  const counts = new Map<string, number>();
  for (let row = 0; row < texts.length; row++) {
    const text = texts.at(row);
    if (text !== "") counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const repeated = [...counts].filter(([, count]) => count > 1).sort((a, b) => b[1] - a[1]);
  const names = repeated.slice(0, most - 1).map(([name]) => name);
  const numbers = new Map(names.map((name, number) => [name, number]));
  const hasOthers = counts.size > names.length;
  const values = new Uint16Array(texts.length);
  for (let row = 0; row < texts.length; row++) {
    const text = texts.at(row);
    values[row] = text === "" ? MISSING_TEXT : (numbers.get(text) ?? names.length);
  }
  return { categories: hasOthers ? [...names, OTHERS] : names, values };
}

const OTHERS = "other texts";
