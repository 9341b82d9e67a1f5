import { batch, computed, effect, signal } from "@preact/signals";
import type { ComputationState, ExplorationDescription, LayoutDescription, SearchResult } from "../protocol.js";
import type { Filters } from "./filters/column-filter.js";

/** The explored data; undefined until the first answer of the server. */
export const description = signal<ExplorationDescription>();

/** `"loading"` until the first description, `"ready"`, or `"lost"` while the server does not answer. */
export const connection = signal<"loading" | "ready" | "lost">("loading");
/** The newest error message, until the next request or until the user dismisses it. */
export const failure = signal<string>();

/** The row that the pointer or the keyboard points at, in any map, list or panel. */
export const hovered = signal<number>();
/** Selected rows, ascending; undefined if no row is selected. */
export const selected = signal<Uint32Array>();
/** The row that was clicked last, and the different row that was clicked before it. */
export const clicked = signal<number>();
export const previousClicked = signal<number>();

export function click(row: number): void {
  if (row === clicked.value) return;
  batch(() => {
    previousClicked.value = clicked.value;
    clicked.value = row;
  });
}

export function select(rows: Iterable<number>, isAdding = false): void {
  const all = new Set(isAdding ? selected.value : undefined);
  for (const row of rows) all.add(row);
  selected.value = all.size > 0 ? Uint32Array.from(all).sort() : undefined;
}

/** An example that was placed into the maps. */
export interface PlacedExample {
  readonly result: SearchResult;
  /** Object URL or data URL of its picture. */
  readonly image: string;
}
export const placedExample = signal<PlacedExample>();

/** Id of the column that colors the points; `""` without colors. */
export const coloredBy = signal("");

/** Conditions on columns, by the id of the column. Rows that fail one of them are hidden. */
export const filters = signal<Filters>({});
/** Columns that the filter panel shows; undefined until the user has chosen some. */
export const filterColumns = signal<readonly string[]>();

/** Whether the table below the maps is open. */
export const isTableOpen = signal(false);
/** Columns of the table; undefined until the user has chosen some. */
export const tableColumns = signal<readonly string[]>();
/** The column by which the table is sorted; undefined for the order of the file. */
export const tableSort = signal<TableSort>();
/** Whether the table only shows selected rows. */
export const showsSelectedRows = signal(false);

export interface TableSort {
  /** Id of a column. */
  readonly column: string;
  readonly isDescending: boolean;
}

/** All choices about columns, as plain values for JSON. Addresses and bookmarks contain them. */
export interface ColumnChoices {
  readonly coloredBy: string;
  readonly hoverColumns: readonly string[] | null;
  readonly filters: Filters;
  readonly filterColumns: readonly string[] | null;
  readonly isTableOpen: boolean;
  readonly tableColumns: readonly string[] | null;
  readonly tableSort: TableSort | null;
  readonly showsSelectedRows: boolean;
}

export const columnChoices = computed<ColumnChoices>(() => ({
  coloredBy: coloredBy.value,
  hoverColumns: hasChosenHoverColumns.value ? hoverColumns.value : null,
  filters: filters.value,
  filterColumns: filterColumns.value ?? null,
  isTableOpen: isTableOpen.value,
  tableColumns: tableColumns.value ?? null,
  tableSort: tableSort.value ?? null,
  showsSelectedRows: showsSelectedRows.value,
}));

/** Sets the given choices and leaves the others unchanged. */
export function restoreColumnChoices(choices: Partial<ColumnChoices>): void {
  batch(() => {
    if (choices.coloredBy !== undefined) coloredBy.value = choices.coloredBy;
    if (choices.hoverColumns) {
      hasChosenHoverColumns.value = true;
      hoverColumns.value = choices.hoverColumns;
    }
    if (choices.filters) filters.value = choices.filters;
    if (choices.filterColumns) filterColumns.value = choices.filterColumns;
    if (choices.isTableOpen !== undefined) isTableOpen.value = choices.isTableOpen;
    if (choices.tableColumns) tableColumns.value = choices.tableColumns;
    if (choices.tableSort !== undefined) tableSort.value = choices.tableSort ?? undefined;
    if (choices.showsSelectedRows !== undefined) showsSelectedRows.value = choices.showsSelectedRows;
  });
}

/** Columns in the card at the pointer, in addition to label and color. */
export const hoverColumns = signal<readonly string[]>([]);

/** Whether the user has chosen these columns. */
export const hasChosenHoverColumns = signal(false);

/** `"one"` map; `"beside"`: two linked maps; `"morph"`: one map between two layouts. */
export type View = "one" | "beside" | "morph";
export const view = signal<View>("one");
/** Ids of the shown layouts. If one map is shown, only the first is used. */
export const firstLayout = signal("");
export const secondLayout = signal("");
/** The progress of a morph: 0 is the first layout, 1 the second. */
export const morphProgress = signal(0);

export type Tool = "move" | "lasso";
export const tool = signal<Tool>("move");

export const showsImages = signal(true);
export const showsEllipses = signal(true);
export const showsMoved = signal(true);

/** Rows that moved most from the first to the second layout, the most moved first. */
export const mostMovedRows = signal<readonly number[]>([]);

/** The last known states of the computations on the server. */
export const computations = signal<ReadonlyMap<string, ComputationState>>(new Map());
/** The running embedding that the page shows; undefined while it shows finished layouts. */
export const watchedComputation = signal<string>();

export const layouts = computed<readonly LayoutDescription[]>(() => description.value?.layouts ?? []);
/** The layouts that were not derived from other layouts. */
export const maps = computed(() => layouts.value.filter(({ derivedFrom }) => derivedFrom === null));
export const layoutOf = (id: string): LayoutDescription | undefined => layouts.value.find((one) => one.id === id);

export type Panel =
  | "colors"
  | "filters"
  | "point"
  | "selection"
  | "latent"
  | "interpolation"
  | "search"
  | "moved"
  | "computations";
export const panel = signal<Panel>("colors");
/**
 * Panels that show the point that was clicked last. If any other panel is open, a click on a map opens the panel of the
 * point.
 */
const FOLLOWING: ReadonlySet<Panel> = new Set(["point", "latent", "interpolation", "search"]);

/** Chooses a row on a map and shows information about it. */
export function choosePoint(row: number): void {
  batch(() => {
    click(row);
    if (!FOLLOWING.has(panel.value)) panel.value = "point";
  });
}

export const isHelpOpen = signal(false);

export type Theme = "light" | "dark";
const darkGround = matchMedia("(prefers-color-scheme: dark)");
const prefersDark = signal(darkGround.matches);
darkGround.addEventListener("change", ({ matches }) => {
  prefersDark.value = matches;
});
/** The theme that the user chose; undefined to use the setting of the system. */
export const chosenTheme = signal<Theme>();
export const theme = computed<Theme>(() => chosenTheme.value ?? (prefersDark.value ? "dark" : "light"));
effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
