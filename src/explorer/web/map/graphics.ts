import { PointsCanvas } from "./points-canvas.js";
import type { PointsDrawing } from "./points-drawing.js";
import { PointsRenderer } from "./points-renderer.js";

/** WebGL without a graphics card, by the names that such renderers go by. */
const SIMULATED = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/**
 * Draws by the graphics card where there is one. Where WebGL is missing, or only simulated by the processor, which takes some ten times as
 * long per point as blending its pixels does, pixels are blended.
 *
 * @param onRestored is called when everything has to be drawn again
 */
export function drawOn(canvas: HTMLCanvasElement, onRestored: () => void): PointsDrawing {
  isAccelerated ??= probe();
  const attributes: WebGLContextAttributes = { antialias: false, depth: false, alpha: true };
  const gl = isAccelerated ? canvas.getContext("webgl2", attributes) : null;
  if (gl) return new PointsRenderer(canvas, gl, onRestored);
  return new PointsCanvas(canvas, canvas.getContext("2d") as CanvasRenderingContext2D);
}

let isAccelerated: boolean | undefined;

/** Asks on a canvas of its own: one that has had a WebGL context never gets another kind. */
function probe(): boolean {
  const attributes: WebGLContextAttributes = { failIfMajorPerformanceCaveat: true };
  const gl = document.createElement("canvas").getContext("webgl2", attributes);
  if (!gl) return false;
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return !SIMULATED.test(renderer);
}
