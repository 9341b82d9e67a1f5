/** The binding of the library in the worker of a page. It is empty until the core is compiled. */
import type native from "#binding";
import { compileCore, createBinding, type HelperHost } from "../wasm/index.js";

const binding = { backend: { name: "wasm" } } as unknown as typeof native;

/**
 * Compiles the core. Must be called before any other function of the binding.
 *
 * @param host starts the threads of a core with threads
 */
export function loadCore(bytes: Uint8Array, host: HelperHost): void {
  Object.assign(binding, createBinding(compileCore(bytes), host));
}

export default binding;
