import { batch, computed, effect, signal } from "@preact/signals";
import type { ComputationState, ExplorationDescription, LayoutDescription, SearchResult } from "../protocol.js";
import type { Filters } from "./filters/column-filter.js";

/** What is explored; undefined until it is known. */
export const description = signal<ExplorationDescription>();

/** `"loading"` until the first description, `"ready"`, or `"lost"` while the server does not answer. */
export const connection = signal<"loading" | "ready" | "lost">("loading");
/** Why something that was asked for did not come, until the next one is asked for or it is dismissed. */
export const failure = signal<string>();

/** The row under the pointer or the keyboard, in any map, list or panel. */
export const hovered = signal<number>();
/** Rows that are selected, ascending; undefined for none. */
export const selected = signal<Uint32Array>();
/** The row that was clicked last, and the other one that was clicked before it. */
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

/** Something from outside, placed into the maps. */
export interface PlacedExample {
  readonly result: SearchResult;
  /** The URL of its picture: an object or data URL. */
  readonly image: string;
}
export const placedExample = signal<PlacedExample>();

/** The name of the column that colors the points; `""` without colors. */
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
/** Whether the table shows the selected rows alone. */
export const showsSelectedRows = signal(false);

export interface TableSort {
  /** Id of a column. */
  readonly column: string;
  readonly isDescending: boolean;
}

/** All choices about columns, as plain values that JSON keeps: what an address or a bookmark holds of them. */
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

/** Sets the choices that are given; the others stay. */
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

/** Columns whose values the card at the pointer shows, beside label and color. */
export const hoverColumns = signal<readonly string[]>([]);

/** Whether the user has chosen them. */
export const hasChosenHoverColumns = signal(false);

/** `"one"` map; `"beside"`: two linked maps; `"morph"`: one map between two layouts. */
export type View = "one" | "beside" | "morph";
export const view = signal<View>("one");
/** Ids of the layouts that are shown: the first alone, or both. */
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

/** Computations on the server, as they were last heard of. */
export const computations = signal<ReadonlyMap<string, ComputationState>>(new Map());
/** The embedding that is shown as it runs; undefined where finished layouts are shown. */
export const watchedComputation = signal<string>();

export const layouts = computed<readonly LayoutDescription[]>(() => description.value?.layouts ?? []);
/** The layouts that were not made from others. */
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
/** Panels that follow the point that was clicked last. From any other, a click on a map goes to the panel of the point. */
const FOLLOWING: ReadonlySet<Panel> = new Set(["point", "latent", "interpolation", "search"]);

/** Chooses a row on a map, and shows what is known about it. */
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
/** What was chosen on the page; undefined to follow the system. */
export const chosenTheme = signal<Theme>();
export const theme = computed<Theme>(() => chosenTheme.value ?? (prefersDark.value ? "dark" : "light"));
effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
