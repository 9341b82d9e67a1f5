import { binding } from "./binding.js";

/** What computes embeddings in this process. */
export interface ComputationBackend {
  /** `"native"`: the compiled addon, with threads. `"wasm"`: WebAssembly, on the thread of the caller. */
  readonly name: "native" | "wasm";
  /** The vector instructions in use: `"baseline"` (SSE2 or NEON), `"avx2"`, `"avx512"` or `"wasm-simd128"`. */
  readonly instructionSet: string;
  /** Why the native addon does not compute, where WebAssembly was not asked for. */
  readonly reason: string | undefined;
}

/**
 * What computes embeddings in this process: the native addon, or WebAssembly where no binary can be used on this platform. The environment
 * variable SIGMA_TSNE_BACKEND, `native` or `wasm`, forces one of the two when the package is loaded.
 */
export const backend: ComputationBackend = {
  name: binding.backend.name,
  instructionSet: binding.isa,
  reason: binding.backend.reason,
};
