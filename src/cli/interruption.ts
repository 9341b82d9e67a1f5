import { constants } from "node:os";
import { AbortError } from "../errors.js";
import { withPipes } from "../io/index.js";

const signals = ["SIGINT", "SIGTERM"] as const;

/** The user's Ctrl-C (SIGINT) or a SIGTERM. */
export class Interruption extends AbortError {
  /** 128 and the signal's number, as shells have it. */
  readonly exitCode: number;

  constructor(signal: (typeof signals)[number]) {
    super(`interrupted by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Runs `work`, a command, with a signal that the first SIGINT or SIGTERM aborts; a second one ends the process at once. Within the command,
 * standard input and pipes can be read several times.
 *
 * @throws {Interruption} where `work` failed after a signal came
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (signal: (typeof signals)[number]) => {
    // Without listeners the next signal has its default effect, which does not wait for running threads either.
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
