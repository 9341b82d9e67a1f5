/** The helper threads of a core, which are started when work needs them. */
import type { Core } from "./core.js";
import type { HelperTask } from "./helper.js";

/** The program around the core, which can start workers. */
export interface HelperHost {
  /** Starts a worker that serves the slot of the task. The promise resolves when the helper thread is ready. */
  start(task: HelperTask): Promise<void>;
  warn(message: string): void;
}

/** More threads than this are of little use, and each needs a worker with memory of its own. */
const MOST_THREADS = 16;

/** Input of a function of the core. The number of threads is one of its properties or one of its options. */
interface Input {
  threads?: number;
  options?: { threads?: number };
}

export class HelperTeam {
  /** The largest number of threads that compute, including the thread of the core. */
  readonly mostThreads: number;
  readonly #core: Core;
  readonly #host: HelperHost | undefined;
  readonly #helpers: Promise<void>[] = [];
  #hasWarned = false;

  constructor(core: Core, host: HelperHost | undefined) {
    this.#core = core;
    this.#host = host;
    this.mostThreads = core.hasThreads && host ? MOST_THREADS : 1;
  }

  /** Resolves when the helper threads for work with this input are ready. Without them, the work uses fewer threads. */
  async start(input: object): Promise<void> {
    const host = this.#host;
    const { threads: own, options } = input as Input;
    const threads = Math.min(own ?? options?.threads ?? 1, this.mostThreads);
    if (!host || threads === 1) return;
    while (this.#helpers.length < threads - 1) this.#helpers.push(this.#startHelper(host));
    const outcomes = await Promise.allSettled(this.#helpers);
    const failed = outcomes.filter((outcome) => outcome.status === "rejected");
    if (failed.length === 0 || this.#hasWarned) return;
    this.#hasWarned = true;
    const reason = failed[0]?.reason;
    host.warn(
      `${failed.length} of ${threads - 1} threads for WebAssembly could not be started, so the computation is slower: ${reason instanceof Error ? reason.message : reason}`,
    );
  }

  /** Rejects if there is no memory for the stack of the thread, or if the worker cannot be started. */
  async #startHelper(host: HelperHost): Promise<void> {
    await host.start(this.#core.makeHelper());
  }
}
