import { createRequire } from "node:module";

/**
 * Loads `@tensorflow/tfjs-node`, which registers itself as backend "tensorflow".
 *
 * @throws whatever its loading throws: it is not installed, or its library cannot be loaded
 * @param threads of libtensorflow; it reads them once, when it is loaded
 */
export async function loadTensorFlowNode(threads: number | undefined): Promise<object> {
  const require = createRequire(import.meta.url);
  // 4.22.0 calls two helpers that Node 23 removed. An ES module's view of node:util cannot be added to.
  const util: Record<string, unknown> = require("node:util");
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
  // It greets with the processor's features otherwise.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  if (threads !== undefined) {
    process.env.TF_NUM_INTRAOP_THREADS = String(threads);
    process.env.TF_NUM_INTEROP_THREADS = "1";
  }
  return require("@tensorflow/tfjs-node");
}
