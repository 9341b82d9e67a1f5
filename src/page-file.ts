import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { endianness } from "node:os";

/** The content of a page, and its content security policy. */
export interface PageContent {
  readonly title: string;
  /** The data that the page's script reads as JSON. */
  readonly data: unknown;
  /**
   * Returns further directives of the content security policy, such as `style-src`, in addition to those for the page's
   * own script. `hash` is the hash of the page's style.
   */
  policy(hash: string): string;
}

/**
 * Fills in a page from dist and returns it as one HTML text that includes style, script and data. No other script can
 * run.
 *
 * @param name name of the page's folder in dist
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
    // Escape <, so that no text can end the element that contains the data.
    data: JSON.stringify(data).replaceAll("<", "\\u003c"),
  };
  return frame.replace(/\{\{(\w+)\}\}/g, (_, part: string) => parts[part]);
}

const hashOf = (text: string): string => `sha256-${createHash("sha256").update(text).digest("base64")}`;

/** Encodes numbers for the data of a page, little-endian. */
export function toBase64(values: Float32Array | Int32Array | Uint32Array): string {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return (endianness() === "LE" ? bytes : Buffer.from(bytes).swap32()).toString("base64");
}
