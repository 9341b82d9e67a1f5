import type { DrawOrder } from "./draw-order.js";
import type { DrawingEvents, PointsDrawing, Scene } from "./points-drawing.js";
import type { PointsReport, PointsRequest } from "./points-messages.js";
import PointsWorker from "./points-worker.js?worker&inline";

/** Draws points on the processor in a worker, so that the page stays responsive. */
export class WorkerDrawing implements PointsDrawing {
  readonly isAccelerated = false;
  readonly #worker = new PointsWorker();
  #id = 0;
  readonly #waiting = new Map<number, () => void>();

  constructor(canvas: HTMLCanvasElement, { onDrawn }: DrawingEvents) {
    this.#worker.addEventListener("message", ({ data }: MessageEvent<PointsReport>) => {
      this.#waiting.get(data.id)?.();
      this.#waiting.delete(data.id);
      onDrawn(data.count, data.isWhole);
    });
    const offscreen = canvas.transferControlToOffscreen();
    this.#send({ kind: "canvas", canvas: offscreen }, [offscreen]);
  }

  setPositions(start: Float32Array, end: Float32Array): void {
    this.#send({ kind: "positions", start, end: end === start ? undefined : end });
  }

  setTints(tints: Uint8Array): void {
    this.#send({ kind: "tints", tints });
  }

  setOrder(order: DrawOrder): void {
    this.#send({ kind: "order", order });
  }

  draw(scene: Scene): void {
    this.#send({ kind: "draw", scene, id: ++this.#id, isWhole: false });
  }

  async drawAll(scene: Scene): Promise<void> {
    const id = ++this.#id;
    const drawn = new Promise<void>((resolve) => this.#waiting.set(id, resolve));
    this.#send({ kind: "draw", scene, id, isWhole: true });
    await drawn;
    // The page shows the picture of a worker together with its own next frame.
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  }

  dispose(): void {
    this.#worker.terminate();
  }

  #send(request: PointsRequest, transfer: Transferable[] = []): void {
    this.#worker.postMessage(request, transfer);
  }
}
