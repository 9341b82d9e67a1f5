import { INKS } from "../../../colors/index.js";
import { theme } from "../state.js";
import { camera, ease, isMotionWanted, WHOLE } from "./camera.js";
import { createDrawOrder } from "./draw-order.js";
import { type DrawnLayout, interpolatePositions, type Position } from "./drawn-layout.js";
import { drawOn } from "./graphics.js";
import { drawOverlay } from "./overlay.js";
import type { MapGeometry, OverlayScene } from "./overlay-scene.js";
import type { PointsDrawing, Scene } from "./points-drawing.js";

/** Milliseconds of a transition between two layouts. */
const TRANSITION = 900;

/** One map. The points are on one canvas; images, rings and outlines are on another canvas above it. */
export class MapView implements MapGeometry {
  readonly base: HTMLCanvasElement;
  readonly top: HTMLCanvasElement;
  readonly #renderer: PointsDrawing;
  #start: DrawnLayout | undefined;
  #end: DrawnLayout | undefined;
  /** Positions at the start and the end of a transition. */
  #from: Float32Array = new Float32Array();
  #to: Float32Array = new Float32Array();
  #progress = 1;
  #begun: number | undefined;
  #duration = TRANSITION;
  #xy: Float32Array | undefined;
  #order: Uint32Array | undefined;
  #tints: Uint8Array | undefined;
  #frame = 0;
  #arePointsDue = false;
  /** The content of the layer above the points. */
  overlay: () => OverlayScene;
  onFirstDraw: (() => void) | undefined;
  onMotion: (() => void) | undefined;

  constructor(base: HTMLCanvasElement, top: HTMLCanvasElement, overlay: () => OverlayScene) {
    this.base = base;
    this.top = top;
    this.overlay = overlay;
    this.#renderer = drawOn(base, {
      onRestored: () => this.redraw(),
      onDrawn: (count, isWhole) => this.#noteDrawn(count, isWhole),
    });
  }

  get isAccelerated(): boolean {
    return this.#renderer.isAccelerated;
  }
  get width(): number {
    return this.top.clientWidth;
  }
  get height(): number {
    return this.top.clientHeight;
  }
  /** Pixels per unit. */
  get scale(): number {
    return Math.min(this.width, this.height) / 2 / camera.peek().reach;
  }
  /** The shown layout, or the destination of a transition. */
  get layout(): DrawnLayout | undefined {
    return this.#end;
  }
  get isMoving(): boolean {
    return this.#begun !== undefined;
  }
  /** Current positions of the points, n x 2. */
  get xy(): Float32Array {
    this.#xy ??= interpolatePositions(this.#from, this.#to, this.#progress);
    return this.#xy;
  }

  positionOf(row: number): Position {
    const [from, to, share] = [this.#from, this.#to, this.#progress];
    const at = (axis: 0 | 1) => {
      const start = from[2 * row + axis];
      return start + (to[2 * row + axis] - start) * share;
    };
    return [at(0), at(1)];
  }

  toPixels([x, y]: Position): Position {
    const middle = camera.peek();
    return [this.width / 2 + (x - middle.x) * this.scale, this.height / 2 - (y - middle.y) * this.scale];
  }

  toPosition([px, py]: Position): Position {
    const middle = camera.peek();
    return [middle.x + (px - this.width / 2) / this.scale, middle.y - (py - this.height / 2) / this.scale];
  }

  /**
   * Shows a layout. The points move there from their current positions if these are known and animations are allowed.
   */
  show(layout: DrawnLayout, duration = TRANSITION): void {
    if (this.#end === layout && this.#to === layout.xy) return;
    const isSame = this.#to.length === layout.xy.length;
    if (!isSame || !isMotionWanted() || duration === 0) {
      this.#set(layout, layout, 1);
      return;
    }
    const now = this.xy;
    const start = this.#end;
    this.#set(layout, layout, 0);
    this.#start = start;
    this.#from = now;
    this.#renderer.setPositions(now, layout.xy);
    this.#duration = duration;
    this.#begun = performance.now();
    this.redraw();
  }

  /** Shows an intermediate state between two layouts. */
  morph(start: DrawnLayout, end: DrawnLayout, progress: number): void {
    this.#set(start, end, progress);
  }

  #set(start: DrawnLayout, end: DrawnLayout, progress: number): void {
    [this.#start, this.#end, this.#progress] = [start, end, progress];
    [this.#from, this.#to] = [start.xy, end.xy];
    this.#begun = undefined;
    this.#xy = undefined;
    this.#renderer.setPositions(start.xy, end.xy);
    this.redraw();
  }

  setTints(tints: Uint8Array, order: Uint32Array): void {
    if (this.#tints !== tints) this.#renderer.setTints(tints);
    this.#tints = tints;
    if (this.#order !== order) this.#renderer.setOrder(createDrawOrder(order));
    this.#order = order;
    this.redraw();
  }

  /** Draws the points again in the next frame. */
  redraw(): void {
    this.#arePointsDue = true;
    this.redrawTop();
  }

  /** Draws the layer above the points again in the next frame. */
  redrawTop(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame((now) => this.#draw(now));
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#renderer.dispose();
  }

  /** Diameter of a point in pixels, and its roundness (1 for discs, 0 for squares). */
  get dots(): { diameter: number; roundness: number } {
    const sizeIn = (layout: DrawnLayout | undefined) => {
      if (!layout) return 2;
      if (layout.kind === "wall") {
        const cell = layout.spacing * this.scale;
        // Small cells overlap slightly, because seams between them would cause a moiré pattern.
        return cell < 8 ? cell + 1.5 : cell - 1;
      }
      // If the points were spread evenly, they would cover a third of the map. Zooming in makes the points grow slowly.
      const even = Math.min(7, Math.max(1.8, 0.65 * layout.spacing * (Math.min(this.width, this.height) / 2.12)));
      return even * (WHOLE.reach / camera.peek().reach) ** 0.4;
    };
    const mix = (start: number, end: number) => start + (end - start) * this.#progress;
    return {
      diameter: mix(sizeIn(this.#start), sizeIn(this.#end)),
      roundness: mix(this.#start?.kind === "wall" ? 0 : 1, this.#end?.kind === "wall" ? 0 : 1),
    };
  }

  #draw(now: number): void {
    this.#frame = 0;
    if (this.#begun !== undefined) {
      const share = Math.min(1, Math.max(0, (now - this.#begun) / this.#duration));
      this.#progress = ease(share);
      this.#xy = undefined;
      if (share === 1) {
        this.#begun = undefined;
        this.#start = this.#end;
      }
    }
    if (this.width === 0 || this.height === 0) return;
    if (this.#arePointsDue) {
      this.#drawPoints();
      this.#arePointsDue = false;
    }
    const context = this.#prepare(this.top).getContext("2d") as CanvasRenderingContext2D;
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    if (this.#to.length > 0) drawOverlay(context, this, this.overlay());
    if (this.#begun !== undefined) this.redraw();
    this.onMotion?.();
  }

  #drawPoints(): void {
    this.#renderer.draw(this.#scene());
  }

  #scene(): Scene {
    const ratio = window.devicePixelRatio || 1;
    const { x, y } = camera.peek();
    const { diameter, roundness } = this.dots;
    return {
      width: Math.round(this.width * ratio),
      height: Math.round(this.height * ratio),
      x,
      y,
      reachX: this.width / 2 / this.scale,
      reachY: this.height / 2 / this.scale,
      progress: this.#progress,
      diameter: diameter * ratio,
      roundness,
      ground: INKS[theme.peek()].background,
    };
  }

  /** Writes the number of drawn points to the document, and reports the first picture. */
  #noteDrawn(count: number, isWhole: boolean): void {
    this.base.dataset.drawn = isWhole ? "all" : String(count);
    if (count === 0 || !this.onFirstDraw) return;
    this.onFirstDraw();
    this.onFirstDraw = undefined;
  }

  #prepare(canvas: HTMLCanvasElement): HTMLCanvasElement {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    return canvas;
  }

  /** A picture of the visible map with all its points, on an opaque background. */
  async picture(): Promise<HTMLCanvasElement> {
    // WebGL clears its picture after the browser has displayed it, so it must be drawn again here.
    await this.#renderer.drawAll(this.#scene());
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [this.base.width, this.base.height];
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    context.fillStyle = INKS[theme.peek()].background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(this.base, 0, 0);
    context.drawImage(this.top, 0, 0);
    return canvas;
  }
}
