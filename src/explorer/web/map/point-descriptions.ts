import type { PointDescription } from "../../protocol.js";
import { fetchPoint } from "../server-requests.js";

const descriptions = new Map<number, PointDescription>();
const MAX_DESCRIPTIONS = 2000;

/** Discards the descriptions, because the data have changed. */
export function forgetPoints(): void {
  descriptions.clear();
}

/** The server's description of a row. Earlier answers are cached. */
export async function describePoint(row: number, signal: AbortSignal): Promise<PointDescription> {
  const known = descriptions.get(row);
  if (known) return known;
  const loaded = await fetchPoint(row, signal);
  if (descriptions.size >= MAX_DESCRIPTIONS) descriptions.clear();
  descriptions.set(row, loaded);
  return loaded;
}

/** The description of a row if it was requested before. */
export const knownPoint = (row: number): PointDescription | undefined => descriptions.get(row);
