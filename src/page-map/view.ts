import type { Coloring } from "./points.js";

/** The visible part of the plane, the same in all maps. */
export interface Frame {
  x: number;
  y: number;
  /** Map units from the center to the nearer edge. */
  reach: number;
}

/** The state that all maps share for drawing. */
export interface Scene {
  coloring: Coloring;
  isDark: boolean;
  frame: Frame;
  /** Reach of the view that shows the whole map. The size of points is computed relative to this reach. */
  wholeReach: number;
  selected: Uint8Array | undefined;
  hovered: number | undefined;
  marks: readonly number[];
}

type XY = [number, number];

/** One map. The points are on one canvas; elements that follow the pointer are on a second canvas above it. */
export class MapView {
  readonly figure = document.createElement("figure");
  readonly top = document.createElement("canvas");
  x: Float32Array = new Float32Array();
  y: Float32Array = new Float32Array();
  /** Positions of the points in the other map. */
  otherX: Float32Array = new Float32Array();
  otherY: Float32Array = new Float32Array();
  readonly #base = document.createElement("canvas");
  readonly #title = document.createElement("strong");
  readonly #summary = document.createElement("span");
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
    const caption = document.createElement("figcaption");
    caption.append(this.#title, this.#summary);
    const box = document.createElement("div");
    box.className = "canvas";
    this.top.className = "top";
    this.top.tabIndex = 0;
    this.top.setAttribute("role", "application");
    this.top.setAttribute("aria-describedby", "point");
    box.append(this.#base, this.top);
    this.figure.append(caption, box);
  }

  name(name: string, summary: string): void {
    this.#title.textContent = name;
    this.#summary.textContent = summary;
    this.top.setAttribute("aria-label", `Map ${name}. Arrow keys go from point to point.`);
  }

  get width(): number {
    return this.top.clientWidth;
  }

  get height(): number {
    return this.top.clientHeight;
  }

  /** Pixels per map unit. */
  get scale(): number {
    return Math.min(this.width, this.height) / 2 / this.#scene.frame.reach;
  }

  /** Converts map coordinates to pixels from the upper left corner. */
  toPixels(x: number, y: number): XY {
    const { frame } = this.#scene;
    return [this.width / 2 + (x - frame.x) * this.scale, this.height / 2 - (y - frame.y) * this.scale];
  }

  toPlane(px: number, py: number): XY {
    const { frame } = this.#scene;
    return [frame.x + (px - this.width / 2) / this.scale, frame.y - (py - this.height / 2) / this.scale];
  }

  /** The nearest point to a pixel if its distance is below `reach` pixels. */
  nearest(px: number, py: number, reach: number): number | undefined {
    const [x, y] = this.toPlane(px, py);
    let least = (reach / this.scale) ** 2;
    let found: number | undefined;
    for (let i = 0; i < this.x.length; i++) {
      const distance = (this.x[i] - x) ** 2 + (this.y[i] - y) ** 2;
      if (distance < least) [least, found] = [distance, i];
    }
    return found;
  }

  /** The nearest point within 45 degrees of a direction. */
  nextTowards(from: number, dx: number, dy: number): number | undefined {
    let least = Number.POSITIVE_INFINITY;
    let found: number | undefined;
    for (let i = 0; i < this.x.length; i++) {
      const [x, y] = [this.x[i] - this.x[from], this.y[i] - this.y[from]];
      const along = x * dx + y * dy;
      const distance = x * x + y * y;
      if (along > 0 && 2 * along * along >= distance && distance < least) [least, found] = [distance, i];
    }
    return found;
  }

  /**
   * Diameter of a point in pixels, at which the points would cover a third of the map if they were spread evenly.
   * Points grow slowly when the user zooms in.
   */
  get #diameter(): number {
    const { frame, wholeReach } = this.#scene;
    const even = 2 * Math.sqrt((this.width * this.height) / 3 / Math.PI / Math.max(1, this.x.length));
    return Math.min(7, Math.max(1.8, even)) * (wholeReach / frame.reach) ** 0.4;
  }

  drawPoints(): void {
    const { coloring, isDark, selected } = this.#scene;
    const { context, ratio } = this.#prepare(this.#base);
    const { width: columns, height: rows } = this.#base;
    if (columns === 0 || rows === 0) return;
    const colors = (isDark ? coloring.dark : coloring.light).map(toRgb);
    const ground = toRgb(GROUNDS[isDark ? "dark" : "light"]);
    const image = context.createImageData(columns, rows);
    const { data } = image;
    new Uint32Array(data.buffer).fill(new Uint32Array(Uint8Array.of(...ground, 255).buffer)[0]);
    const { size, cover } = disc(this.#diameter * ratio);
    const half = size / 2;
    const scale = this.scale * ratio;
    const { x: cx, y: cy } = this.#scene.frame;
    const draw = (wanted: 0 | 1 | undefined, opacity: number) => {
      for (const i of coloring.order) {
        if (wanted !== undefined && selected?.[i] !== wanted) continue;
        const left = Math.round(columns / 2 + (this.x[i] - cx) * scale - half);
        const top = Math.round(rows / 2 - (this.y[i] - cy) * scale - half);
        if (left <= -size || top <= -size || left >= columns || top >= rows) continue;
        const [red, green, blue] = colors[coloring.colorOf[i]];
        for (let v = Math.max(0, -top); v < size && top + v < rows; v++) {
          for (let u = Math.max(0, -left); u < size && left + u < columns; u++) {
            const share = opacity * cover[v * size + u];
            const at = 4 * ((top + v) * columns + left + u);
            data[at] = data[at] + share * (red - data[at]);
            data[at + 1] = data[at + 1] + share * (green - data[at + 1]);
            data[at + 2] = data[at + 2] + share * (blue - data[at + 2]);
          }
        }
      }
    };
    if (selected === undefined) draw(undefined, 0.8);
    else {
      draw(0, 0.12);
      draw(1, 1);
    }
    context.putImageData(image, 0, 0);
  }

  /** @param outline outline of the selection that the user is drawing, in pixels */
  drawTop(outline: readonly XY[] = []): void {
    const { hovered, marks, isDark } = this.#scene;
    const { context } = this.#prepare(this.top);
    const [ink, ground] = isDark ? ["#ffffff", GROUNDS.dark] : ["#000000", GROUNDS.light];
    const ring = (px: number, py: number, radius: number, width: number) => {
      context.beginPath();
      context.arc(px, py, radius, 0, 2 * Math.PI);
      stroke(width);
    };
    const stroke = (width: number) => {
      context.strokeStyle = ground;
      context.lineWidth = width + 2.5;
      context.stroke();
      context.strokeStyle = ink;
      context.lineWidth = width;
      context.stroke();
    };
    const radius = this.#diameter / 2 + 3;
    context.font = "600 12px system-ui, 'DejaVu Sans', sans-serif";
    context.lineJoin = "round";
    for (const [index, row] of marks.entries()) {
      const [px, py] = this.toPixels(this.x[row], this.y[row]);
      ring(px, py, radius, 1.3);
      context.strokeStyle = ground;
      context.lineWidth = 4;
      context.strokeText(String(index + 1), px + radius + 2, py + 4);
      context.fillStyle = ink;
      context.fillText(String(index + 1), px + radius + 2, py + 4);
    }
    if (hovered !== undefined) {
      const here = this.toPixels(this.x[hovered], this.y[hovered]);
      const there = this.toPixels(this.otherX[hovered], this.otherY[hovered]);
      context.beginPath();
      context.moveTo(...there);
      context.lineTo(...here);
      stroke(1.2);
      ring(...there, 2, 1);
      ring(...here, radius + 2, 2.5);
    }
    if (outline.length > 1) {
      context.beginPath();
      for (const [px, py] of outline) context.lineTo(px, py);
      context.closePath();
      context.globalAlpha = 0.12;
      context.fillStyle = ink;
      context.fill();
      context.globalAlpha = 1;
      context.setLineDash([5, 4]);
      stroke(1.2);
      context.setLineDash([]);
    }
  }

  /** Points inside a polygon in pixels. */
  within(outline: readonly XY[]): number[] {
    const corners = outline.map(([px, py]) => this.toPlane(px, py));
    const inside: number[] = [];
    for (let i = 0; i < this.x.length; i++) {
      const [x, y] = [this.x[i], this.y[i]];
      let isInside = false;
      let [bx, by] = corners.at(-1) as XY;
      for (const [ax, ay] of corners) {
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isInside = !isInside;
        [bx, by] = [ax, ay];
      }
      if (isInside) inside.push(i);
    }
    return inside;
  }

  #prepare(canvas: HTMLCanvasElement): { context: CanvasRenderingContext2D; ratio: number } {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.clearRect(0, 0, width, height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return { context, ratio };
  }
}

type Rgb = [number, number, number];

/** Background colors of the maps: `--ground` of base.css. */
const GROUNDS = { light: "#ffffff", dark: "#12151a" };

const toRgb = (color: string): Rgb => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)) as Rgb;

/**
 * The share of each pixel that a disc covers. Without a GPU, blending colors by these shares is several times faster
 * than drawing paths or images.
 */
function disc(diameter: number): { size: number; cover: Float32Array } {
  const size = Math.ceil(diameter) + 1;
  const cover = new Float32Array(size * size);
  for (let at = 0; at < cover.length; at++) {
    const distance = Math.hypot((at % size) + 0.5 - size / 2, Math.floor(at / size) + 0.5 - size / 2);
    cover[at] = Math.min(1, Math.max(0, diameter / 2 - distance + 0.5));
  }
  return { size, cover };
}
