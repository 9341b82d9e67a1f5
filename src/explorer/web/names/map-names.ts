import { computed, signal } from "@preact/signals";
import { contours } from "d3-contour";
import type { ColumnDescription } from "../../protocol.js";
import { filteredRows } from "../filters/filtered-rows.js";
import { coloredColumn, coloring } from "../map/coloring.js";
import { columnTexts, columnValues } from "../map/column-values.js";
import type { DrawnLayout } from "../map/drawn-layout.js";
import { visibleText } from "../map/visible-text.js";
import { coloredBy, description } from "../state.js";
import { type Density, densityLevels, REACH } from "./density.js";
import { densitiesOf, type MapName, nameClasses, nameRegions } from "./region-names.js";
import { type Terms, termsOfCategories, termsOfTexts } from "./terms.js";

export type NamesShown = "none" | "regions" | "classes";
export const namesShown = signal<NamesShown>("regions");
/** The column that regions are named after; `""` for the best one. */
export const namesColumn = signal("");
export const showsContours = signal(false);

/** Names and contours of a map, once they are computed. */
export interface MapLegend {
  readonly names: readonly MapName[];
  /** From coarse to fine: lines around the regions that contain a share of the points, in cells of a grid. */
  readonly contours: readonly { readonly path: Path2D; readonly cells: number }[];
}

/** Shares of the points within the contours. */
const CONTOUR_SHARES = [0.25, 0.5, 0.75, 0.95];
/** Columns with more values than that are not named by value; of texts the words are taken. */
const MAX_VALUES = 5000;

/** Columns that regions can be named after. */
export const nameableColumns = computed<readonly ColumnDescription[]>(() =>
  (description.value?.columns ?? []).filter(
    (column) =>
      column.kind === "text" ||
      (column.kind === "category" && column.role !== "identifier" && column.categories.length > 1),
  ),
);

/** The column that is chosen, else the one that points are colored by, else the label, else any other. */
export const chosenNamesColumn = computed<ColumnDescription | undefined>(() => {
  const columns = nameableColumns.value;
  const find = (id: string) => columns.find((column) => column.id === id);
  return find(namesColumn.value) ?? find(coloredBy.value) ?? find("label") ?? columns[0];
});

/** What the names are made of; undefined until the column is loaded. */
const terms = computed<{ terms: Terms; areWords: boolean } | undefined>(() => {
  const column = namesShown.value === "regions" ? chosenNamesColumn.value : undefined;
  if (!column) return undefined;
  if (column.kind === "text") {
    const texts = columnTexts(column);
    return texts && { terms: termsOfTexts((row) => texts.at(row), texts.length), areWords: true };
  }
  if (column.kind !== "category") return undefined;
  const values = columnValues(column);
  if (!values) return undefined;
  if (column.categories.length > MAX_VALUES) {
    const textAt = (row: number) => column.categories[values[row]] ?? "";
    return { terms: termsOfTexts(textAt, values.length), areWords: true };
  }
  return { terms: termsOfCategories(values, column.categories), areWords: false };
});

/** Everything that names and contours depend on, besides the map. */
const dependencies = computed(() => {
  const shown = namesShown.value;
  const colored = shown === "classes" ? coloredColumn.value : undefined;
  return {
    shown,
    terms: terms.value,
    classes: colored?.column.kind === "category" ? colored.values : undefined,
    legend: shown === "classes" ? coloring.value.legend : undefined,
    hasContours: showsContours.value,
    // A new object whenever a filter has changed.
    filtered: filteredRows.value,
  };
});
type Dependencies = typeof dependencies.value;

interface Computed {
  readonly from: Dependencies;
  readonly legend: MapLegend;
}

const known = new WeakMap<Float32Array, Computed>();
const requested = new WeakMap<Float32Array, Dependencies>();
/** Rises whenever names were computed. */
const computedNames = signal(0);

/**
 * Names and contours of a map; undefined until they are computed, which begins when the page has nothing else to do. Until then the ones before
 * are shown.
 */
export function legendOf(layout: DrawnLayout | undefined): MapLegend | undefined {
  computedNames.value;
  const from = dependencies.value;
  if (!layout || layout.kind === "wall" || (from.shown === "none" && !from.hasContours)) return undefined;
  const { xy } = layout;
  const found = known.get(xy);
  if (found?.from === from) return found.legend;
  if (requested.get(xy) !== from) {
    requested.set(xy, from);
    setTimeout(() => {
      if (requested.get(xy) !== from) return;
      known.set(xy, { from, legend: computeLegend(layout, from) });
      computedNames.value++;
    }, 60);
  }
  return found?.legend;
}

function computeLegend({ xy, kind }: DrawnLayout, from: Dependencies): MapLegend {
  const { isFiltering, crossFilter } = from.filtered;
  const isLeftOut = isFiltering ? crossFilter.failed : undefined;
  // Spread evenly, a map has no dense regions.
  const hasRegions = kind === "map";
  const densities = hasRegions && (from.shown === "regions" || from.hasContours) ? densitiesOf(xy, isLeftOut) : [];
  let names: MapName[] = [];
  if (from.shown === "regions" && from.terms && hasRegions) {
    names = nameRegions(xy, densities, from.terms.terms, from.terms.areWords, isLeftOut);
  } else if (from.shown === "classes" && from.classes && from.legend?.kind === "category") {
    names = nameClasses(xy, from.classes, from.legend.entries, isLeftOut);
  }
  const shown = names.map((name) => ({ ...name, text: shorten(visibleText(name.text)) }));
  return { names: shown, contours: from.hasContours && hasRegions ? densities.map(contoursOf) : [] };
}

const MAX_CHARACTERS = 36;
const shorten = (text: string): string =>
  text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS - 1)}…` : text;

function contoursOf(density: Density): { path: Path2D; cells: number } {
  const { cells, values } = density;
  const levels = densityLevels(density, CONTOUR_SHARES);
  const path = new Path2D();
  const shapes = contours()
    .size([cells, cells])
    .thresholds([...new Set(levels)])(Array.from(values));
  for (const { coordinates } of shapes) {
    for (const polygon of coordinates) {
      for (const ring of polygon) {
        for (const [at, [x, y]] of ring.entries()) at === 0 ? path.moveTo(x, y) : path.lineTo(x, y);
      }
    }
  }
  return { path, cells };
}

/** Width of a cell in units of the drawn layout. */
export const cellWidth = (cells: number): number => (2 * REACH) / cells;
