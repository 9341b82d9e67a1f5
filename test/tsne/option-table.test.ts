import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { flagOf, optionTable } from "../../src/options/index.js";
import { TSNE_OPTIONS } from "../../src/tsne/index.js";

const page = resolve(import.meta.dirname, "../../docs/embed.md");

// With --update, Vitest writes the table into the guide.
test("the guide has the table of the declared options", async () => {
  const text = await readFile(page, "utf8");
  const between = /(<!-- t-SNE options[^>]*-->\n)[\s\S]*?(<!-- end of t-SNE options -->)/;
  expect(text).toMatch(between);
  const table = optionTable(TSNE_OPTIONS);
  await expect(text.replace(between, (_, begin, end) => `${begin}\n${table}\n${end}`)).toMatchFileSnapshot(page);
});

test.each(Object.entries(TSNE_OPTIONS))("%s is described, and accepts its default", (name, option) => {
  if (option.default !== undefined) expect(option.check(option.default, name)).toBe(option.default);
  for (const text of [option.help, option.guide, option.range]) expect(text).toMatch(/^\S[^\n]*$/);
  expect(flagOf(name, option) ?? "--none").toMatch(/^--[a-z-]+$/);
});
