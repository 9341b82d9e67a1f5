import { countOf, type DrawOrder } from "./draw-order.js";
import { FrameBudget } from "./frame-budget.js";
import { type DrawingEvents, type PointsDrawing, REST, type Scene, SHINE, sparseDiameter } from "./points-drawing.js";

/** Number of points in the first picture. */
const FIRST_COUNT = 50_000;

const VERTEX = `#version 300 es
in vec2 start;
in vec2 end;
in vec4 tint;
uniform float progress, diameter;
uniform vec2 middle, reach;
out vec4 color;
void main() {
  gl_Position = vec4((mix(start, end, progress) - middle) / reach, 0, 1);
  gl_PointSize = diameter;
  color = tint;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
uniform float diameter, roundness;
in vec4 color;
out vec4 pixel;
void main() {
  vec2 corner = max(abs(2. * gl_PointCoord - 1.) - (1. - roundness), 0.);
  float cover = clamp((roundness - length(corner)) * .5 * diameter + .5, 0., 1.);
  if (roundness == 0.) cover = 1.;
  float opacity = color.a > ${SHINE} ? mix(1., color.a, roundness) : color.a;
  pixel = vec4(color.rgb, 1) * opacity * cover;
}`;

/** The data for the graphics card; see the setters. */
interface Contents {
  start: Float32Array;
  end: Float32Array;
  tint: Uint8Array;
  order: Uint32Array;
}

/** A picture of all points that is drawn in parts into a hidden buffer, which is shown when it is complete. */
interface Rest {
  readonly scene: Scene;
  readonly begin: number;
  drawn: number;
}

/**
 * Draws points with WebGL 2, and moves them between layouts on the graphics card. The data are also kept in memory, so
 * that the context can be filled again if the browser takes it away and restores it.
 *
 * A picture is started only when the previous one is finished. Otherwise the browser would queue pictures and the map
 * would lag behind the pointer.
 */
export class PointsRenderer implements PointsDrawing {
  readonly isAccelerated = true;
  readonly #canvas: HTMLCanvasElement;
  readonly #gl: WebGL2RenderingContext;
  readonly #events: DrawingEvents;
  readonly #budget = new FrameBudget(FIRST_COUNT);
  #program: WebGLProgram | undefined;
  readonly #data: Contents = {
    start: new Float32Array(),
    end: new Float32Array(),
    tint: new Uint8Array(),
    order: new Uint32Array(),
  };
  #order: DrawOrder = { rows: new Uint32Array(), starts: [0, 0] };
  readonly #buffers = new Map<keyof Contents, WebGLBuffer>();
  /** The hidden buffer. */
  #hidden: { readonly frame: WebGLFramebuffer; readonly color: WebGLRenderbuffer } | undefined;
  #wanted: Scene | undefined;
  #rest: Rest | undefined;
  /** The picture that the graphics card is drawing. */
  #pending: { readonly sync: WebGLSync; readonly begun: number; readonly count: number } | undefined;
  #next = 0;

  constructor(canvas: HTMLCanvasElement, gl: WebGL2RenderingContext, events: DrawingEvents) {
    this.#canvas = canvas;
    this.#gl = gl;
    this.#events = events;
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.#pending = undefined;
      this.#build();
      events.onRestored();
    });
    this.#build();
  }

  setPositions(start: Float32Array, end: Float32Array): void {
    if (this.#data.start !== start) this.#keep("start", start);
    if (this.#data.end !== end) this.#keep("end", end);
  }

  setTints(tints: Uint8Array): void {
    this.#keep("tint", tints);
  }

  setOrder(order: DrawOrder): void {
    this.#order = order;
    this.#keep("order", order.rows);
  }

  draw(scene: Scene): void {
    this.#wanted = scene;
    this.#rest = undefined;
    if (!this.#pending) this.#proceed();
  }

  async drawAll(scene: Scene): Promise<void> {
    this.#wanted = undefined;
    this.#rest = undefined;
    this.#resize(scene);
    this.#drawPart(scene, 0, countOf(this.#order, 0));
  }

  /** Begins the next picture, or a part of it, if the previous one is finished. */
  #proceed(): void {
    cancelAnimationFrame(this.#next);
    const gl = this.#gl;
    if (gl.isContextLost() || !this.#program) return;
    const pending = this.#pending;
    if (pending) {
      if (gl.getSyncParameter(pending.sync, gl.SYNC_STATUS) !== gl.SIGNALED) {
        this.#proceedLater();
        return;
      }
      gl.deleteSync(pending.sync);
      this.#budget.measure(pending.count, performance.now() - pending.begun);
      this.#pending = undefined;
    }
    if (this.#wanted) this.#begin(this.#wanted);
    else if (this.#rest) this.#continue(this.#rest);
  }

  #proceedLater(): void {
    this.#next = requestAnimationFrame(() => this.#proceed());
  }

  #begin(scene: Scene): void {
    this.#wanted = undefined;
    this.#resize(scene);
    const level = this.#budget.levelFor(this.#order);
    const shown = countOf(this.#order, level);
    const isDisc = scene.roundness > 0;
    const diameter = isDisc ? sparseDiameter(scene.diameter, shown, this.#order.starts[1]) : scene.diameter;
    const count = this.#drawPart({ ...scene, diameter }, this.#order.starts[level], shown);
    if (level > 0 && count > 0) this.#rest = { scene, begin: performance.now() + REST, drawn: 0 };
    this.#watch(count);
    this.#events.onDrawn(count, level === 0);
  }

  #continue(rest: Rest): void {
    if (performance.now() < rest.begin) {
      this.#proceedLater();
      return;
    }
    const gl = this.#gl;
    const all = countOf(this.#order, 0);
    const count = Math.min(all - rest.drawn, countOf(this.#order, this.#budget.levelFor(this.#order)));
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#hiddenFrame(rest.scene));
    this.#drawPart(rest.scene, rest.drawn, count, rest.drawn === 0);
    rest.drawn += count;
    if (rest.drawn === all) {
      const { width, height } = rest.scene;
      gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
      gl.blitFramebuffer(0, 0, width, height, 0, 0, width, height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
      this.#rest = undefined;
      this.#events.onDrawn(all, true);
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.#watch(count);
  }

  /** Checks in each frame whether the graphics card has finished. */
  #watch(count: number): void {
    const gl = this.#gl;
    const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    if (sync) this.#pending = { sync, begun: performance.now(), count };
    this.#proceedLater();
  }

  #resize({ width, height }: Scene): void {
    const canvas = this.#canvas;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  }

  #hiddenFrame({ width, height }: Scene): WebGLFramebuffer {
    const gl = this.#gl;
    this.#hidden ??= { frame: gl.createFramebuffer(), color: gl.createRenderbuffer() };
    const { frame, color } = this.#hidden;
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.bindRenderbuffer(gl.RENDERBUFFER, color);
    const isSized =
      gl.getRenderbufferParameter(gl.RENDERBUFFER, gl.RENDERBUFFER_WIDTH) === width &&
      gl.getRenderbufferParameter(gl.RENDERBUFFER, gl.RENDERBUFFER_HEIGHT) === height;
    if (!isSized) {
      gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, width, height);
      gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, color);
    }
    return frame;
  }

  /**
   * Draws `count` rows of the order, beginning with row `first` of the order.
   *
   * @returns the number of drawn rows
   */
  #drawPart(scene: Scene, first: number, count: number, isEmpty = true): number {
    const gl = this.#gl;
    if (gl.isContextLost() || !this.#program) return 0;
    gl.viewport(0, 0, scene.width, scene.height);
    if (isEmpty) {
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
    }
    const { start, end, tint } = this.#data;
    const n = Math.min(start.length / 2, end.length / 2, tint.length / 4);
    // The order may be shorter than n, because filters hide points.
    if (n === 0 || countOf(this.#order, 0) > n) return 0;
    const uniform = (name: string) => gl.getUniformLocation(this.#program as WebGLProgram, name);
    gl.uniform1f(uniform("progress"), scene.progress);
    gl.uniform1f(uniform("diameter"), scene.diameter);
    gl.uniform1f(uniform("roundness"), scene.roundness);
    gl.uniform2f(uniform("middle"), scene.x, scene.y);
    gl.uniform2f(uniform("reach"), scene.reachX, scene.reachY);
    gl.drawElements(gl.POINTS, count, gl.UNSIGNED_INT, 4 * first);
    return count;
  }

  dispose(): void {
    cancelAnimationFrame(this.#next);
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  #keep<Name extends keyof Contents>(name: Name, values: Contents[Name]): void {
    this.#data[name] = values;
    this.#fill(name);
  }

  #fill(name: keyof Contents): void {
    const gl = this.#gl;
    const target = name === "order" ? gl.ELEMENT_ARRAY_BUFFER : gl.ARRAY_BUFFER;
    gl.bindBuffer(target, this.#buffers.get(name) ?? null);
    gl.bufferData(target, this.#data[name], gl.DYNAMIC_DRAW);
  }

  #build(): void {
    const gl = this.#gl;
    const program = gl.createProgram();
    for (const [type, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(type) as WebGLShader;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
      // A lost context cannot link a program. The program is built again when the context is restored.
      if (gl.isContextLost()) return;
      throw new Error(`The map's shaders do not link: ${gl.getProgramInfoLog(program)}`);
    }
    this.#program = program;
    this.#hidden = undefined;
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.#buffers.clear();
    for (const name of Object.keys(this.#data) as (keyof Contents)[]) {
      this.#buffers.set(name, gl.createBuffer() as WebGLBuffer);
      this.#fill(name);
      if (name === "order") continue;
      const at = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(at);
      if (name === "tint") gl.vertexAttribPointer(at, 4, gl.UNSIGNED_BYTE, true, 0, 0);
      else gl.vertexAttribPointer(at, 2, gl.FLOAT, false, 0, 0);
    }
  }
}
