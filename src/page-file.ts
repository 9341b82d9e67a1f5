import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { endianness } from "node:os";

/** What goes into a page, and what its content security policy lets it use. */
export interface PageContent {
  readonly title: string;
  /** JSON for the page's script. */
  readonly data: unknown;
  /** Directives beside those of the page's own script, such as `style-src`; `hash` is that of its style. */
  policy(hash: string): string;
}

/**
 * A page that was built into dist as one HTML text: style, script and data are in it, and no other script runs.
 *
 * @param name of its folder in dist
 */
export async function renderPageFile(
  name: "report" | "trust" | "wall",
  { title, data, policy }: PageContent,
): Promise<string> {
  const { resolve } = createRequire(import.meta.url);
  const read = (file: string) => readFile(resolve(`#${name}/${file}`), "utf8");
  const styles = ["base.css", ...(name === "wall" ? [] : ["maps.css"]), "page.css"];
  const [frame, script, ...sheets] = await Promise.all(["page.html", "page.js", ...styles].map(read));
  const style = sheets.join("\n");
  const parts: Record<string, string> = {
    title: title.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`),
    policy: `default-src 'none'; script-src '${hashOf(script)}'; ${policy(hashOf(style))}; base-uri 'none'; form-action 'none'`,
    style,
    script,
    // Nothing in a text can end the element that holds it.
    data: JSON.stringify(data).replaceAll("<", "\\u003c"),
  };
  return frame.replace(/\{\{(\w+)\}\}/g, (_, part: string) => parts[part]);
}

const hashOf = (text: string): string => `sha256-${createHash("sha256").update(text).digest("base64")}`;

/** Numbers for a page's data, little-endian. */
export function toBase64(values: Float32Array | Int32Array | Uint32Array): string {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return (endianness() === "LE" ? bytes : Buffer.from(bytes).swap32()).toString("base64");
}
