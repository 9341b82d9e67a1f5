export { BACKEND_CHOICES, type Backend, type BackendChoice, type BackendOptions, selectBackend } from "./selection.js";
