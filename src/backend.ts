import { binding } from "./binding.js";

/** The implementation that computes embeddings in this process. */
export interface ComputationBackend {
  /** `"native"`: the compiled addon. `"wasm"`: WebAssembly, on the thread of the caller and helper threads. */
  readonly name: "native" | "wasm";
  /** The vector instructions in use: `"baseline"` (SSE2 or NEON), `"avx2"`, `"avx512"` or `"wasm-simd128"`. */
  readonly instructionSet: string;
  /** The largest number of threads of a computation; a larger option `threads` is lowered to it. */
  readonly mostThreads: number;
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
  mostThreads: binding.mostThreads ?? 1024,
  reason: binding.backend.reason,
};
