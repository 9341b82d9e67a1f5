/** The layouts that are derived from a map. The server and offline pages import this file, so it must run in a browser. */
import type { LayoutDescription } from "./protocol.js";

/** Smallest number of points of a map that can be spread evenly. */
const MIN_SEPARATED = 4;

/** Describes a map of `n` points and the layouts that can be derived from it. */
export function describeLayouts(
  { id, title, subtitle }: Pick<LayoutDescription, "id" | "title" | "subtitle">,
  n: number,
  hasCovariances: boolean,
): LayoutDescription[] {
  const map = { id, title, kind: "map", derivedFrom: null, hasCovariances, subtitle } as const;
  if (n < MIN_SEPARATED) return [map];
  const made = (kind: "separated" | "wall", name: string) =>
    ({
      id: `${kind}:${id}`,
      title: `${title}, ${name}`,
      kind,
      derivedFrom: id,
      hasCovariances: false,
      subtitle: "",
    }) as const;
  return [map, made("separated", "spread evenly"), made("wall", "as a wall")];
}

/** The kind of a derived layout and the id of its map; undefined for other ids. */
export function parseDerivedId(id: string): { kind: "separated" | "wall"; map: string } | undefined {
  const [, kind, map] = /^(separated|wall):(.*)$/s.exec(id) ?? [];
  return map === undefined ? undefined : { kind: kind as "separated" | "wall", map };
}

/** Width and height of a cell of a wall, in any unit. */
export interface CellSize {
  readonly width: number;
  readonly height: number;
}

/** The numbers of rows and columns of a wall of `n` cells that is about as wide as it is high. */
export function wallGrid(n: number, { width, height }: CellSize): { rows: number; columns: number } {
  const columns = Math.min(n, Math.max(1, Math.ceil(Math.sqrt((n * height) / width))));
  return { rows: Math.ceil(n / columns), columns };
}

/** Positions in a wall, n x 2, in units of the longer side of a cell. */
export function wallPositions(
  { row, column }: { readonly row: ArrayLike<number>; readonly column: ArrayLike<number> },
  rows: number,
  { width, height }: CellSize,
): Float32Array {
  const [across, up] = [width / Math.max(width, height), height / Math.max(width, height)];
  const positions = new Float32Array(2 * row.length);
  for (let i = 0; i < row.length; i++) {
    positions[2 * i] = (column[i] + 0.5) * across;
    positions[2 * i + 1] = (rows - row[i] - 0.5) * up;
  }
  return positions;
}
