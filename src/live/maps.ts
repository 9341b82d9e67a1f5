/** The maps of the page side by side, with their pointer and keyboard controls. */
import { MapView, type Scene } from "../page-map/view.js";
import { plainColoring } from "./coloring.js";

type XY = [number, number];

export class Maps {
  readonly scene: Scene;
  readonly views: MapView[] = [];
  /** Called when the point under the pointer changes. */
  onHover: (point: number | undefined) => void = () => {};
  /** Called when the selection has changed. */
  onSelect: () => void = () => {};
  /** Whether dragging draws a lasso. */
  isLasso = false;
  #isDue = false;
  #isMoved = false;
  readonly #box: HTMLElement;

  constructor(box: HTMLElement, isDark: boolean) {
    this.#box = box;
    this.scene = {
      coloring: plainColoring(0),
      isDark,
      frame: { x: 0, y: 0, reach: 1 },
      wholeReach: 1,
      selected: undefined,
      hovered: undefined,
      marks: [],
    };
    new ResizeObserver(() => this.redraw()).observe(box);
  }

  /** Shows empty maps of `n` points with these names. */
  begin(names: readonly string[], n: number): void {
    this.views.splice(0, this.views.length, ...names.map(() => new MapView(this.scene)));
    for (const [i, view] of this.views.entries()) {
      view.name(names[i], "");
      view.x = view.y = view.otherX = view.otherY = new Float32Array(0);
      this.#listen(view);
    }
    this.#box.replaceChildren(...this.views.map(({ figure }) => figure));
    if (this.scene.coloring.colorOf.length !== n) this.scene.coloring = plainColoring(n);
    this.scene.selected = this.scene.hovered = undefined;
    this.#isMoved = false;
  }

  /** Shows positions, n x 2. */
  show(which: number, positions: ArrayLike<number>, summary: string, name: string): void {
    const view = this.views[which];
    const n = positions.length / 2;
    view.x = Float32Array.from({ length: n }, (_, i) => positions[2 * i]);
    view.y = Float32Array.from({ length: n }, (_, i) => positions[2 * i + 1]);
    view.name(name, summary);
    for (const [i, one] of this.views.entries()) {
      const other = this.views[this.views.length - 1 - i];
      const isShown = other.x.length === one.x.length;
      one.otherX = isShown ? other.x : one.x;
      one.otherY = isShown ? other.y : one.y;
    }
    if (this.#isMoved) this.redraw();
    else this.showWhole();
  }

  redraw(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      for (const view of this.views) {
        if (view.x.length === 0) continue;
        view.drawPoints();
        view.drawTop();
      }
    });
  }

  showWhole(): void {
    let reach = 0;
    for (const { x, y } of this.views) {
      for (const values of [x, y]) for (const value of values) reach = Math.max(reach, Math.abs(value));
    }
    this.scene.wholeReach = reach * 1.05 || 1;
    this.scene.frame = { x: 0, y: 0, reach: this.scene.wholeReach };
    this.#isMoved = false;
    this.redraw();
  }

  zoom(factor: number, x = this.scene.frame.x, y = this.scene.frame.y): void {
    const { frame, wholeReach } = this.scene;
    const reach = Math.min(wholeReach * 1.5, Math.max(wholeReach / 500, frame.reach / factor));
    const kept = reach / frame.reach;
    this.scene.frame = { x: x + (frame.x - x) * kept, y: y + (frame.y - y) * kept, reach };
    this.#isMoved = true;
    this.redraw();
  }

  #hover(point: number | undefined): void {
    if (point === this.scene.hovered) return;
    this.scene.hovered = point;
    this.onHover(point);
    for (const view of this.views) view.drawTop();
  }

  #select(view: MapView, outline: readonly XY[]): void {
    const inside = outline.length > 2 ? view.within(outline) : [];
    const selected = new Uint8Array(view.x.length);
    for (const i of inside) selected[i] = 1;
    this.scene.selected = inside.length > 0 ? selected : undefined;
    this.onSelect();
    this.redraw();
  }

  #listen(view: MapView): void {
    const { top } = view;
    const pixelOf = (event: MouseEvent): XY => {
      const { left, top: above } = top.getBoundingClientRect();
      return [event.clientX - left, event.clientY - above];
    };
    let last: XY | undefined;
    let outline: XY[] | undefined;
    top.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      top.setPointerCapture(event.pointerId);
      if (this.isLasso || event.shiftKey) outline = [pixelOf(event)];
      else last = pixelOf(event);
    });
    top.addEventListener("pointermove", (event) => {
      const [x, y] = pixelOf(event);
      if (outline) {
        outline.push([x, y]);
        view.drawTop(outline);
      } else if (last) {
        const { frame } = this.scene;
        this.scene.frame = {
          ...frame,
          x: frame.x - (x - last[0]) / view.scale,
          y: frame.y + (y - last[1]) / view.scale,
        };
        last = [x, y];
        this.#isMoved = true;
        this.redraw();
      } else this.#hover(view.nearest(x, y, 14));
    });
    for (const end of ["pointerup", "pointercancel"]) {
      top.addEventListener(end, () => {
        if (outline) this.#select(view, outline);
        last = outline = undefined;
      });
    }
    top.addEventListener("pointerleave", () => last || outline || this.#hover(undefined));
    top.addEventListener("dblclick", (event) => this.zoom(2, ...view.toPlane(...pixelOf(event))));
    top.addEventListener(
      "wheel",
      (event) => {
        // Without a modifier key the wheel scrolls the page.
        if (!(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        this.zoom(1.0015 ** -event.deltaY, ...view.toPlane(...pixelOf(event)));
      },
      { passive: false },
    );
    top.addEventListener("keydown", (event) => {
      if (this.#handleKey(view, event.key)) event.preventDefault();
    });
  }

  /** Handles a key and returns whether the maps use it. */
  #handleKey(view: MapView, key: string): boolean {
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key];
    if (direction) {
      const { hovered } = this.scene;
      const from = hovered ?? view.nearest(view.width / 2, view.height / 2, Number.POSITIVE_INFINITY);
      if (from === undefined) return true;
      this.#hover(hovered === undefined ? from : (view.nextTowards(from, direction[0], direction[1]) ?? from));
    } else if (key === "+" || key === "=") this.zoom(1.5);
    else if (key === "-") this.zoom(1 / 1.5);
    else if (key === "0") this.showWhole();
    else return false;
    return true;
  }
}
