import { countOf } from "./draw-order.js";
import { FrameBudget } from "./frame-budget.js";
import { PointsCanvas } from "./points-canvas.js";
import { REST, type Scene } from "./points-drawing.js";
import type { PointsReport, PointsRequest } from "./points-messages.js";

// The thread that draws points if there is no graphics card. It draws the newest scene that it received and skips the
// scenes in between.

/** Number of points in the first picture. */
const FIRST_COUNT = 50_000;

const budget = new FrameBudget(FIRST_COUNT);
let canvas: PointsCanvas | undefined;
let wanted: { readonly scene: Scene; readonly id: number; readonly isWhole: boolean } | undefined;
let isWorking = false;
let wake: (() => void) | undefined;

self.addEventListener("message", ({ data }: MessageEvent<PointsRequest>) => {
  if (data.kind === "canvas") canvas = new PointsCanvas(data.canvas);
  else if (!canvas) return;
  else if (data.kind === "positions") [canvas.start, canvas.end] = [data.start, data.end ?? data.start];
  else if (data.kind === "tints") canvas.tints = data.tints;
  else if (data.kind === "order") canvas.order = data.order;
  else {
    // A picture of all points is never skipped, because the page waits for it.
    if (!wanted?.isWhole || data.isWhole) wanted = data;
    wake?.();
    if (!isWorking) void work(canvas);
  }
});

async function work(points: PointsCanvas): Promise<void> {
  isWorking = true;
  while (wanted) {
    const { scene, id, isWhole } = wanted;
    wanted = undefined;
    const level = isWhole ? 0 : budget.levelFor(points.order);
    const begun = performance.now();
    for (const _ of points.paint(scene, level));
    if (points.isComplete) budget.measure(countOf(points.order, level), performance.now() - begun);
    report(points, level, id);
    if (level === 0) await pause(0);
    else {
      await pause(REST);
      if (!wanted) await drawRest(points, scene, id);
    }
  }
  isWorking = false;
}

/** Draws all points, but stops if another picture is requested. */
async function drawRest(points: PointsCanvas, scene: Scene, id: number): Promise<void> {
  for (const _ of points.paint(scene, 0)) {
    await pause(0);
    if (wanted) return;
  }
  report(points, 0, id);
}

function report({ order, isComplete }: PointsCanvas, level: number, id: number): void {
  const answer: PointsReport = { id, count: isComplete ? countOf(order, level) : 0, isWhole: level === 0 };
  self.postMessage(answer);
}

/** Lets the worker receive messages; ends early when a picture is requested. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    if (milliseconds === 0) {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(undefined);
      return;
    }
    const timer = setTimeout(resolve, milliseconds);
    wake = () => {
      clearTimeout(timer);
      wake = undefined;
      resolve();
    };
  });
}
