import type { Declarations, Option } from "./option.js";

/** Returns the description of a flag for `--help`: its meaning, range and default. */
export function describeFlag({ help, range, defaultText }: Option<unknown, unknown>): string {
  // Ranges that list names or values of programs are already part of the help text.
  const facts = [/^[^`]*\d[^`]*$/.test(range) ? range : "", defaultText && `default: ${plain(defaultText)}`].filter(
    Boolean,
  );
  return facts.length === 0 ? help : `${help} (${facts.join("; ")})`;
}

/** Returns the options as a Markdown table for a guide. */
export function optionTable(declarations: Declarations): string {
  const rows = Object.entries(declarations).map(
    ([name, { defaultText, range, guide }]) => `| \`${name}\` | ${marked(defaultText)} | ${range} | ${guide} |`,
  );
  return ["| option | default | accepts | meaning |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
}

/** Removes all quotation marks and backticks from a text. */
const plain = (text: string): string => text.replaceAll(/["`]/g, "");

const marked = (text: string): string => (/^"[^"]*"$/.test(text) ? `\`${text}\`` : text);
