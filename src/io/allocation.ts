import { totalmem } from "node:os";
import { SigmaTsneError } from "../errors.js";
import type { FloatArray } from "../matrix.js";

/**
 * Allocates an array of `length` numbers for data from `path`.
 *
 * @throws {SigmaTsneError} OUT_OF_MEMORY if the numbers exceed the longest possible array or the free memory. The free
 *   memory is checked because the operating system may allocate more memory than is free, and then end the process
 *   while the array is filled.
 */
export function allocate<T extends FloatArray>(
  path: string,
  type: (new (length: number) => T) & { readonly BYTES_PER_ELEMENT: number },
  length: number,
): T {
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const fail = (reason: string, cause?: unknown) =>
    new SigmaTsneError("OUT_OF_MEMORY", `${path}: ${length} numbers ${reason}. Read fewer rows at a time`, { cause });
  const bytes = length * type.BYTES_PER_ELEMENT;
  const free = Math.min(process.availableMemory?.() ?? totalmem(), totalmem());
  if (bytes > free) throw fail(`need ${gib(bytes)}, but only ${gib(free)} are free`);
  try {
    return new type(length);
  } catch (cause) {
    throw fail("do not fit into one array", cause);
  }
}
