import type { ColumnChoices } from "../state.js";

type Choices = Partial<ColumnChoices>;

const isText = (value: unknown): boolean => typeof value === "string";
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function isFilter(value: unknown): boolean {
  if (!isObject(value)) return false;
  if (value.kind === "range") return Number.isFinite(value.low) && Number.isFinite(value.high);
  if (value.kind === "classes") return isTextList(value.names);
  return value.kind === "contains" && isText(value.text);
}

/** Checks the type of each choice. */
const CHECKS: Readonly<Record<keyof Omit<ColumnChoices, "coloredBy">, (value: unknown) => boolean>> = {
  hoverColumns: isTextList,
  filters: (value) => isObject(value) && Object.values(value).every(isFilter),
  filterColumns: isTextList,
  isTableOpen: (value) => typeof value === "boolean",
  tableColumns: isTextList,
  tableSort: (value) => isObject(value) && isText(value.column) && typeof value.isDescending === "boolean",
  showsSelectedRows: (value) => typeof value === "boolean",
};

/** Reads choices from the JSON text of an address; undefined if this page did not write the text. */
export function parseColumnChoices(text: string): Choices | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const isValid = Object.entries(value).every(
    ([key, one]) => Object.hasOwn(CHECKS, key) && CHECKS[key as keyof typeof CHECKS](one),
  );
  return isValid ? (value as Choices) : undefined;
}

/** Ids of all columns that choices refer to. */
export const columnsOf = ({ hoverColumns, filters, filterColumns, tableColumns, tableSort }: Choices): string[] => [
  ...(hoverColumns ?? []),
  ...Object.keys(filters ?? {}),
  ...(filterColumns ?? []),
  ...(tableColumns ?? []),
  ...(tableSort ? [tableSort.column] : []),
];
