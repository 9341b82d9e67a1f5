import type { DateColumn } from "./protocol.js";

/**
 * A date as ISO 8601 writes it, in UTC, as exact as its column: `2024-05-01` or `2024-05-01T12:30:00Z`. Empty for a missing date. The page
 * and the server write dates with it alike.
 */
export function dateText(milliseconds: number, precision: DateColumn["precision"]): string {
  if (Number.isNaN(milliseconds)) return "";
  const text = new Date(milliseconds).toISOString();
  if (precision === "day") return text.slice(0, text.indexOf("T"));
  return precision === "second" ? text.replace(/\.\d+Z$/, "Z") : text;
}
