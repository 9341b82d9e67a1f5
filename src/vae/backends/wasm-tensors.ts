import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type * as TensorFlow from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { binding } from "../../binding.js";
import { SigmaTsneError } from "../../errors.js";

export type Tf = typeof TensorFlow;
export type NativeNetwork = InstanceType<typeof binding.Network>;

/** Arguments of a kernel, as TensorFlow.js passes them. */
export interface Call<Inputs, Attrs> {
  inputs: Inputs;
  attrs: Attrs;
  backend: BackendWasm;
}

/**
 * Returns the memory of the WebAssembly module, which holds the tensor. WebAssembly replaces this buffer when the
 * memory grows, so the caller must not keep it.
 */
export function heapOf(backend: BackendWasm, tensor: TensorInfo): ArrayBuffer {
  return backend.typedArrayFromHeap(tensor).buffer as ArrayBuffer;
}

/** Returns the position of a tensor in the heap, in bytes. */
export function offsetOf(backend: BackendWasm, tensor: TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset;
}

/** Bytes that WebAssembly can address. */
const MOST_BYTES = 2 ** 32;

/**
 * Allocates a tensor without initializing its values.
 *
 * @throws {SigmaTsneError} OUT_OF_MEMORY if the module's memory cannot hold it
 */
export function makeOutput(tf: Tf, backend: BackendWasm, shape: number[], dtype: TensorInfo["dtype"]): TensorInfo {
  const bytes = tf.util.sizeFromShape(shape) * tf.util.bytesPerElement(dtype);
  if (bytes < MOST_BYTES) {
    const out = backend.makeOutput(shape, dtype);
    // The module's allocator returns null if no memory is left, and the backend does not check it.
    if (offsetOf(backend, out) !== 0 || bytes === 0) return out;
    backend.disposeData(out.dataId);
  }
  const mib = Math.ceil(bytes / 2 ** 20);
  throw new SigmaTsneError(
    "OUT_OF_MEMORY",
    `a tensor needs ${mib} MiB of memory, but WebAssembly has less than that left. Use a smaller batch`,
  );
}
