// Checks the built documentation in docs/site: every link leads to an existing page and heading, and no page loads a
// file from another site.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, resolve, sep } from "node:path";

const site = resolve(import.meta.dirname, "../docs/site");
const files = readdirSync(site, { recursive: true, encoding: "utf8" }).map((path) => path.split(sep).join(posix.sep));
const pages = new Map();
for (const path of files.filter((name) => name.endsWith(".html"))) {
  const html = readFileSync(join(site, path), "utf8").replace(/<script\b[^>]*>.*?<\/script>/gs, "");
  pages.set(path, { html, ids: new Set(Array.from(html.matchAll(/\sid="([^"]*)"/g), ([, id]) => id)) });
}

const faults = [];
for (const [path, { html }] of pages) {
  for (const [, tag, attributes] of html.matchAll(/<(\w+)\b([^>]*)>/g)) {
    const target = /\s(?:href|src)="([^"]*)"/.exec(attributes)?.[1];
    if (target === undefined || /^(?:data|mailto):/.test(target)) continue;
    if (!/^(?:https?:)?\/\//.test(target)) checkLink(path, target.replaceAll("&amp;", "&"));
    else if (tag !== "a") faults.push(`${path}: <${tag}> requests ${target}`);
  }
}
for (const path of files.filter((name) => name.endsWith(".css"))) {
  const requests = readFileSync(join(site, path), "utf8").matchAll(
    /url\(\s*["']?((?:https?:)?\/\/[^)]*)\)|@import\s+["']([^"']*)/g,
  );
  for (const [request] of requests) faults.push(`${path}: ${request}`);
}

function checkLink(path, target) {
  const [address, fragment] = target.split("#").map(decodeURIComponent);
  const from = address.startsWith("/") ? "/" : `/${dirname(path)}/`;
  const wanted = address === "" ? path : posix.join(from, address).slice(1);
  const found = [wanted, `${wanted}.html`, posix.join(wanted, "index.html")].find(
    (name) => name !== "" && isFile(name),
  );
  if (found === undefined) faults.push(`${path}: ${target} does not exist`);
  else if (fragment && pages.has(found) && !pages.get(found).ids.has(fragment)) {
    faults.push(`${path}: ${target}: the page has no such heading`);
  }
}

function isFile(name) {
  return pages.has(name) || (/\.\w+$/.test(name) && existsSync(join(site, name)));
}

if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exitCode = 1;
}
console.log(
  `${pages.size} pages; ${faults.length === 0 ? "all links lead somewhere, and no page requests a file from elsewhere" : `${faults.length} faults`}`,
);
