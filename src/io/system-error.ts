import { getSystemErrorMap } from "node:util";

/**
 * Returns the message of the operating system without Node's prefix and path ("no space left on device"), or undefined
 * for other errors.
 */
export function systemReason(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("errno" in error) || typeof error.errno !== "number") return undefined;
  // Errors of zlib have their own numbers, which are not those of the operating system.
  if ("code" in error && String(error.code).startsWith("Z_")) return undefined;
  return getSystemErrorMap().get(error.errno)?.[1] ?? error.message;
}
