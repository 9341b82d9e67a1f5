/** The program of a worker that is a helper thread of the worker that computes. */
import { type HelperTask, serveSlot } from "../wasm/index.js";
import type { HelperReply } from "./messages.js";

const scope = globalThis as unknown as { onmessage: (event: MessageEvent<MessagePort>) => void };

scope.onmessage = ({ data: port }) => {
  const reply = (message: HelperReply) => port.postMessage(message);
  port.onmessage = ({ data: task }: MessageEvent<HelperTask>) => {
    try {
      serveSlot(task, () => reply({ ready: true }));
    } catch (error) {
      reply({ failed: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  };
};
