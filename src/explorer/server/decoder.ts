import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { AbortError, SigmaTsneError } from "../../errors.js";
import type {
  DecoderFailure,
  DecoderModel,
  DecoderOptions,
  DecoderReply,
  DecoderTasks,
  TaskName,
} from "./decoder-tasks.js";

/** How a task is asked for. */
export interface TaskOptions {
  /**
   * A name of what asks again and again, such as one slider. It is served before all others, beside a long task that is at work; and
   * of what it asks for while it waits, only the newest is computed: the others are rejected with an {@link AbortError}.
   */
  readonly newestOf?: string | undefined;
  /** Takes back what has not begun; of what has begun, the answer is dropped. */
  readonly signal?: AbortSignal | undefined;
}

/** Tasks that may wait; further ones are refused. */
const MAX_WAITING = 32;

interface Job {
  readonly name: TaskName;
  readonly given: DecoderTasks[TaskName]["given"];
  readonly newestOf: string | undefined;
  readonly resolve: (answer: DecoderTasks[TaskName]["answer"]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A trained model on a thread of its own, which decodes and encodes for the explorer.
 *
 * The server decodes, and not the page: it gives the numbers that `sigma-tsne decode` gives, to the bit, since the same code computes
 * them; it can do so for every model, those with distributions over weights among them; the page needs no TensorFlow.js, nor the
 * weights. And it decodes off the event loop, so that the map and its data are served meanwhile.
 *
 * Two tasks are at work at most, one of sliders (see {@link TaskOptions.newestOf}) and one of all others. If the thread dies, what was
 * asked of it fails, and the next task starts another one.
 */
export class Decoder {
  readonly #options: DecoderOptions;
  readonly #waiting: Job[] = [];
  readonly #working = new Map<number, Job>();
  #thread: { readonly worker: Worker; readonly model: Promise<DecoderModel> } | undefined;
  #isReady = false;
  #isClosed = false;
  #count = 0;

  /** Opens the model at once, without waiting for it. */
  constructor(options: DecoderOptions) {
    this.#options = options;
    // Each request that needs the model reports the failure.
    this.model().catch(() => {});
  }

  /**
   * The model, once it is open.
   *
   * @throws {FileError} FILE_READ without a model, FILE_FORMAT for a damaged one, both as {@link SigmaTsneError}s with these codes
   */
  model(): Promise<DecoderModel> {
    if (this.#isClosed) return Promise.reject(closedError());
    this.#thread ??= this.#start();
    return this.#thread.model;
  }

  /**
   * Does a task of {@link DecoderTasks}. Arrays that are given are copied.
   *
   * @throws {SigmaTsneError} BUSY where too many tasks wait; what the model throws, by its code
   * @throws {AbortError} where it was taken back, overtaken by a newer one of its name, or the decoder was closed
   */
  async perform<T extends TaskName>(
    name: T,
    given: DecoderTasks[T]["given"],
    { newestOf, signal }: TaskOptions = {},
  ): Promise<DecoderTasks[T]["answer"]> {
    if (signal?.aborted) throw new AbortError();
    if (this.#isClosed) throw closedError();
    this.model().catch(() => {});
    if (newestOf !== undefined) this.#withdraw((job) => job.newestOf === newestOf, "overtaken by a newer request");
    if (this.#waiting.length >= MAX_WAITING) {
      throw new SigmaTsneError("BUSY", `${MAX_WAITING} requests are waiting for the model. Try again later`);
    }
    return new Promise<DecoderTasks[T]["answer"]>((resolve, reject) => {
      const abort = () => {
        this.#withdraw((other) => other === job, "the request was taken back");
        reject(new AbortError("the request was taken back"));
      };
      signal?.addEventListener("abort", abort, { once: true });
      const release = () => signal?.removeEventListener("abort", abort);
      const job: Job = {
        name,
        given,
        newestOf,
        resolve: (answer) => {
          release();
          resolve(answer as DecoderTasks[T]["answer"]);
        },
        reject: (error) => {
          release();
          reject(error);
        },
      };
      this.#waiting.push(job);
      this.#proceed();
    });
  }

  /** Ends the thread; what waits or is at work is rejected with an {@link AbortError}. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#thread?.worker;
    this.#fail(closedError());
    await worker?.terminate();
  }

  #start() {
    const worker = new Worker(createRequire(import.meta.url).resolve("#decoder-thread"), {
      workerData: this.#options,
      // What the process was started with is not for its threads: --test, --inspect-brk.
      execArgv: [],
    });
    // A process that is done otherwise does not wait for it.
    worker.unref();
    const model = new Promise<DecoderModel>((resolve, reject) => {
      const end = (error: unknown) => {
        reject(error);
        if (this.#thread?.worker === worker) this.#fail(error);
      };
      worker.on("message", (reply: DecoderReply) => {
        if (reply.id !== "model") this.#settle(reply.id, reply);
        else if ("failure" in reply) end(toError(reply.failure));
        else {
          resolve(reply.answer);
          this.#isReady = true;
          this.#proceed();
        }
      });
      worker.on("error", end);
      worker.on("exit", (code) => end(new Error(`the model's thread has ended with code ${code}`)));
    });
    return { worker, model };
  }

  #settle(id: number, reply: DecoderReply): void {
    const job = this.#working.get(id);
    this.#working.delete(id);
    if ("failure" in reply) job?.reject(toError(reply.failure));
    else job?.resolve(reply.answer as DecoderTasks[TaskName]["answer"]);
    this.#proceed();
  }

  /** Hands over what may begin. */
  #proceed(): void {
    if (!this.#isReady) return;
    for (const ofSliders of [true, false]) {
      const inLane = (job: Job) => (job.newestOf !== undefined) === ofSliders;
      if ([...this.#working.values()].some(inLane)) continue;
      const place = this.#waiting.findIndex(inLane);
      if (place < 0) continue;
      const [job] = this.#waiting.splice(place, 1) as [Job];
      const id = this.#count++;
      this.#working.set(id, job);
      this.#thread?.worker.postMessage({ id, name: job.name, given: job.given });
    }
  }

  #withdraw(matches: (job: Job) => boolean, reason: string): void {
    for (const job of this.#waiting.filter(matches)) {
      this.#waiting.splice(this.#waiting.indexOf(job), 1);
      job.reject(new AbortError(reason));
    }
  }

  /** Gives up the thread and all that was asked of it. */
  #fail(error: unknown): void {
    this.#thread = undefined;
    this.#isReady = false;
    const jobs = [...this.#working.values(), ...this.#waiting.splice(0)];
    this.#working.clear();
    for (const job of jobs) job.reject(error);
  }
}

const closedError = (): AbortError => new AbortError("the decoder is closed");

function toError({ code, message, stack }: DecoderFailure): Error {
  const error = code === undefined ? new Error(message) : new SigmaTsneError(code, message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
