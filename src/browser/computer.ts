/** Starts workers from a web page, sends calls to them and receives their results. */
import { AbortError, SigmaTsneError } from "../errors.js";
import { missingFeature } from "./features.js";
import { type CallName, decode, decodeError, encode, type Reply, type Request } from "./messages.js";
import { CORE, HELPER, THREADED_CORE, WORKER } from "./parts.js";

/** The callbacks in the options of a call, by name. To call one of them, the worker sends an event with its name. */
type Callbacks = Record<string, (value: never) => void>;

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  callbacks: Callbacks;
}

const BROWSERS = "Chrome 95, Firefox 113, Safari 16.4 or later";

/** Threads are an experiment that the page has to switch on, because a run on several threads may not finish. */
function wantsThreads(): boolean {
  const page = globalThis as { SIGMA_TSNE_WASM_THREADS?: unknown };
  return globalThis.crossOriginIsolated && page.SIGMA_TSNE_WASM_THREADS === true;
}

/**
 * One worker with its own instance of the core, and its helpers if the page is isolated. Its memory is freed when all
 * of them end.
 */
export class Computer {
  readonly #worker: Worker;
  readonly #helpers: Worker[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;
  #failure: SigmaTsneError | undefined;

  /** @throws {SigmaTsneError} BACKEND_UNAVAILABLE if the browser lacks a feature that the core needs */
  constructor() {
    const missing = missingFeature();
    if (missing) throw unavailable(`${missing}. Use ${BROWSERS}; in Node.js import "sigma-tsne"`);
    this.#worker = this.#startWorker(WORKER);
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#receive(data);
    this.#send({ start: wantsThreads() ? [THREADED_CORE, CORE] : [CORE] });
  }

  #startWorker(program: string): Worker {
    const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
    const worker = new Worker(url);
    URL.revokeObjectURL(url);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(
        unavailable(
          `its worker failed${event.message ? ` (${event.message})` : ""}. A content security policy must allow "worker-src blob:" and "script-src 'wasm-unsafe-eval'"`,
        ),
      );
    };
    return worker;
  }

  /**
   * Calls a function in the worker. The last argument contains the options; the callbacks among them are called when
   * the worker sends events.
   *
   * @param signal cancels the call: its promise is rejected when the worker has stopped the computation
   */
  call<T>(name: CallName, args: unknown[], signal?: AbortSignal): Promise<T> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (signal?.aborted) return Promise.reject(new AbortError(undefined, { cause: signal.reason }));
    const id = this.#count++;
    const callbacks = callbacksOf(args.at(-1));
    const result = new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject, callbacks });
      this.#send({ call: { id, name, args: args.map(encode), events: Object.keys(callbacks) } });
    });
    if (!signal) return result;
    const cancel = () => this.#send({ cancel: id });
    signal.addEventListener("abort", cancel, { once: true });
    return result.finally(() => signal.removeEventListener("abort", cancel));
  }

  /** Ends all workers. Pending calls are rejected with an AbortError. */
  end(reason?: unknown): void {
    this.#fail(new AbortError(undefined, { cause: reason }));
  }

  #send(request: Request): void {
    this.#worker.postMessage(request);
  }

  #receive(reply: Reply): void {
    if ("failed" in reply) {
      this.#fail(unavailable(`it does not load the WebAssembly core (${reply.failed}). Use ${BROWSERS}`));
      return;
    }
    if ("ready" in reply) return;
    if ("helper" in reply) {
      const helper = this.#startWorker(HELPER);
      this.#helpers.push(helper);
      helper.postMessage(reply.helper, [reply.helper]);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    if ("event" in reply) {
      try {
        waiting.callbacks[reply.event]?.(decode(reply.value) as never);
      } catch (error) {
        this.#waiting.delete(reply.id);
        this.#send({ cancel: reply.id });
        waiting.reject(error);
      }
      return;
    }
    this.#waiting.delete(reply.id);
    if ("error" in reply) waiting.reject(decodeError(reply.error));
    else waiting.resolve(decode(reply.result));
  }

  #terminate(): void {
    for (const worker of [this.#worker, ...this.#helpers]) worker.terminate();
  }

  /** A worker that failed can leave others waiting for it, so all of them end. */
  #fail(error: SigmaTsneError): void {
    this.#terminate();
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

/**
 * Makes one call in a new worker, then ends the worker, which frees its memory. An aborted signal ends the worker at
 * once.
 */
export async function computeOnce<T>(name: CallName, args: unknown[], signal?: AbortSignal): Promise<T> {
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
  const computer = new Computer();
  const end = () => computer.end(signal?.reason);
  signal?.addEventListener("abort", end, { once: true });
  try {
    return await computer.call<T>(name, args);
  } finally {
    signal?.removeEventListener("abort", end);
    computer.end();
  }
}

function callbacksOf(options: unknown): Callbacks {
  if (typeof options !== "object" || options === null || ArrayBuffer.isView(options)) return {};
  return Object.fromEntries(Object.entries(options).filter(([, value]) => typeof value === "function"));
}

const unavailable = (why: string) =>
  new SigmaTsneError("BACKEND_UNAVAILABLE", `sigma-tsne cannot compute in this browser: ${why}.`);
