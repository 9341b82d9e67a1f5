import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { createBinding, type WasmBinding } from "./binding.js";
import type { HelperTask } from "./helper.js";
import type { HelperHost } from "./helper-team.js";
import { compileCore } from "./module.js";

/**
 * Loads the WebAssembly core in Node.js and compatible programs, for one thread. The module with threads is used only if
 * the environment variable SIGMA_TSNE_WASM_THREADS is 1, because about one process in a hundred did not finish with it.
 *
 * @param folder of the modules
 * @param program path of the program of helper threads (node-helper.ts)
 */
export function loadBinding(folder: string, program: string): WasmBinding {
  const threaded = join(folder, "sigma-tsne-threads.wasm");
  if (process.env.SIGMA_TSNE_WASM_THREADS === "1" && canWait() && existsSync(threaded) && existsSync(program)) {
    try {
      return createBinding(compileCore(readFileSync(threaded)), hostOf(program));
    } catch (error) {
      // The system may refuse the address space of a shared memory.
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return createBinding(compileCore(readFileSync(join(folder, "sigma-tsne.wasm"))));
}

/** Whether this thread may wait for others. The threads of pages in Electron may not. */
function canWait(): boolean {
  try {
    return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0) === "timed-out";
  } catch {
    return false;
  }
}

function hostOf(program: string): HelperHost {
  return {
    start: (task) => startWorker(program, task),
    warn: (message) => process.emitWarning(message, { type: "SigmaTsneWarning", code: "SIGMA_TSNE_THREADS" }),
  };
}

/** Helper threads wait for work until the process ends, but they do not keep it running. */
function startWorker(program: string, task: HelperTask): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { workerData: task, execArgv: [] });
    worker.once("message", () => {
      worker.unref();
      resolve();
    });
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the worker ended with code ${code}`)));
  });
}
