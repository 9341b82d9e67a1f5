import { signal } from "@preact/signals";
import type { Position } from "./drawn-layout.js";

/** The visible part of the plane, the same in all maps. DrawnLayout defines the unit. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  /** Distance from the middle to the nearer edge of the map, in units of the plane. */
  readonly reach: number;
}

/** The whole map with a margin. */
export const WHOLE: Camera = { x: 0, y: 0, reach: 1.06 };
const MIN_REACH = 1 / 4000;

export const camera = signal<Camera>(WHOLE);

/** Zooms by a factor around a fixed position. */
export function zoom(factor: number, [x, y]: Position = [camera.value.x, camera.value.y]): void {
  const { x: x0, y: y0, reach: before } = camera.value;
  const reach = Math.min(1.6 * WHOLE.reach, Math.max(MIN_REACH, before / factor));
  const kept = reach / before;
  camera.value = { x: x + (x0 - x) * kept, y: y + (y0 - y) * kept, reach };
}

export function pan(dx: number, dy: number): void {
  const { x, y, reach } = camera.value;
  camera.value = { x: x + dx, y: y + dy, reach };
}

const stillMotion = matchMedia("(prefers-reduced-motion: reduce)");
/** Whether the system settings allow animations. */
export const isMotionWanted = (): boolean => !stillMotion.matches;

let flight = 0;
/** Moves the camera to a target, animated over a third of a second if animations are allowed. */
export function flyTo(target: Camera): void {
  cancelAnimationFrame(flight);
  if (!isMotionWanted()) {
    camera.value = target;
    return;
  }
  const [start, begun] = [camera.value, performance.now()];
  const step = (now: number) => {
    const share = Math.min(1, Math.max(0, (now - begun) / 350));
    const eased = ease(share);
    // Interpolating the logarithm of the reach makes the speed of the zoom look constant.
    const reach = start.reach * (target.reach / start.reach) ** eased;
    const moved =
      Math.abs(target.reach - start.reach) < 1e-9 ? eased : (reach - start.reach) / (target.reach - start.reach);
    camera.value = {
      x: start.x + (target.x - start.x) * moved,
      y: start.y + (target.y - start.y) * moved,
      reach,
    };
    if (share < 1) flight = requestAnimationFrame(step);
    else camera.value = target;
  };
  flight = requestAnimationFrame(step);
}

/** Eases a progress from 0 to 1 so that it is slow at both ends. */
export const ease = (share: number): number => share * share * (3 - 2 * share);
