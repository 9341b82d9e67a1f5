import { signal } from "@preact/signals";
import { hovered, selected } from "../state.js";
import { camera, flyTo } from "./camera.js";
import type { MapView } from "./map-view.js";

/** The maps on the page, the first one first. */
export const mapViews = signal<readonly MapView[]>([]);

/** Moves the maps to a row and zooms in so that its neighborhood is visible. */
export function goTo(row: number): void {
  const map = mapViews.value[0];
  const layout = map?.layout;
  if (!map || !layout) return;
  const [x, y] = map.positionOf(row);
  flyTo({ x, y, reach: Math.min(camera.value.reach, Math.max(0.12, 4 * layout.spacing)) });
  hovered.value = row;
}

/** Moves the maps so that all selected points are visible in the first map. */
export function goToSelected(): void {
  const map = mapViews.value[0];
  const rows = selected.value;
  if (!map || !rows) return;
  let [left, right, bottom, top] = [1, -1, 1, -1];
  for (const row of rows) {
    const [x, y] = map.positionOf(row);
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [bottom, top] = [Math.min(bottom, y), Math.max(top, y)];
  }
  const reach = Math.max(0.02, 0.6 * Math.max(right - left, top - bottom));
  flyTo({ x: (left + right) / 2, y: (bottom + top) / 2, reach });
}
