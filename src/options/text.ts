import type { Declarations, Option } from "./option.js";

/** The description of a flag for `--help`: what it is, its range and its default. */
export function describeFlag({ help, range, defaultText }: Option<unknown, unknown>): string {
  // Ranges of names and values of programs stand in the noun phrase.
  const facts = [/^[^`]*\d[^`]*$/.test(range) ? range : "", defaultText && `default: ${plain(defaultText)}`].filter(
    Boolean,
  );
  return facts.length === 0 ? help : `${help} (${facts.join("; ")})`;
}

/** The options as a table in Markdown, for a guide. */
export function optionTable(declarations: Declarations): string {
  const rows = Object.entries(declarations).map(
    ([name, { defaultText, range, guide }]) => `| \`${name}\` | ${marked(defaultText)} | ${range} | ${guide} |`,
  );
  return ["| option | default | accepts | meaning |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
}

/** Without the quotation marks of programs. */
const plain = (text: string): string => text.replaceAll(/["`]/g, "");

const marked = (text: string): string => (/^"[^"]*"$/.test(text) ? `\`${text}\`` : text);
