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

/** Options for a task. */
export interface TaskOptions {
  /**
   * Name of a control that sends many requests, such as a slider. The tasks of such a control are served before all
   * others, even while a long task is running. Only the newest waiting task of the control is computed; its older
   * waiting tasks are rejected with an {@link AbortError}.
   */
  readonly newestOf?: string | undefined;
  /** Cancels the task if it has not begun. If it has begun, its answer is dropped. */
  readonly signal?: AbortSignal | undefined;
}

/** Largest number of waiting tasks; further tasks are rejected. */
const MAX_WAITING = 32;

interface Job {
  readonly name: TaskName;
  readonly given: DecoderTasks[TaskName]["given"];
  readonly newestOf: string | undefined;
  readonly resolve: (answer: DecoderTasks[TaskName]["answer"]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A trained model on its own thread, which decodes and encodes images for the explorer.
 *
 * There are several reasons why the server decodes the images, not the page. The same code as in `sigma-tsne decode`
 * computes the numbers, so they are identical to the last bit. Every model is supported, including models with
 * distributions over weights. The page needs neither TensorFlow.js nor the weights. The thread keeps the event loop
 * free, so the server can serve the map and its data at the same time.
 *
 * At most two tasks run at a time: one task of a slider (see {@link TaskOptions.newestOf}) and one other task. If the
 * thread dies, all its pending tasks fail, and the next task starts a new thread.
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
   * Resolves to the model as soon as it is open.
   *
   * @throws {FileError} FILE_READ if there is no model, FILE_FORMAT if it is damaged; both arrive as a {@link
   *   SigmaTsneError} with these codes
   */
  model(): Promise<DecoderModel> {
    if (this.#isClosed) return Promise.reject(closedError());
    this.#thread ??= this.#start();
    return this.#thread.model;
  }

  /**
   * Runs a task of {@link DecoderTasks}. The given arrays are copied.
   *
   * @throws {SigmaTsneError} BUSY if too many tasks are waiting; errors of the model keep their code
   * @throws {AbortError} if the task was canceled, a newer task with the same `newestOf` replaced it, or the decoder
   *   was closed
   */
  async perform<T extends TaskName>(
    name: T,
    given: DecoderTasks[T]["given"],
    { newestOf, signal }: TaskOptions = {},
  ): Promise<DecoderTasks[T]["answer"]> {
    if (signal?.aborted) throw new AbortError();
    if (this.#isClosed) throw closedError();
    this.model().catch(() => {});
    if (newestOf !== undefined) this.#withdraw((job) => job.newestOf === newestOf, "replaced by a newer request");
    if (this.#waiting.length >= MAX_WAITING) {
      throw new SigmaTsneError("BUSY", `${MAX_WAITING} requests are waiting for the model. Try again later`);
    }
    return new Promise<DecoderTasks[T]["answer"]>((resolve, reject) => {
      const abort = () => {
        this.#withdraw((other) => other === job, "the request was cancelled");
        reject(new AbortError("the request was cancelled"));
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

  /** Ends the thread. Waiting and running tasks are rejected with an {@link AbortError}. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#thread?.worker;
    this.#fail(closedError());
    await worker?.terminate();
  }

  #start() {
    const worker = new Worker(createRequire(import.meta.url).resolve("#decoder-thread"), {
      workerData: this.#options,
      // The thread must not inherit options of the process such as --test and --inspect-brk.
      execArgv: [],
    });
    // The thread does not keep the process alive.
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

  /** Sends tasks to the thread while it has capacity. */
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

  /** Stops using the thread after a failure and rejects all its tasks. */
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
