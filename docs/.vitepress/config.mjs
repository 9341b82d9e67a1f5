// The documentation site: the guides, the API reference and the gallery, from the Markdown files where they are. `npm run docs` builds it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join, posix, resolve } from "node:path";
import { katex } from "@mdit/plugin-katex";
import { defineConfig } from "vitepress";
import { nameHeading, PAGES, SECTIONS } from "./pages.mjs";

const root = resolve(import.meta.dirname, "../..");
const { description, repository } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const LIVE = "docs/live/index.html";
const MODULES = "docs/api/typedoc-sidebar.json";

/** The sidebars of the API reference: each module has its own, because the list of all names is longer than most pages. */
const [core] = existsSync(join(root, MODULES)) ? JSON.parse(readFileSync(join(root, MODULES), "utf8")) : [];
const parts = core?.items.filter(({ link }) => link) ?? [];
const modules = [
  { ...core, items: core?.items.filter((item) => !parts.includes(item)) },
  ...parts.map((part) => ({ ...part, text: `${core.text}/${part.text}` })),
];
const moduleList = { text: "Modules", items: modules.map(({ text, link }) => ({ text, link })) };
const apiSidebars = [["/docs/api/", [moduleList]], ...modules.map(({ link, items }) => [link, [moduleList, ...items]])];

/** A README is the first page of its folder. */
const nameOnSite = (path) => path.replace(/(^|\/)README\.md$/, "$1index.md");
const addressOf = (path) => `/${nameOnSite(path).replace(/(^|\/)index\.md$/, "$1")}`;

export default defineConfig({
  title: "sigma-tsne",
  description,
  srcDir: root,
  outDir: join(root, "docs/site"),
  cacheDir: join(root, "node_modules/.cache/vitepress"),
  srcExclude: ["docs/site/**", ...findOtherPages()],
  rewrites: Object.fromEntries(PAGES.map((path) => [path, nameOnSite(path)])),
  markdown: {
    anchor: { slugify: nameHeading },
    config(markdown) {
      markdown.use(katex);
      markdown.core.ruler.push("repository links", ({ tokens, env }) => {
        for (const { children } of tokens) if (children) translateLinks(children, env.relativePath);
      });
    },
  },
  themeConfig: {
    search: { provider: "local", options: { miniSearch: { searchOptions: { boostDocument: rankGuidesFirst } } } },
    outline: [2, 3],
    nav: [
      { text: "Guides", link: addressOf("docs/embed.md") },
      { text: "API", link: "/docs/api/" },
      { text: "Gallery", link: addressOf("docs/gallery.md") },
      ...(existsSync(join(root, LIVE)) ? [{ text: "Try it", link: `/${LIVE}`, target: "_self" }] : []),
    ],
    sidebar: {
      ...Object.fromEntries(apiSidebars),
      "/": SECTIONS.map(({ text, items }, i) => ({
        text,
        collapsed: i > 2,
        items: items.map(([title, path]) => ({ text: title, link: addressOf(path) })),
      })),
    },
  },
  async buildEnd({ outDir }) {
    if (existsSync(join(root, LIVE))) await cp(join(root, "docs/live"), join(outDir, "docs/live"), { recursive: true });
  },
});

/** The page evaluates this function: a word has many results in the reference, but the guides explain it. */
function rankGuidesFirst(address) {
  return address.startsWith("/docs/api/") ? 0.2 : 1;
}

/** Markdown files that are not pages of the site, such as the templates of the repository and those of dependencies. */
function findOtherPages() {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const others = folders.filter(({ name }) => !PAGES.some((path) => path.startsWith(`${name}/`)));
  return others.map(({ name }) => `${name}/**`);
}

/**
 * Links in the repository are relative to files. On the site a README is the index of its folder, and files that are not pages are found in
 * the public repository. If package.json does not name one, the text of such a link remains without the link.
 */
function translateLinks(tokens, page) {
  for (const [i, token] of tokens.entries()) {
    if (token.type !== "link_open") continue;
    const [target, fragment] = token.attrGet("href").split("#");
    if (target === "" || /^[a-z]+:/.test(target)) continue;
    const path = posix.join(posix.dirname(page), target);
    if (PAGES.includes(path))
      token.attrSet("href", addressOf(path).replace(/\.md$/, ".html") + (fragment ? `#${fragment}` : ""));
    else if (path.startsWith("docs/api/") || path === LIVE) continue;
    else if (repository) token.attrSet("href", `${repository.url.replace(/^git\+|\.git$/g, "")}/blob/main/${path}`);
    else {
      const end = tokens.findIndex((other, j) => j > i && other.type === "link_close");
      for (const part of [token, tokens[end]])
        Object.assign(part, { type: "text", tag: "", content: "", nesting: 0, attrs: null });
    }
  }
}
