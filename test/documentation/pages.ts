import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { findSnippets, type Snippet } from "./snippets.js";

export const root = resolve(import.meta.dirname, "../..");

/** A page of the documentation. */
export interface Page {
  readonly path: string;
  readonly text: string;
  readonly snippets: readonly Snippet[];
}

const names = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md"));
export const pages: readonly Page[] = await Promise.all(
  ["README.md", "bench/README.md", ...names.map((name) => `docs/${name}`)].map(async (path) => {
    const text = await readFile(join(root, path), "utf8");
    return { path, text, snippets: findSnippets(text) };
  }),
);

export const ofLanguage = (snippets: readonly Snippet[], language: string) =>
  snippets.filter((one) => one.language === language);
