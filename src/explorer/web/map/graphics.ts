import type { DrawingEvents, PointsDrawing } from "./points-drawing.js";
import { PointsRenderer } from "./points-renderer.js";
import { WorkerDrawing } from "./worker-drawing.js";

/** Names of WebGL renderers that run on the processor instead of a graphics card. */
const SIMULATED = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/**
 * Draws with the graphics card if there is one. If WebGL is missing or simulated by the processor, a worker blends
 * pixels instead. Simulated WebGL takes about ten times as long per point as blending pixels.
 */
export function drawOn(canvas: HTMLCanvasElement, events: DrawingEvents): PointsDrawing {
  isAccelerated ??= probe();
  const attributes: WebGLContextAttributes = { antialias: false, depth: false, alpha: true };
  const gl = isAccelerated ? canvas.getContext("webgl2", attributes) : null;
  return gl ? new PointsRenderer(canvas, gl, events) : new WorkerDrawing(canvas, events);
}

let isAccelerated: boolean | undefined;

/** Tests WebGL on a separate canvas, because a canvas with a WebGL context can never get a context of another kind. */
function probe(): boolean {
  const attributes: WebGLContextAttributes = { failIfMajorPerformanceCaveat: true };
  const gl = document.createElement("canvas").getContext("webgl2", attributes);
  if (!gl) return false;
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return !SIMULATED.test(renderer);
}
