import type { MapName } from "./region-names.js";

/** A name at its position on the map, in pixels. */
export interface PlacedName {
  readonly text: string;
  /** Center of the text. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly size: number;
  readonly regions: readonly string[];
}

/** The visible part of a map. */
export interface Sight {
  readonly width: number;
  readonly height: number;
  /** Pixels per unit. */
  readonly scale: number;
  toPixels(position: readonly [number, number]): readonly [number, number];
}

/** Font sizes of names in pixels, one per level. */
const FONT_SIZES = [14, 13, 12, 12];
const GAP = 4;
/**
 * A region must have at least this share of the width of its name, so that the reader can see which region the name
 * belongs to.
 */
const MIN_FIT = 0.75;
/** The corner at the bottom left that is covered by the tools of the map, in pixels. */
const TOOLS = { width: 200, height: 66 };
/** If a region is larger than this many times the map, only the regions inside it are named. */
const MAX_SPREAD = 1.5;

/**
 * Chooses the names that fit without overlap. Regions of the first level come before the regions inside them, and
 * larger regions before smaller ones. If a region contains another one, or both are parts of the same region, and both
 * have the same name, only the first is shown.
 *
 * @param measure width of a text in pixels
 */
export function placeNames(
  names: readonly MapName[],
  sight: Sight,
  measure: (text: string, size: number) => number,
  isAlways = false,
): PlacedName[] {
  const placed: PlacedName[] = [];
  const inOrder = [...names].sort((a, b) => a.level - b.level || b.size - a.size);
  for (const { text, x, y, width, height, level, regions } of inOrder) {
    const [spreadX, spreadY] = [width * sight.scale, height * sight.scale];
    const size = FONT_SIZES[level] ?? 12;
    const textWidth = measure(text, size);
    if (!isAlways) {
      if (Math.max(spreadX, spreadY) < MIN_FIT * textWidth) continue;
      if (spreadX > MAX_SPREAD * sight.width && spreadY > MAX_SPREAD * sight.height) continue;
    }
    const [px, py] = sight.toPixels([x, y]);
    const name = { text, x: px, y: py, width: textWidth, size, regions };
    const isWhole = px > textWidth / 2 && px < sight.width - textWidth / 2 && py > size && py < sight.height - size;
    const isCovered = px - textWidth / 2 < TOOLS.width && py + size > sight.height - TOOLS.height;
    if (!isWhole || isCovered || placed.some((other) => areInConflict(name, other))) continue;
    placed.push(name);
  }
  return placed;
}

function areInConflict(one: PlacedName, other: PlacedName): boolean {
  const [dx, dy] = [Math.abs(one.x - other.x), Math.abs(one.y - other.y)];
  if (dx < (one.width + other.width) / 2 + GAP && dy < (one.size + other.size) / 2 + GAP) return true;
  return wordsOf(one) === wordsOf(other) && one.regions.some((region) => other.regions.includes(region));
}

/** The words of a name in alphabetical order, because the same words can have a different order in another region. */
const wordsOf = ({ text }: PlacedName): string => text.split(", ").sort().join(", ");
