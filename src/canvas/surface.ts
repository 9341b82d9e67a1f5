import { createRequire } from "node:module";
import { createCanvas, GlobalFonts, type SKRSContext2D, SvgExportFlag } from "@napi-rs/canvas";

export type Context = SKRSContext2D;

/** The kinds of picture, which are also the file extensions. */
export type PictureFormat = "png" | "svg";

/** A drawing surface that is encoded as a picture. */
export interface Surface {
  readonly context: Context;
  /** The finished file. `name` becomes the title of an SVG, which screen readers and browser tabs show. */
  encode(name: string): Promise<Uint8Array>;
}

/** The pixels of a surface: red, green, blue and alpha, row by row. */
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

/**
 * Renumbers the ids in an SVG from 0. The drawing library numbers ids through all pictures of the process, so the same
 * picture would otherwise not always give the same bytes.
 */
function renumber(svg: string): string {
  const numbers = new Map<string, number>();
  return svg.replace(/(?<=id="|#)(cl|img)_\w+/g, (id, kind: string) => {
    if (!numbers.has(id)) numbers.set(id, numbers.size);
    return `${kind}_${numbers.get(id)}`;
  });
}

/** A context for measuring text. */
export function measuringContext(): Context {
  return openSurface(1, 1, "png").context;
}

function prepare(context: Context): Context {
  // The default language is that of the host, where other letter shapes could be chosen.
  context.lang = "en";
  context.textBaseline = "alphabetic";
  return context;
}

/**
 * The parts of the font Inter (Andersson, SIL Open Font License) by script. They are included because a machine may
 * have no fonts.
 */
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

/** A CSS font of this size in pixels. */
export function font(size: number, weight: 400 | 600 = 400): string {
  return `${weight} ${size}px ${FAMILIES}`;
}

/** Shortens `text` with an ellipsis if it is wider than `width` in the current font. */
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
