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
/** The column that provides the names of regions; `""` chooses the best column automatically. */
export const namesColumn = signal("");
export const showsContours = signal(false);

/** Names and contours of a map, once they are computed. */
export interface MapLegend {
  readonly names: readonly MapName[];
  /** From coarse to fine: contours of the regions that contain a share of the points, in cells of a grid. */
  readonly contours: readonly { readonly path: Path2D; readonly cells: number }[];
}

/** Shares of the points within the contours. */
const CONTOUR_SHARES = [0.25, 0.5, 0.75, 0.95];
/** A class column with more values than this provides no names. For a text column, the names are made from words. */
const MAX_VALUES = 5000;

/** Columns that can provide names of regions. */
export const nameableColumns = computed<readonly ColumnDescription[]>(() =>
  (description.value?.columns ?? []).filter(
    (column) =>
      column.kind === "text" ||
      (column.kind === "category" && column.role !== "identifier" && column.categories.length > 1),
  ),
);

/** The chosen column, otherwise the color column, otherwise the label, otherwise any other column. */
export const chosenNamesColumn = computed<ColumnDescription | undefined>(() => {
  const columns = nameableColumns.value;
  const find = (id: string) => columns.find((column) => column.id === id);
  return find(namesColumn.value) ?? find(coloredBy.value) ?? find("label") ?? columns[0];
});

/** The possible names; undefined until the column is loaded. */
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

/** All inputs of names and contours except the map. */
const dependencies = computed(() => {
  const shown = namesShown.value;
  const colored = shown === "classes" ? coloredColumn.value : undefined;
  return {
    shown,
    terms: terms.value,
    classes: colored?.column.kind === "category" ? colored.values : undefined,
    legend: shown === "classes" ? coloring.value.legend : undefined,
    hasContours: showsContours.value,
    // This is a new object whenever a filter has changed.
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
/** Increases whenever names were computed. */
const computedNames = signal(0);

/**
 * Names and contours of a map; undefined until they are computed. The computation begins when the page is idle. Until
 * it is done, the previous names remain visible.
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
  // A map that is spread evenly has no dense regions.
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
