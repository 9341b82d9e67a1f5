import { readFile, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { optionTable } from "../../src/options/index.js";
import { MODEL_OPTIONS, TRAINING_TABLE_OPTIONS } from "../../src/vae/declarations/index.js";

const GUIDE = new URL("../../docs/models.md", import.meta.url);

it("agrees with the tables of the guide, which UPDATE_TABLES=1 writes", async () => {
  const text = await readFile(GUIDE, "utf8");
  const filled = [
    ["model options", MODEL_OPTIONS],
    ["training options", TRAINING_TABLE_OPTIONS],
  ].reduce((page, [name, options]) => fill(page, name as string, optionTable(options as typeof MODEL_OPTIONS)), text);
  if (process.env.UPDATE_TABLES === "1") await writeFile(GUIDE, filled);
  expect(await readFile(GUIDE, "utf8")).toBe(filled);
});

/** Returns the page with the table inserted between the comments of this name. */
function fill(page: string, name: string, table: string): string {
  const [start, end] = [`<!-- table: ${name} -->\n`, `<!-- end of table: ${name} -->`];
  const [from, to] = [page.indexOf(start) + start.length, page.indexOf(end)];
  expect(to, `the place of the table of ${name}`).toBeGreaterThan(from - 1);
  return `${page.slice(0, from)}\n${table}\n${page.slice(to)}`;
}
