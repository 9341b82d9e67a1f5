import type { MapName } from "./region-names.js";

/** A name where it is drawn, in pixels. */
export interface PlacedName {
  readonly text: string;
  /** Its middle. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly size: number;
  readonly regions: readonly string[];
}

/** The part of a map that is in sight. */
export interface Sight {
  readonly width: number;
  readonly height: number;
  /** Pixels per unit. */
  readonly scale: number;
  toPixels(position: readonly [number, number]): readonly [number, number];
}

/** Font size of names of the first level; those of further levels are smaller. */
const FONT_SIZES = [14, 13, 12, 12];
const GAP = 4;
/** A region needs at least this share of the width of its name, so that the name belongs to what is below it. */
const MIN_FIT = 0.75;
/** The corner at the bottom left that the tools of the map cover, in pixels. */
const TOOLS = { width: 200, height: 66 };
/** The name of a region that is larger than this many times the map is left to the regions within. */
const MAX_SPREAD = 1.5;

/**
 * Chooses the names that fit: regions of the first level come before the regions within them, larger ones before smaller ones, and no name
 * overlaps another. Of two regions that are parts of one, or one of the other, only the first is shown if they have the same name.
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

/** The words of a name in a fixed order: those of a part may have another order than those of the whole. */
const wordsOf = ({ text }: PlacedName): string => text.split(", ").sort().join(", ");
