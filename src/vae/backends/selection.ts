import { availableParallelism } from "node:os";
import type * as TensorFlow from "@tensorflow/tfjs-core";
import { rejectUnknown, requireInteger, requireOptions } from "../../arguments.js";
import { binding } from "../../binding.js";
import { ArgumentError, SigmaTsneError } from "../../errors.js";
import { loadTensorFlowNode } from "./tensorflow-node.js";

/** The backends that compute networks. `auto` selects the first backend that loads. */
export const BACKEND_CHOICES = ["auto", "node", "wasm", "cpu"] as const;
/** One of {@link BACKEND_CHOICES}. */
export type BackendChoice = (typeof BACKEND_CHOICES)[number];

/** Options of {@link selectBackend}. */
export interface BackendOptions {
  /**
   * Number of threads, 1 to 1024. This number does not change the results of the backend `wasm`. The backend `cpu`
   * ignores the number. The backend `node` uses the number only when it is loaded for the first time. Default: number
   * of processors.
   */
  threads?: number | undefined;
}

/** The backend of TensorFlow.js that this process uses from now on. */
export interface Backend {
  /** The selected backend. */
  readonly name: Exclude<BackendChoice, "auto">;
  /** A sentence for the user that says which backend was selected, and why a faster backend was not selected. */
  readonly description: string;
  /** The module of TensorFlow.js, in which the gradients of its operations are registered. */
  readonly tf: typeof TensorFlow;
}

/** Loads TensorFlow.js for Node.js. Tests replace this function to simulate that the package is missing. */
export type NodeLoader = (threads: number | undefined) => Promise<object>;

/**
 * Loads TensorFlow.js and sets its backend:
 *
 * - `node`: `@tensorflow/tfjs-node`, the TensorFlow library. The user must install it in addition to this package.
 * - `wasm`: WebAssembly. Native kernels of this package replace the kernels that need most of the training time.
 * - `cpu`: plain JavaScript, slow
 * - `auto`: `node` if it loads, otherwise `wasm`, or `cpu` if sigma-tsne itself runs in WebAssembly
 *
 * TensorFlow.js has one backend for the whole process (or worker thread). Another backend may be selected later.
 *
 * @throws {ArgumentError} for a bad argument
 * @throws {SigmaTsneError} BACKEND_UNAVAILABLE if `node` is requested and does not load
 */
export function selectBackend(name: BackendChoice = "auto", options: BackendOptions = {}): Promise<Backend> {
  return selectWith(name, options, loadTensorFlowNode);
}

/** Whether a backend was selected, with {@link selectBackend} or with functions of TensorFlow.js. */
export function hasBackend(tf: typeof TensorFlow): boolean {
  return Object.keys(tf.engine().registryFactory).length > 0;
}

/** Does the same as {@link selectBackend}, and loads `@tensorflow/tfjs-node` with the function `loadNode`. */
export async function selectWith(name: BackendChoice, options: BackendOptions, loadNode: NodeLoader): Promise<Backend> {
  if (!BACKEND_CHOICES.includes(name)) {
    const accepted = `one of ${BACKEND_CHOICES.join(", ")}`;
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "backend", received: name, accepted });
  }
  requireOptions(options);
  rejectUnknown(options, ["threads"]);
  const { threads } = options;
  if (threads !== undefined) requireInteger(threads, "threads", 1, 1024);
  const tf = await import("@tensorflow/tfjs-core");
  if (name === "cpu") return selectPlain(tf);
  if (name === "wasm") return selectWasm(tf, threads, "");
  const obstacle = await tryNode(tf, threads, loadNode);
  if (obstacle === undefined) {
    await registerGradients();
    await tf.setBackend("tensorflow");
    return finish(tf, "node", "on the TensorFlow library (tfjs-node)");
  }
  if (name === "node") {
    const { reason, cause } = obstacle;
    throw new SigmaTsneError("BACKEND_UNAVAILABLE", `the backend "node" cannot be used: ${reason}`, { cause });
  }
  if (binding.backend.name === "wasm") return selectPlain(tf, `; ${obstacle.reason}; ${NO_KERNELS}`);
  return selectWasm(tf, threads, `; ${obstacle.reason}`);
}

/** TensorFlow.js's own kernels for WebAssembly lack gradients that training needs. */
const NO_KERNELS = "its WebAssembly backend needs the native addon of sigma-tsne, which is not in use";

/** Loads tfjs-node, or returns the reason why it cannot be used. */
async function tryNode(
  tf: typeof TensorFlow,
  threads: number | undefined,
  loadNode: NodeLoader,
): Promise<{ reason: string; cause?: unknown } | undefined> {
  let node: Partial<typeof TensorFlow>;
  try {
    node = await loadNode(threads);
  } catch (cause) {
    const { code, message } = cause as { code?: unknown; message?: unknown };
    const isMissing = /MODULE_NOT_FOUND/.test(String(code)) && String(message).includes("'@tensorflow/tfjs-node'");
    const line = String(message ?? cause).split("\n")[0];
    return {
      reason: isMissing ? "@tensorflow/tfjs-node is not installed" : `@tensorflow/tfjs-node does not load (${line})`,
      cause,
    };
  }
  // Two copies of tfjs-core have separate classes: a tensor of one copy is not a tensor for the other.
  if (node.Tensor !== tf.Tensor) {
    return {
      reason: `@tensorflow/tfjs-node ${node.version_core} loads a second copy of tfjs-core, in addition to version ${tf.version_core}`,
    };
  }
  return undefined;
}

/** Registers gradients by importing tfjs-layers, because tfjs-core does not register them. */
async function registerGradients(): Promise<void> {
  await import("@tensorflow/tfjs-layers");
}

async function selectPlain(tf: typeof TensorFlow, reason = ""): Promise<Backend> {
  // Otherwise TensorFlow.js prints an advertisement for tfjs-node to standard error.
  tf.env().set("PROD", true);
  await import("@tensorflow/tfjs-backend-cpu");
  await registerGradients();
  await tf.setBackend("cpu");
  return finish(tf, "cpu", `in plain JavaScript${reason}`);
}

async function selectWasm(tf: typeof TensorFlow, threads = availableParallelism(), reason: string): Promise<Backend> {
  if (binding.backend.name === "wasm") {
    throw new SigmaTsneError("BACKEND_UNAVAILABLE", `the backend "wasm" cannot be used: ${NO_KERNELS}; use "cpu"`);
  }
  const { registerNativeKernels } = await import("./wasm.js");
  await import("@tensorflow/tfjs-backend-wasm");
  await registerGradients();
  await tf.setBackend("wasm");
  registerNativeKernels(tf, threads);
  const kernels = `native kernels (${binding.isa}, ${threads} ${threads === 1 ? "thread" : "threads"})`;
  return finish(tf, "wasm", `in WebAssembly with ${kernels}${reason}`);
}

function finish(tf: typeof TensorFlow, name: Backend["name"], how: string): Backend {
  return { name, description: `TensorFlow.js ${tf.version_core} ${how}`, tf };
}
