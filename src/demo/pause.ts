import { setImmediate } from "node:timers/promises";
import { AbortError } from "../errors.js";

/**
 * Lets the event loop turn once within long work.
 *
 * @throws {AbortError} once the signal is aborted
 */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
}
