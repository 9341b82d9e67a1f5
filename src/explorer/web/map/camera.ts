import { signal } from "@preact/signals";
import type { Position } from "./drawn-layout.js";

/** The part of the plane that the maps show, the same for all of them; see DrawnLayout for the unit. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  /** Units from the middle to the nearer edge. */
  readonly reach: number;
}

/** Everything, with a margin. */
export const WHOLE: Camera = { x: 0, y: 0, reach: 1.06 };
const MIN_REACH = 1 / 4000;

export const camera = signal<Camera>(WHOLE);

/** Comes nearer by a factor, while a position stays where it is. */
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
/** Whether movement is to be shown, as the system is set. */
export const isMotionWanted = (): boolean => !stillMotion.matches;

let flight = 0;
/** Goes there, in a third of a second where motion is wanted. */
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
    // Evenly in the logarithm, so that the zoom seems to have a constant speed.
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

/** Slow at both ends. */
export const ease = (share: number): number => share * share * (3 - 2 * share);
