import { existsSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { nameHeading } from "../../docs/.vitepress/pages.mjs";
import packageJson from "../../package.json" with { type: "json" };
import { createProgram } from "../../src/cli/program.js";
import { ofLanguage, pages, root } from "./pages.js";
import { findCommands } from "./snippets.js";

describe.each(pages.map(({ path, text, snippets }) => [path, { text, snippets }] as const))("%s", (path, page) => {
  test("links to files that exist", () => {
    const links = [...page.text.matchAll(/\]\((?!https?:)([^)#\s]*)(#[^)]*)?\)/g)].map(([, target]) => target);
    const missing = links.filter((target) => !existsSync(join(root, dirname(path), target)));
    expect(missing).toEqual([]);
  });

  test("links to headings that exist", () => {
    const links = [...page.text.matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)];
    for (const [link, target, heading] of links) {
      const linked = target === "" ? path : posix.join(posix.dirname(path), target);
      const found = pages.find((one) => one.path === linked);
      if (found) expect(headingsOf(found.text), link).toContain(heading);
    }
  });

  test("shows commands, options and scripts that exist", () => {
    const program = createProgram();
    for (const command of ofLanguage(page.snippets, "sh").flatMap(({ code }) => findCommands(code))) {
      for (const part of command.split(/\s*(?:&&|\||;)\s*/)) checkCommand(program, part);
    }
  });
});

function headingsOf(markdown: string): string[] {
  const text = markdown.replace(/^```.*?^```$/gms, "");
  return Array.from(text.matchAll(/^#+ (.*)$/gm), ([, title]) => nameHeading(title));
}

/** Checks that the commands, options and scripts on a page exist in this package. */
function checkCommand(program: Command, text: string): void {
  const words = text.match(/"[^"]*"|\S+/g) ?? [];
  if (words[0] === "npm" && words[1] === "run") expect(Object.keys(packageJson.scripts), text).toContain(words[2]);
  const [name, ...rest] =
    words[0] === "sigma-tsne" ? words.slice(1) : words[0] === "npx" && words[1] === "sigma-tsne" ? words.slice(2) : [];
  if (name === undefined || name.startsWith("-")) return;
  const command = program.commands.find((one) => one.name() === name);
  expect(command, text).toBeDefined();
  const known = command?.options.flatMap(({ short, long }) => [short, long]) ?? [];
  for (const word of rest) if (/^--?[a-z]/i.test(word)) expect([...known, "--help"], text).toContain(word);
}
