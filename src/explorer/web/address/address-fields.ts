import { type Signal, signal } from "@preact/signals";
import { camera, WHOLE } from "../map/camera.js";
import { type NamesShown, namesColumn, namesShown, showsContours } from "../names/map-names.js";
import { savedSelections, shownSelection, showSelection } from "../selections/saved-selections.js";
import {
  clicked,
  coloredBy,
  columnChoices,
  description,
  firstLayout,
  layoutOf,
  maps,
  morphProgress,
  type Panel,
  panel,
  previousClicked,
  restoreColumnChoices,
  secondLayout,
  selected,
  showsEllipses,
  showsImages,
  showsMoved,
  type View,
  view,
} from "../state.js";
import { columnsOf, parseColumnChoices } from "./column-choices.js";
import { decodeRows, encodeRows } from "./row-encoding.js";

/** A part of the page's state that its address contains. */
export interface AddressField {
  readonly key: string;
  /** The state as text for the address; undefined if the address does not need it. */
  read(): string | undefined;
  /**
   * Restores the state.
   *
   * @returns `"later"` if data for this state may still be computed, `"invalid"` if the text does not fit the data
   */
  restore(text: string): "restored" | "later" | "invalid";
}

/** Longest text of a selection in the address. Servers and chat programs cut longer addresses. */
const MAX_SELECTION_TEXT = 24_000;
/** Whether the selection is too large for the address. */
export const isSelectionTooLarge = signal(false);

const choice = <Value extends string>(
  key: string,
  state: Signal<Value>,
  values: readonly Value[],
  standard?: Value,
): AddressField => ({
  key,
  read: () => (state.value === standard ? undefined : state.value),
  restore(text) {
    const value = values.find((one) => one === text);
    if (value === undefined) return "invalid";
    state.value = value;
    return "restored";
  },
});

const layout = (key: string, state: Signal<string>, isWritten: () => boolean): AddressField => ({
  key,
  read: () => (state.value && isWritten() ? state.value : undefined),
  restore(text) {
    if (!layoutOf(text)) return "later";
    state.value = text;
    return "restored";
  },
});

const toggle = (key: string, state: Signal<boolean>, standard: boolean): AddressField => ({
  key,
  read: () => (state.value === standard ? undefined : state.value ? "1" : "0"),
  restore(text) {
    if (text !== "0" && text !== "1") return "invalid";
    state.value = text === "1";
    return "restored";
  },
});

const position: AddressField = {
  key: "at",
  read() {
    const { x, y, reach } = camera.value;
    if (x === WHOLE.x && y === WHOLE.y && reach === WHOLE.reach) return undefined;
    return [x, y, reach].map((value) => Number(value.toPrecision(6))).join(",");
  },
  restore(text) {
    const [x, y, reach, ...more] = text.split(",").map(Number);
    if (more.length > 0 || !Number.isFinite(x) || !Number.isFinite(y) || !(reach > 0 && reach < 100)) return "invalid";
    camera.value = { x, y, reach };
    return "restored";
  },
};

const color: AddressField = {
  key: "color",
  read: () => coloredBy.value,
  restore(text) {
    if (text !== "" && !description.value?.columns.some(({ id }) => id === text)) return "later";
    coloredBy.value = text;
    return "restored";
  },
};

const points: AddressField = {
  key: "points",
  read() {
    if (clicked.value === undefined) return undefined;
    return previousClicked.value === undefined ? `${clicked.value}` : `${previousClicked.value},${clicked.value}`;
  },
  restore(text) {
    const rows = text.split(",").map(Number);
    const n = description.value?.n ?? 0;
    if (rows.length > 2 || !rows.every((row) => Number.isInteger(row) && row >= 0 && row < n)) return "invalid";
    clicked.value = rows.at(-1);
    previousClicked.value = rows.length === 2 ? rows[0] : undefined;
    return "restored";
  },
};

const selection: AddressField = {
  key: "selected",
  read() {
    const rows = selected.value;
    isSelectionTooLarge.value = false;
    if (!rows) return undefined;
    if (shownSelection.value?.rows === rows) return `@${shownSelection.value.name}`;
    const text = encodeRows(rows, description.value?.n ?? 0);
    if (text.length <= MAX_SELECTION_TEXT) return text;
    isSelectionTooLarge.value = true;
    return undefined;
  },
  restore(text) {
    if (text.startsWith("@")) {
      const name = text.slice(1);
      if (!savedSelections().some((one) => one.name === name)) return "invalid";
      void showSelection(name);
      return "restored";
    }
    const rows = decodeRows(text, description.value?.n ?? 0);
    if (!rows) return "invalid";
    selected.value = rows;
    return "restored";
  },
};

/** The choices about columns, except the color column, which has its own field. */
const columns: AddressField = {
  key: "columns",
  read() {
    const { coloredBy: _, ...choices } = columnChoices.value;
    const made = Object.entries(choices).filter(([, value]) => value !== null && value !== false);
    // At the start there are no filters and the table is closed.
    const isStandard = Object.keys(choices.filters).length === 0 && !choices.isTableOpen && choices.tableSort === null;
    const hasColumns = choices.hoverColumns ?? choices.filterColumns ?? choices.tableColumns;
    return isStandard && !hasColumns ? undefined : JSON.stringify(Object.fromEntries(made));
  },
  restore(text) {
    const choices = parseColumnChoices(text);
    if (!choices) return "invalid";
    const known = new Set(description.value?.columns.map(({ id }) => id));
    if (!columnsOf(choices).every((id) => known.has(id))) return "later";
    restoreColumnChoices(choices);
    return "restored";
  },
};

const PANELS: readonly Panel[] = [
  "colors",
  "filters",
  "point",
  "selection",
  "latent",
  "interpolation",
  "search",
  "moved",
  "computations",
];

/** All fields, in the order in which they are restored. */
export const addressFields: readonly AddressField[] = [
  {
    key: "view",
    read: () => (view.value === "one" ? undefined : view.value),
    restore(text) {
      const value = (["one", "beside", "morph"] as const).find((one: View) => one === text);
      if (value === undefined) return "invalid";
      if (value !== "one" && maps.value.length < 2) return "later";
      view.value = value;
      return "restored";
    },
  },
  layout("map", firstLayout, () => true),
  layout("second", secondLayout, () => view.value !== "one"),
  {
    key: "morph",
    read: () => (view.value === "morph" ? String(Number(morphProgress.value.toFixed(3))) : undefined),
    restore(text) {
      const progress = Number(text);
      if (!(progress >= 0 && progress <= 1)) return "invalid";
      morphProgress.value = progress;
      return "restored";
    },
  },
  position,
  color,
  columns,
  points,
  selection,
  choice("panel", panel, PANELS, "colors"),
  choice<NamesShown>("names", namesShown, ["none", "regions", "classes"], "regions"),
  {
    key: "named-by",
    read: () => namesColumn.value || undefined,
    restore(text) {
      if (!description.value?.columns.some(({ id }) => id === text)) return "later";
      namesColumn.value = text;
      return "restored";
    },
  },
  toggle("contours", showsContours, false),
  toggle("images", showsImages, true),
  toggle("ellipses", showsEllipses, true),
  toggle("moved", showsMoved, true),
];
