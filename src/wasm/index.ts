export { createBinding, type WasmBinding } from "./binding.js";
export { compileCore } from "./core.js";
