import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { FileError } from "../../errors.js";
import { OFFLINE_ELEMENT } from "../protocol.js";

/**
 * The folder of the built page.
 *
 * @throws {FileError} FILE_READ if the page was not built
 */
export function pageFolder(): string {
  const page = "#explorer/index.html";
  try {
    return dirname(createRequire(import.meta.url).resolve(page));
  } catch (cause) {
    throw new FileError("FILE_READ", page, "the explorer's page was not built (npm run build)", { cause });
  }
}

/**
 * Renders the page as one HTML text that contains its scripts, styles and data. Its content security policy blocks
 * everything else.
 *
 * @param folder folder of the built page
 * @param data JSON, in pieces
 * @param computes whether the data contain the WebAssembly core
 */
export async function* renderOfflinePage(
  folder: string,
  data: AsyncIterable<string>,
  computes: boolean,
): AsyncGenerator<string> {
  const html = await readFile(join(folder, "index.html"), "utf8");
  const hashes: string[] = [];
  const inlined = await replaceAll(html, async (tag) => {
    const file = /\b(?:src|href)="\.?\/?([\w./-]+)"/.exec(tag)?.[1];
    if (file === undefined || file.includes("..")) return tag;
    const text = await readFile(join(folder, file), "utf8");
    if (/^<link/.test(tag)) return `<style>${text.replaceAll("</style", "<\\/style")}</style>`;
    const script = text.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
    hashes.push(`'sha256-${createHash("sha256").update(script).digest("base64")}'`);
    // A module script runs after the whole page is parsed, so it can read the data that follow it.
    return `<script type="module">${script}</script>`;
  });
  const policy = [
    "default-src 'none'",
    // The worker that computes maps has the policy of the page, and compiling WebAssembly needs this source.
    `script-src ${hashes.join(" ")}${computes ? " 'wasm-unsafe-eval'" : ""}`,
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    "font-src data:",
    "worker-src blob:",
    "connect-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  const [before, after] = split(
    inlined.replace(/<head[^>]*>/, (head) => `${head}${meta}`),
    "</body>",
  );
  yield `${before}<script type="application/json" id="${OFFLINE_ELEMENT}">`;
  // Escaping `<` prevents a text in the data from closing the script element.
  for await (const piece of data) yield piece.replaceAll("<", "\\u003c");
  yield `</script>${after}`;
}

/** Replaces the elements that load scripts and styles, one by one. */
async function replaceAll(html: string, replace: (tag: string) => Promise<string>): Promise<string> {
  const elements = /<script\b[^>]*\bsrc="[^"]*"[^>]*><\/script>|<link\b[^>]*\brel="stylesheet"[^>]*>/g;
  let result = "";
  let end = 0;
  for (const match of html.matchAll(elements)) {
    result += html.slice(end, match.index) + (await replace(match[0]));
    end = match.index + match[0].length;
  }
  return result + html.slice(end);
}

function split(text: string, border: string): [string, string] {
  const at = text.lastIndexOf(border);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at)];
}
