import { findOverRepresented } from "../statistics/over-representation.js";
import { type DenseRegions, findDenseRegions, NO_REGION } from "./dense-regions.js";
import { cellOf, countPoints, type Density, halve, REACH, smooth } from "./density.js";
import type { Terms } from "./terms.js";

/** A name on a map, in units of the drawn layout. */
export interface MapName {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  /** Ids of the coarser regions that contain its peak, then the id of the region itself. */
  readonly regions: readonly string[];
  /** Width and height of the named region. */
  readonly width: number;
  readonly height: number;
  /** Number of points of the region. */
  readonly size: number;
  /** Level of the region: 0 for the coarsest names. The regions of each further level are half as large. */
  readonly level: number;
}

/**
 * Number of cells per side of the finest grid, and number of grids. Each coarser grid has half as many cells per side.
 */
const FINEST = 512;
const LEVELS = 4;
/**
 * Minimum number of points of a region, and minimum share of all points on the first level. The minimum share is
 * divided by four on each further level.
 */
const MIN_POINTS = 12;
const MIN_SHARE = 0.004;
/** Cells with less than this share of the highest density belong to no region. */
const FLOOR = 0.02;
/** Maximum number of words or values in the name of a region. */
const MAX_TERMS = 3;
/** A value can be part of a region's name only if at least this share of the region's rows has it. */
const MIN_VALUE_SHARE = 0.2;

/** Densities of the map on all grids, from coarse to fine. */
export function densitiesOf(xy: Float32Array, isLeftOut?: ArrayLike<number>): Density[] {
  let [counts, cells] = [countPoints(xy, FINEST, isLeftOut), FINEST];
  const densities: Density[] = [];
  for (let level = 0; level < LEVELS; level++) {
    densities.unshift(smooth(counts, cells));
    counts = halve(counts, cells);
    cells /= 2;
  }
  return densities;
}

/**
 * Names the dense regions of a map after the terms that are over-represented in them.
 *
 * @param areWords whether the terms are words of texts (then a name may contain several) or values of a column
 */
export function nameRegions(
  xy: Float32Array,
  densities: readonly Density[],
  terms: Terms,
  areWords: boolean,
  isLeftOut?: ArrayLike<number>,
): MapName[] {
  const totals = countTerms(terms, (_, count) => count(0), 1, isLeftOut)[0];
  const coarser: { readonly cells: number; readonly regions: DenseRegions }[] = [];
  return densities.flatMap((density, level) => {
    const { cells, values } = density;
    const highest = values.reduce((a, b) => Math.max(a, b), 0);
    const regions = findDenseRegions(density, FLOOR * highest);
    const regionAt = (row: number) => {
      const cell = cellOf(xy[2 * row], xy[2 * row + 1], cells);
      return cell < 0 ? NO_REGION : regions.regionOf[cell];
    };
    const sizes = sizesOf(xy.length / 2, regions, regionAt, isLeftOut);
    const least = Math.max(MIN_POINTS, (MIN_SHARE / 4 ** level) * (xy.length / 2));
    const counts = countTerms(
      terms,
      (row, count) => {
        const region = regionAt(row);
        if (region !== NO_REGION && sizes[region] >= least) count(region);
      },
      regions.peaks.length,
      isLeftOut,
    );
    coarser.push({ cells, regions });
    return regions.peaks.flatMap((peak, region): MapName[] => {
      const text = sizes[region] >= least ? nameOf(counts[region], totals, terms, areWords) : "";
      if (text === "") return [];
      const place = placeOf(density, regions, region, peak);
      return [{ text, level, size: sizes[region], regions: regionsAt(peak, cells, coarser), ...place }];
    });
  });
}

function nameOf(counts: Uint32Array, totals: Uint32Array, { names }: Terms, areWords: boolean): string {
  const found = findOverRepresented(counts, totals);
  if (areWords) {
    const words = found.slice(0, MAX_TERMS).filter(({ score }) => score > 0.4 * found[0].score);
    return words.map(({ value }) => names[value]).join(", ");
  }
  const size = counts.reduce((sum, count) => sum + count, 0);
  const values = found.filter(({ count }) => count >= MIN_VALUE_SHARE * size).slice(0, MAX_TERMS);
  return values.map(({ value }) => names[value]).join(", ");
}

function sizesOf(
  n: number,
  { peaks }: DenseRegions,
  regionAt: (row: number) => number,
  isLeftOut: ArrayLike<number> | undefined,
): Uint32Array {
  const sizes = new Uint32Array(peaks.length);
  for (let row = 0; row < n; row++) {
    const region = isLeftOut?.[row] ? NO_REGION : regionAt(row);
    if (region !== NO_REGION) sizes[region]++;
  }
  return sizes;
}

/** Counts the terms in each group of rows. */
function countTerms(
  { names, starts, terms }: Terms,
  eachGroup: (row: number, count: (group: number) => void) => void,
  groups: number,
  isLeftOut: ArrayLike<number> | undefined,
): Uint32Array[] {
  const none = new Uint32Array(names.length);
  const counts: Uint32Array[] = Array.from({ length: groups }, () => none);
  for (let row = 0; row + 1 < starts.length; row++) {
    if (isLeftOut?.[row] || starts[row] === starts[row + 1]) continue;
    eachGroup(row, (group) => {
      if (counts[group] === none) counts[group] = new Uint32Array(names.length);
      for (let at = starts[row]; at < starts[row + 1]; at++) counts[group][terms[at]]++;
    });
  }
  return counts;
}

/** The regions of all levels that contain a cell. */
function regionsAt(
  cell: number,
  cells: number,
  levels: readonly { readonly cells: number; readonly regions: DenseRegions }[],
): string[] {
  const [line, column] = [Math.floor(cell / cells), cell % cells];
  return levels.flatMap(({ cells: own, regions: { regionOf } }, level) => {
    const shrink = cells / own;
    const region = regionOf[Math.floor(line / shrink) * own + Math.floor(column / shrink)];
    return region === NO_REGION ? [] : [`${level}:${region}`];
  });
}

/** The center of mass of a region, or its peak if the center is outside the region; and its width and height. */
function placeOf({ cells, values }: Density, { regionOf }: DenseRegions, region: number, peak: number) {
  let [left, right, bottom, top] = [cells, 0, cells, 0];
  let [mass, x, y] = [0, 0, 0];
  for (let cell = 0; cell < regionOf.length; cell++) {
    if (regionOf[cell] !== region) continue;
    const [line, column] = [Math.floor(cell / cells), cell % cells];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
    [bottom, top] = [Math.min(bottom, line), Math.max(top, line)];
    mass += values[cell];
    x += values[cell] * column;
    y += values[cell] * line;
  }
  const center = Math.round(y / mass) * cells + Math.round(x / mass);
  const isInside = regionOf[center] === region;
  const unit = (2 * REACH) / cells;
  return {
    x: ((isInside ? x / mass : peak % cells) + 0.5) * unit - REACH,
    y: ((isInside ? y / mass : Math.floor(peak / cells)) + 0.5) * unit - REACH,
    width: (right - left + 1) * unit,
    height: (top - bottom + 1) * unit,
  };
}

/** Number of cells per side of the grids on which the centers of classes are found. */
const CLASS_CELLS = 128;

/**
 * Places the name of each class at the highest density of its points. The mean would be a bad place for a class that is
 * split into two clusters, because it would lie between them among points of other classes.
 */
export function nameClasses(
  xy: Float32Array,
  values: ArrayLike<number>,
  classes: readonly { readonly category: number; readonly name: string }[],
  isLeftOut?: ArrayLike<number>,
): MapName[] {
  const grids = new Map(classes.map(({ category }) => [category, new Float32Array(CLASS_CELLS ** 2)]));
  const sizes = new Map<number, number>();
  for (let row = 0; row < xy.length / 2; row++) {
    const grid = isLeftOut?.[row] ? undefined : grids.get(values[row]);
    const cell = grid ? cellOf(xy[2 * row], xy[2 * row + 1], CLASS_CELLS) : -1;
    if (!grid || cell < 0) continue;
    grid[cell]++;
    sizes.set(values[row], (sizes.get(values[row]) ?? 0) + 1);
  }
  const unit = (2 * REACH) / CLASS_CELLS;
  return classes.flatMap(({ category, name }): MapName[] => {
    const size = sizes.get(category) ?? 0;
    if (size === 0) return [];
    const { values: density } = smooth(grids.get(category) as Float32Array, CLASS_CELLS);
    let peak = 0;
    for (let cell = 1; cell < density.length; cell++) if (density[cell] > density[peak]) peak = cell;
    const place = {
      x: ((peak % CLASS_CELLS) + 0.5) * unit - REACH,
      y: (Math.floor(peak / CLASS_CELLS) + 0.5) * unit - REACH,
    };
    return [
      { text: name, level: 0, size, regions: [`class ${category}`], width: 2 * REACH, height: 2 * REACH, ...place },
    ];
  });
}
