import { colorPoints } from "../canvas/index.js";
import { cleanText, INKS, type Labels } from "../colors/index.js";
import { renderPageFile, toBase64 } from "../page-file.js";
import type { CheckedWall } from "./options.js";
import type { WallPayload } from "./payload.js";
import { TILE, topLevel } from "./pyramid.js";

/** The content of the page. */
export interface WallFacts extends Pick<WallPayload, "width" | "height" | "cell" | "pitch" | "gap"> {
  readonly title: string;
  readonly wall: CheckedWall;
  readonly labels: Labels;
  readonly names: ArrayLike<string> | undefined;
}

/**
 * Renders the page as one HTML text that contains its style, script and data. Its content security policy only allows
 * loading the tiles.
 */
export async function renderPage({ title, wall, labels, names, ...sizes }: WallFacts): Promise<string> {
  const payload: WallPayload = {
    title: cleanText(title) || "Wall of images",
    rows: wall.rows,
    columns: wall.columns,
    ...sizes,
    tile: TILE,
    topLevel: topLevel(sizes.width, sizes.height),
    imageAt: toBase64(wall.imageAt),
    labels: toLabels(labels),
    names: names ? Array.from(names, cleanText) : null,
  };
  // The viewer sets inline styles.
  const policy = () => "img-src 'self' file: data: blob:; style-src 'unsafe-inline'";
  return renderPageFile("wall", { title: payload.title, data: payload, policy });
}

function toLabels(labels: Labels): WallPayload["labels"] {
  if (labels.kind === "none") return null;
  const n = labels.kind === "classes" ? labels.indices.length : labels.values.length;
  const [light, dark] = (["light", "dark"] as const).map((theme) => colorPoints(labels, theme, "", n, INKS[theme]));
  if (!light || !dark) return null;
  const shared = { colorOf: toBase64(light.colorOf), light: light.colors, dark: dark.colors };
  if (labels.kind === "quantity") {
    const texts = [...new Set(labels.values)];
    const indexOf = new Map(texts.map((value, index) => [value, index]));
    const textOf = Int32Array.from(labels.values, (value) => indexOf.get(value) as number);
    const written = texts.map((value) => (Number.isNaN(value) ? "no value" : String(value)));
    return { ...shared, texts: written, textOf: toBase64(textOf), classes: null };
  }
  const { names, counts, rest, otherClasses } = labels;
  const restName = otherClasses > 0 ? `other (${otherClasses.toLocaleString("en")} classes)` : "no label";
  const classes = names.map((name, i) => ({ name, count: counts[i] }));
  if (rest > 0) classes.push({ name: restName, count: rest });
  return { ...shared, texts: [...names, restName], textOf: shared.colorOf, classes };
}
