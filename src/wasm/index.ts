export { createBinding, type WasmBinding } from "./binding.js";
export { type HelperTask, serveSlot } from "./helper.js";
export type { HelperHost } from "./helper-team.js";
export { compileCore } from "./module.js";
