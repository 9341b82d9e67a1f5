/** The program of a helper thread: it serves a slot of a core with threads (native/wasm/thread_slots.cpp). */
import { type CoreFunction, type CoreMemory, type CoreModule, instantiateCore } from "./module.js";

/** Everything that a helper thread needs. It can be posted to a worker. */
export interface HelperTask {
  module: CoreModule;
  memory: CoreMemory;
  /** Pointers: the slot, the top of the stack, and the block of thread-local variables. */
  slot: number;
  stack: number;
  threadLocals: number;
}

/**
 * Works for the core until the worker is terminated. It does not return, so the worker handles no more events.
 *
 * @param onReady is called when the helper thread can receive work
 */
export function serveSlot({ module, memory, slot, stack, threadLocals }: HelperTask, onReady: () => void): void {
  const exports = instantiateCore(module, memory, {
    ready: () => {
      onReady();
      return 0;
    },
  });
  // A new instance uses the stack of the first thread, so it needs its own before it calls any other function.
  (exports.__stack_pointer as { value: number }).value = stack;
  (exports.__wasm_init_tls as CoreFunction)(threadLocals);
  try {
    (exports.sigma_slot_serve as CoreFunction)(slot);
  } catch (error) {
    // Other threads may be waiting for this one.
    (exports.sigma_slot_fail as CoreFunction)();
    throw error;
  }
}
