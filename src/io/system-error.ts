import { getSystemErrorMap } from "node:util";

/** What the operating system said, without Node's prefix and path ("no space left on device"); undefined for other errors. */
export function systemReason(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("errno" in error) || typeof error.errno !== "number") return undefined;
  // Errors of zlib have numbers of their own.
  if ("code" in error && String(error.code).startsWith("Z_")) return undefined;
  return getSystemErrorMap().get(error.errno)?.[1] ?? error.message;
}
