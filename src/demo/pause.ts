import { setImmediate } from "node:timers/promises";
import { AbortError } from "../errors.js";

/**
 * Lets the event loop run once during a long computation.
 *
 * @throws {AbortError} if the signal is aborted
 */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
}
