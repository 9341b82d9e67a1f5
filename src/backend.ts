import { binding } from "./binding.js";

/** The implementation that computes embeddings in this process. */
export interface ComputationBackend {
  /** `"native"`: the compiled addon, with threads. `"wasm"`: WebAssembly, on the thread of the caller. */
  readonly name: "native" | "wasm";
  /** The vector instructions in use: `"baseline"` (SSE2 or NEON), `"avx2"`, `"avx512"` or `"wasm-simd128"`. */
  readonly instructionSet: string;
  /** The reason why the native addon is not used, unless WebAssembly was requested. */
  readonly reason: string | undefined;
}

/**
 * The implementation that computes embeddings in this process: the native addon, or WebAssembly if no binary works on
 * this platform. The environment variable SIGMA_TSNE_BACKEND, `native` or `wasm`, selects one of them when the package
 * is loaded.
 */
export const backend: ComputationBackend = {
  name: binding.backend.name,
  instructionSet: binding.isa,
  reason: binding.backend.reason,
};
