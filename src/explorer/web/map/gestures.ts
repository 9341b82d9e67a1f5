import { batch, signal } from "@preact/signals";
import { click, clicked, hovered, isHelpOpen, select, selected, tool } from "../state.js";
import { pan, zoom } from "./camera.js";
import { enclosed, nearest, nextTowards, type Position } from "./drawn-layout.js";
import type { MapView } from "./map-view.js";

/** The row that is pointed at in a map, and where it lies on that map in pixels. */
export const pointed = signal<{ row: number; map: MapView; at: Position }>();
/** The lasso that is being drawn. */
export const outline = signal<{ map: MapView; corners: readonly Position[] }>();

/** How near the pointer must come to a point, in pixels. */
const CATCH = 16;
/** A press that moves less is a click. */
const STILL = 4;

export function pointAt(map: MapView, row: number | undefined): void {
  batch(() => {
    hovered.value = row;
    pointed.value = row === undefined ? undefined : { row, map, at: map.toPixels(map.positionOf(row)) };
  });
}

/** Lets pointer, wheel, fingers and keys move around in a map. */
export function listen(map: MapView): void {
  const { top } = map;
  const fingers = new Map<number, Position>();
  let press: { at: Position; last: Position; isLasso: boolean; isAdding: boolean; isStill: boolean } | undefined;

  const at = (event: MouseEvent): Position => {
    const { left, top: above } = top.getBoundingClientRect();
    return [event.clientX - left, event.clientY - above];
  };
  const rowAt = (place: Position) => nearest(map.xy, map.toPosition(place), CATCH / map.scale);

  top.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    top.setPointerCapture(event.pointerId);
    const place = at(event);
    fingers.set(event.pointerId, place);
    if (fingers.size > 1) {
      press = undefined;
      outline.value = undefined;
      return;
    }
    const isLasso = tool.value === "lasso" || event.shiftKey;
    press = { at: place, last: place, isLasso, isAdding: event.shiftKey && tool.value === "lasso", isStill: true };
  });

  top.addEventListener("pointermove", (event) => {
    const place = at(event);
    if (fingers.size === 2 && fingers.has(event.pointerId)) return pinch(event.pointerId, place);
    if (!press) {
      if (event.pointerType !== "touch" && !map.isMoving) pointAt(map, rowAt(place));
      return;
    }
    if (press.isStill && Math.hypot(place[0] - press.at[0], place[1] - press.at[1]) < STILL) return;
    press.isStill = false;
    if (press.isLasso) {
      const corners = outline.value?.map === map ? outline.value.corners : [press.at];
      outline.value = { map, corners: [...corners, place] };
      pointAt(map, undefined);
    } else {
      pan((press.last[0] - place[0]) / map.scale, (place[1] - press.last[1]) / map.scale);
      pointAt(map, undefined);
    }
    press.last = place;
  });

  const release = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    const done = press;
    const drawn = outline.value;
    press = undefined;
    outline.value = undefined;
    if (!done || event.type !== "pointerup") return;
    if (done.isStill) {
      const row = rowAt(done.at);
      if (row !== undefined) {
        click(row);
        pointAt(map, row);
      } else if (selected.value) select([]);
    } else if (drawn && drawn.corners.length > 2) {
      select(
        enclosed(
          map.xy,
          drawn.corners.map((corner) => map.toPosition(corner)),
        ),
        done.isAdding,
      );
    }
  };
  top.addEventListener("pointerup", release);
  top.addEventListener("pointercancel", release);
  top.addEventListener("pointerleave", () => !press && pointAt(map, undefined));

  function pinch(id: number, place: Position): void {
    const other = [...fingers].find(([one]) => one !== id)?.[1] as Position;
    const before = fingers.get(id) as Position;
    const spread = (one: Position) => Math.hypot(one[0] - other[0], one[1] - other[1]);
    zoom(spread(place) / Math.max(1, spread(before)), map.toPosition(other));
    fingers.set(id, place);
  }

  top.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1);
      zoom(1.0016 ** -Math.max(-400, Math.min(400, pixels)), map.toPosition(at(event)));
    },
    { passive: false },
  );
  top.addEventListener("dblclick", (event) => {
    const place = map.toPosition(at(event));
    zoom(2, place);
  });
  top.addEventListener("blur", () => pointAt(map, undefined));

  top.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isHelpOpen.value) return;
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (direction && event.shiftKey) {
      const step = 60 / map.scale;
      pan(direction[0] * step, direction[1] * step);
    } else if (direction) {
      const from = hovered.value ?? clicked.value;
      const middle = map.toPosition([map.width / 2, map.height / 2]);
      const next =
        from === undefined
          ? nearest(map.xy, middle, Number.POSITIVE_INFINITY)
          : (nextTowards(map.xy, from, direction as unknown as Position) ?? from);
      if (next !== undefined) reveal(map, next);
    } else if ((event.key === "Enter" || event.key === " ") && hovered.value !== undefined) {
      if (event.shiftKey) select([hovered.value], true);
      else click(hovered.value);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** Points at a row, and moves the map where it is out of sight. */
function reveal(map: MapView, row: number): void {
  const [px, py] = map.toPixels(map.positionOf(row));
  if (px < 20 || py < 20 || px > map.width - 20 || py > map.height - 20) {
    pan((px - map.width / 2) / map.scale, (map.height / 2 - py) / map.scale);
  }
  pointAt(map, row);
}
