import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type * as TensorFlow from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { binding } from "../../binding.js";
import { SigmaTsneError } from "../../errors.js";

export type Tf = typeof TensorFlow;
export type NativeNetwork = InstanceType<typeof binding.Network>;

/** A kernel's arguments as TensorFlow.js hands them over. */
export interface Call<Inputs, Attrs> {
  inputs: Inputs;
  attrs: Attrs;
  backend: BackendWasm;
}

/** The module's memory, in which the tensor lies, as it is now; it moves when it grows. */
export function heapOf(backend: BackendWasm, tensor: TensorInfo): ArrayBuffer {
  return backend.typedArrayFromHeap(tensor).buffer as ArrayBuffer;
}

/** Where a tensor begins in the heap, in bytes. */
export function offsetOf(backend: BackendWasm, tensor: TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset;
}

/** What the addresses of WebAssembly reach. */
const MOST_BYTES = 2 ** 32;

/**
 * A new tensor, uninitialized.
 *
 * @throws {SigmaTsneError} OUT_OF_MEMORY where the module's memory cannot hold it
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
  throw new SigmaTsneError("OUT_OF_MEMORY", `WebAssembly has less than ${mib} MiB of memory left. Use a smaller batch`);
}
