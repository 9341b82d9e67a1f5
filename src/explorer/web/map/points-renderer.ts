import { type PointsDrawing, type Scene, SHINE } from "./points-drawing.js";

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

/** What the graphics card is given; see the setters. */
interface Contents {
  start: Float32Array;
  end: Float32Array;
  tint: Uint8Array;
  order: Uint32Array;
}

/**
 * Draws points with WebGL 2, all of them in one call, and moves them from one layout to another on the graphics card. What it was given
 * stays here, so that a context that the browser takes away and gives back is filled again.
 */
export class PointsRenderer implements PointsDrawing {
  readonly isAccelerated = true;
  readonly #canvas: HTMLCanvasElement;
  readonly #gl: WebGL2RenderingContext;
  #program: WebGLProgram | undefined;
  readonly #data: Contents = {
    start: new Float32Array(),
    end: new Float32Array(),
    tint: new Uint8Array(),
    order: new Uint32Array(),
  };
  readonly #buffers = new Map<keyof Contents, WebGLBuffer>();

  /** @param onRestored is called when everything has to be drawn again */
  constructor(canvas: HTMLCanvasElement, gl: WebGL2RenderingContext, onRestored: () => void) {
    this.#canvas = canvas;
    this.#gl = gl;
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.#build();
      onRestored();
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

  setOrder(order: Uint32Array): void {
    this.#keep("order", order);
  }

  draw(scene: Scene): void {
    const gl = this.#gl;
    if (gl.isContextLost() || !this.#program) return;
    gl.viewport(0, 0, this.#canvas.width, this.#canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const { start, end, tint, order } = this.#data;
    const n = Math.min(start.length / 2, end.length / 2, tint.length / 4);
    if (n === 0 || order.length !== n) return;
    const uniform = (name: string) => gl.getUniformLocation(this.#program as WebGLProgram, name);
    gl.uniform1f(uniform("progress"), scene.progress);
    gl.uniform1f(uniform("diameter"), scene.diameter);
    gl.uniform1f(uniform("roundness"), scene.roundness);
    gl.uniform2f(uniform("middle"), scene.x, scene.y);
    gl.uniform2f(uniform("reach"), scene.reachX, scene.reachY);
    gl.drawElements(gl.POINTS, n, gl.UNSIGNED_INT, 0);
  }

  dispose(): void {
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
      // A context that is lost links nothing; it is built again when it is given back.
      if (gl.isContextLost()) return;
      throw new Error(`The map's shaders do not link: ${gl.getProgramInfoLog(program)}`);
    }
    this.#program = program;
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
