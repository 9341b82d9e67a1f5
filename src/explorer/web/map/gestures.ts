import { batch, signal } from "@preact/signals";
import { isShown } from "../filters/filtered-rows.js";
import { choosePoint, clicked, hovered, isHelpOpen, select, selected, tool } from "../state.js";
import { pan, zoom } from "./camera.js";
import type { Position } from "./drawn-layout.js";
import { enclosed, nearest, nextTowards } from "./geometry.js";
import type { MapView } from "./map-view.js";

/** The row under the pointer in a map, and its position on that map in pixels. */
export const pointed = signal<{ row: number; map: MapView; at: Position }>();
/** The lasso that is being drawn. */
export const outline = signal<{ map: MapView; corners: readonly Position[] }>();

/** Maximum distance in pixels between the pointer and the point that it selects. */
const MAX_DISTANCE = 16;
/** A press counts as a click if the pointer moves fewer than this many pixels. */
const CLICK_TOLERANCE = 4;
const KEYBOARD_PAN = 60;

const DIRECTIONS: Readonly<Record<string, Position>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

export function pointAt(map: MapView, row: number | undefined): void {
  batch(() => {
    hovered.value = row;
    pointed.value = row === undefined ? undefined : { row, map, at: map.toPixels(map.positionOf(row)) };
  });
}

/** Lets the user move a map and choose points by pointer, wheel, touch and keyboard. */
export function listen(map: MapView): void {
  const { top } = map;
  const gesture = new PointerGesture(map);
  top.addEventListener("pointerdown", (event) => gesture.press(event));
  top.addEventListener("pointermove", (event) => gesture.move(event));
  top.addEventListener("pointerup", (event) => gesture.release(event));
  top.addEventListener("pointercancel", (event) => gesture.cancel(event));
  top.addEventListener("pointerleave", () => gesture.leave());
  top.addEventListener("wheel", (event) => zoomByWheel(map, event), { passive: false });
  top.addEventListener("dblclick", (event) => zoom(2, map.toPosition(pixelsOf(map, event))));
  top.addEventListener("blur", () => pointAt(map, undefined));
  top.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isHelpOpen.value) return;
    if (!handleKey(map, event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function pixelsOf({ top }: MapView, event: MouseEvent): Position {
  const { left, top: above } = top.getBoundingClientRect();
  return [event.clientX - left, event.clientY - above];
}

const rowAt = (map: MapView, pixels: Position) =>
  nearest(map.xy, map.toPosition(pixels), MAX_DISTANCE / map.scale, isShown);

/** The state of the pressed pointer or fingers on one map: a click, a drag, a lasso or a pinch. */
class PointerGesture {
  readonly #map: MapView;
  readonly #fingers = new Map<number, Position>();
  #press: { start: Position; last: Position; isLasso: boolean; isAdding: boolean; isStill: boolean } | undefined;

  constructor(map: MapView) {
    this.#map = map;
  }

  press(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#map.top.setPointerCapture(event.pointerId);
    const start = pixelsOf(this.#map, event);
    this.#fingers.set(event.pointerId, start);
    if (this.#fingers.size > 1) {
      this.#press = undefined;
      outline.value = undefined;
      return;
    }
    const isLasso = tool.value === "lasso" || event.shiftKey;
    const isAdding = event.shiftKey && tool.value === "lasso";
    this.#press = { start, last: start, isLasso, isAdding, isStill: true };
  }

  move(event: PointerEvent): void {
    const map = this.#map;
    const pixels = pixelsOf(map, event);
    if (this.#fingers.size === 2 && this.#fingers.has(event.pointerId)) {
      this.#pinch(event.pointerId, pixels);
      return;
    }
    const press = this.#press;
    if (!press) {
      if (event.pointerType !== "touch" && !map.isMoving) pointAt(map, rowAt(map, pixels));
      return;
    }
    const moved = Math.hypot(pixels[0] - press.start[0], pixels[1] - press.start[1]);
    if (press.isStill && moved < CLICK_TOLERANCE) return;
    press.isStill = false;
    if (press.isLasso) {
      const corners = outline.value?.map === map ? outline.value.corners : [press.start];
      outline.value = { map, corners: [...corners, pixels] };
    } else {
      pan((press.last[0] - pixels[0]) / map.scale, (pixels[1] - press.last[1]) / map.scale);
    }
    pointAt(map, undefined);
    press.last = pixels;
  }

  #pinch(id: number, pixels: Position): void {
    const other = [...this.#fingers].find(([one]) => one !== id)?.[1] as Position;
    const before = this.#fingers.get(id) as Position;
    const spread = (one: Position) => Math.hypot(one[0] - other[0], one[1] - other[1]);
    zoom(spread(pixels) / Math.max(1, spread(before)), this.#map.toPosition(other));
    this.#fingers.set(id, pixels);
  }

  release(event: PointerEvent): void {
    const press = this.#press;
    const lasso = outline.value;
    this.cancel(event);
    if (!press) return;
    if (press.isStill) this.#click(press.start);
    else if (lasso && lasso.corners.length > 2) {
      const corners = lasso.corners.map((corner) => this.#map.toPosition(corner));
      select(enclosed(this.#map.xy, corners).filter(isShown), press.isAdding);
    }
  }

  #click(pixels: Position): void {
    const row = rowAt(this.#map, pixels);
    if (row !== undefined) {
      choosePoint(row);
      pointAt(this.#map, row);
    } else if (selected.value) select([]);
  }

  cancel(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    this.#press = undefined;
    outline.value = undefined;
  }

  leave(): void {
    if (!this.#press) pointAt(this.#map, undefined);
  }
}

function zoomByWheel(map: MapView, event: WheelEvent): void {
  event.preventDefault();
  const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1);
  zoom(1.0016 ** -Math.max(-400, Math.min(400, pixels)), map.toPosition(pixelsOf(map, event)));
}

/** @returns whether the map handles the key */
function handleKey(map: MapView, { key, shiftKey }: KeyboardEvent): boolean {
  const direction = DIRECTIONS[key];
  if (direction && shiftKey) pan((direction[0] * KEYBOARD_PAN) / map.scale, (direction[1] * KEYBOARD_PAN) / map.scale);
  else if (direction) goToNext(map, direction);
  else if ((key === "Enter" || key === " ") && hovered.value !== undefined) {
    if (shiftKey) select([hovered.value], true);
    else choosePoint(hovered.value);
  } else return false;
  return true;
}

/** Moves to the next row in a direction. If there is no current row, moves to the row nearest to the center. */
function goToNext(map: MapView, direction: Position): void {
  const from = hovered.value ?? clicked.value;
  const center = map.toPosition([map.width / 2, map.height / 2]);
  const next =
    from === undefined
      ? nearest(map.xy, center, Number.POSITIVE_INFINITY, isShown)
      : (nextTowards(map.xy, from, direction, isShown) ?? from);
  if (next !== undefined) reveal(map, next);
}

/** Highlights a row, and moves the map if the row is not visible. */
function reveal(map: MapView, row: number): void {
  const [px, py] = map.toPixels(map.positionOf(row));
  if (px < 20 || py < 20 || px > map.width - 20 || py > map.height - 20) {
    pan((px - map.width / 2) / map.scale, (map.height / 2 - py) / map.scale);
  }
  pointAt(map, row);
}
