import { constants } from "node:os";
import { AbortError } from "../errors.js";
import { withPipes } from "../io/index.js";

const signals = ["SIGINT", "SIGTERM"] as const;

/** The error after Ctrl-C (SIGINT) or SIGTERM. */
export class Interruption extends AbortError {
  /** 128 plus the number of the signal, as in shells. */
  readonly exitCode: number;

  constructor(signal: (typeof signals)[number]) {
    super(`interrupted by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Runs `work`, a command, and passes it an abort signal. The first SIGINT or SIGTERM aborts this signal. A second
 * SIGINT or SIGTERM ends the process at once. The command can read standard input and pipes several times.
 *
 * @throws {Interruption} if `work` failed after a signal arrived
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (signal: (typeof signals)[number]) => {
    // Without listeners the next signal has its default effect and ends the process, even if threads are running.
    release();
    controller.abort(new Interruption(signal));
  };
  const release = () => {
    for (const signal of signals) process.removeListener(signal, abort);
  };
  for (const signal of signals) process.on(signal, abort);
  try {
    return await withPipes(() => work(controller.signal));
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    release();
  }
}
