import { SigmaTsneError } from "../errors.js";
import type { FloatArray } from "../matrix.js";

/** @throws {SigmaTsneError} OUT_OF_MEMORY where `length` numbers, read from `path`, do not fit into one array */
export function allocate<T extends FloatArray>(path: string, type: new (length: number) => T, length: number): T {
  try {
    return new type(length);
  } catch (cause) {
    throw new SigmaTsneError(
      "OUT_OF_MEMORY",
      `${path}: ${length} numbers are more than fit into one array; read fewer rows at a time`,
      { cause },
    );
  }
}
