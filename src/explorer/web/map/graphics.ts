import type { DrawingEvents, PointsDrawing } from "./points-drawing.js";
import { PointsRenderer } from "./points-renderer.js";
import { WorkerDrawing } from "./worker-drawing.js";

/** WebGL without a graphics card, by the names that such renderers go by. */
const SIMULATED = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/**
 * Draws by the graphics card where there is one. Where WebGL is missing, or only simulated by the processor, which takes some ten times as
 * long per point as blending its pixels does, a worker blends pixels.
 */
export function drawOn(canvas: HTMLCanvasElement, events: DrawingEvents): PointsDrawing {
  isAccelerated ??= probe();
  const attributes: WebGLContextAttributes = { antialias: false, depth: false, alpha: true };
  const gl = isAccelerated ? canvas.getContext("webgl2", attributes) : null;
  return gl ? new PointsRenderer(canvas, gl, events) : new WorkerDrawing(canvas, events);
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
