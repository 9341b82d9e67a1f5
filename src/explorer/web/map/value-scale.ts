import { ticks } from "d3-array";
import { scaleUtc } from "d3-scale";
import type { DateColumn, NumberColumn } from "../../protocol.js";
import { formatNumber } from "./column-values.js";

export interface Tick {
  readonly value: number;
  readonly text: string;
}

/**
 * Round values on a scale with their texts. For dates, a text shows the unit that changes between neighboring ticks.
 */
export function scaleTicks(
  { kind }: Pick<NumberColumn | DateColumn, "kind">,
  low: number,
  high: number,
  count: number,
): Tick[] {
  if (kind === "number") return ticks(low, high, count).map((value) => ({ value, text: formatNumber(value) }));
  const scale = scaleUtc().domain([low, high]);
  const format = scale.tickFormat(count);
  return scale.ticks(count).map((date) => ({ value: date.getTime(), text: format(date) }));
}
