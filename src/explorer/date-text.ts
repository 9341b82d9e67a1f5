import type { DateColumn } from "./protocol.js";

/**
 * A date in ISO 8601 and UTC with the precision of its column: `2024-05-01` or `2024-05-01T12:30:00Z`. Empty for a
 * missing date. The page and the server use this same format.
 */
export function dateText(milliseconds: number, precision: DateColumn["precision"]): string {
  if (Number.isNaN(milliseconds)) return "";
  const text = new Date(milliseconds).toISOString();
  if (precision === "day") return text.slice(0, text.indexOf("T"));
  return precision === "second" ? text.replace(/\.\d+Z$/, "Z") : text;
}
