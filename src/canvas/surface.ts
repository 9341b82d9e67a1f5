import { createRequire } from "node:module";
import { createCanvas, GlobalFonts, type SKRSContext2D, SvgExportFlag } from "@napi-rs/canvas";

export type Context = SKRSContext2D;

/** The kinds of picture, which are also the file extensions. */
export type PictureFormat = "png" | "svg";

/** A surface to draw on, which becomes a picture. */
export interface Surface {
  readonly context: Context;
  /** The finished file. `name` is what a screen reader or a browser's tab says of an SVG. */
  encode(name: string): Promise<Uint8Array>;
}

/** The pixels of a surface, red, green, blue and alpha of each, row after row. */
export function readPixels(context: Context): Uint8ClampedArray {
  const { width, height } = context.canvas;
  return context.getImageData(0, 0, width, height).data;
}

/** An empty surface of `width x height` pixels. */
export function openSurface(width: number, height: number, format: PictureFormat): Surface {
  registerFonts();
  if (format === "png") {
    const canvas = createCanvas(width, height);
    return { context: prepare(canvas.getContext("2d")), encode: () => canvas.encode("png") };
  }
  const canvas = createCanvas(width, height, SvgExportFlag.ConvertTextToPaths);
  return {
    context: prepare(canvas.getContext("2d")),
    encode: async (name) => {
      const opening = /<svg [^>]*>/;
      const view = `viewBox="0 0 ${width} ${height}" role="img"`;
      return Buffer.from(
        renumber(canvas.getContent().toString()).replace(
          opening,
          (tag) => `${tag.slice(0, -1)} ${view}>${name && `\n\t<title>${escapeXml(name)}</title>`}`,
        ),
      );
    },
  };
}

/** The library numbers what is referred to through all pictures of the process. */
function renumber(svg: string): string {
  const numbers = new Map<string, number>();
  return svg.replace(/(?<=id="|#)(cl|img)_\w+/g, (id, kind: string) => {
    if (!numbers.has(id)) numbers.set(id, numbers.size);
    return `${kind}_${numbers.get(id)}`;
  });
}

/** A context to measure text with. */
export function measuringContext(): Context {
  return openSurface(1, 1, "png").context;
}

function prepare(context: Context): Context {
  // The default follows the language of the host, which would choose other shapes of letters there.
  context.lang = "en";
  context.textBaseline = "alphabetic";
  return context;
}

/** The parts of Inter (Andersson, SIL Open Font License), by script; a machine may have no fonts of its own. */
const SCRIPTS = ["latin", "latin-ext", "greek", "greek-ext", "cyrillic", "cyrillic-ext", "vietnamese"];
const familyOf = (script: string): string => `sigma-tsne ${script}`;
const FAMILIES = [...SCRIPTS.map((script) => `"${familyOf(script)}"`), "sans-serif"].join(", ");

function registerFonts(): void {
  const { resolve } = createRequire(import.meta.url);
  for (const script of SCRIPTS) {
    if (GlobalFonts.has(familyOf(script))) continue;
    const file = resolve(`@fontsource-variable/inter/files/inter-${script}-wght-normal.woff2`);
    GlobalFonts.registerFromPath(file, familyOf(script));
  }
}

/** A CSS font of that size in pixels. */
export function font(size: number, weight: 400 | 600 = 400): string {
  return `${weight} ${size}px ${FAMILIES}`;
}

/** `text`, cut at its end with an ellipsis where it is wider than `width` in the font that is set. */
export function shorten(context: Context, text: string, width: number): string {
  const fits = (candidate: string) => context.measureText(candidate).width <= width;
  if (fits(text)) return text;
  const letters = Array.from(new Intl.Segmenter("en").segment(text), ({ segment }) => segment);
  let [kept, dropped] = [0, letters.length];
  while (kept + 1 < dropped) {
    const middle = (kept + dropped) >> 1;
    if (fits(cut(middle))) kept = middle;
    else dropped = middle;
  }
  return cut(kept);

  function cut(length: number): string {
    return `${letters.slice(0, length).join("").trimEnd()}…`;
  }
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
