import { createRequire } from "node:module";

/**
 * Loads `@tensorflow/tfjs-node`, which registers itself as backend "tensorflow".
 *
 * @throws the error of `require` if the package is not installed or its library cannot be loaded
 * @param threads threads of libtensorflow, which reads this setting only once, when it is loaded
 */
export async function loadTensorFlowNode(threads: number | undefined): Promise<object> {
  const require = createRequire(import.meta.url);
  // Version 4.22.0 of tfjs-node calls two helpers that Node 23 removed. They are added to the CommonJS object of
  // node:util, because the object of an ES module import cannot be extended.
  const util: Record<string, unknown> = require("node:util");
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
  // Otherwise the library prints the features of the processor when it is loaded.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  if (threads !== undefined) {
    process.env.TF_NUM_INTRAOP_THREADS = String(threads);
    process.env.TF_NUM_INTEROP_THREADS = "1";
  }
  return require("@tensorflow/tfjs-node");
}
