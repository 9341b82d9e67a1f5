export type { Adam, AdamOptions } from "./adam.js";
export { BACKEND_CHOICES, type Backend, type BackendChoice, type BackendOptions, selectBackend } from "./selection.js";
