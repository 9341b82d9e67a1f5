import { readFileSync } from "node:fs";
import { createBinding, type WasmBinding } from "./binding.js";
import { compileCore } from "./core.js";

/**
 * Loads the WebAssembly core in Node.js and compatible programs.
 *
 * @param path path of the module
 */
export function loadBinding(path: string): WasmBinding {
  return createBinding(compileCore(readFileSync(path)));
}
