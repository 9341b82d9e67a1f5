/** The binding of the library where it runs in the worker of a page: empty until the core has arrived. */
import type native from "#binding";
import { compileCore, createBinding } from "../wasm/index.js";

const binding = { backend: { name: "wasm" } } as unknown as typeof native;

/** Compiles the core; before that, nothing else may be called. */
export function loadCore(bytes: Uint8Array): void {
  Object.assign(binding, createBinding(compileCore(bytes)));
}

export default binding;
