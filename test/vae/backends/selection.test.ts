import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { type BackendChoice, selectBackend } from "../../../src/vae/backends/index.js";
import { selectWith } from "../../../src/vae/backends/selection.js";

/** The error of Node.js for a missing package. */
async function notInstalled(): Promise<never> {
  const message = "Cannot find module '@tensorflow/tfjs-node'\nRequire stack:\n- here";
  throw Object.assign(new Error(message), { code: "MODULE_NOT_FOUND" });
}

describe("auto", () => {
  test("selects WebAssembly with the native kernels if tfjs-node is not installed, and reports the reason", async () => {
    const backend = await selectWith("auto", { threads: 2 }, notInstalled);
    expect(backend.name).toBe("wasm");
    expect(backend.description).toMatch(
      /^TensorFlow\.js 4\.\S+ in WebAssembly with native kernels \(\w+, 2 threads\); @tensorflow\/tfjs-node is not installed$/,
    );
    expect(tf.getBackend()).toBe("wasm");
    expect(backend.tf.matMul([[1, 2]], [[3], [4]]).dataSync()).toEqual(Float32Array.of(11));
  });

  test("selects WebAssembly if tfjs-node fails to load", async () => {
    const backend = await selectWith("auto", {}, async () => {
      throw new Error("libtensorflow.so.2: cannot open shared object file\nmore");
    });
    expect(backend.name).toBe("wasm");
    expect(backend.description).toContain(
      "; @tensorflow/tfjs-node does not load (libtensorflow.so.2: cannot open shared object file)",
    );
  });

  test("selects WebAssembly if tfjs-node has its own tfjs-core", async () => {
    const backend = await selectWith("auto", {}, async () => ({ Tensor: class {}, version_core: "3.0.0" }));
    expect(backend.name).toBe("wasm");
    expect(backend.description).toContain(
      "@tensorflow/tfjs-node 3.0.0 loads a second copy of tfjs-core, in addition to version 4.",
    );
  });

  test("selects tfjs-node if it loads, with the requested number of threads", async () => {
    await selectBackend("cpu");
    const asked: unknown[] = [];
    const backend = await selectWith("auto", { threads: 3 }, async (threads) => {
      asked.push(threads);
      const plain = tf.backend();
      tf.copyRegisteredKernels("cpu", "tensorflow");
      tf.registerBackend("tensorflow", () => plain);
      return tf;
    });
    expect(asked).toEqual([3]);
    expect(backend.name).toBe("node");
    expect(backend.description).toMatch(/^TensorFlow\.js 4\.\S+ on the TensorFlow library \(tfjs-node\)$/);
    expect(tf.getBackend()).toBe("tensorflow");
  });
});

test("requesting node by name is an error if it does not load", async () => {
  await expect(selectWith("node", {}, notInstalled)).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: 'the backend "node" cannot be used: @tensorflow/tfjs-node is not installed',
    cause: { code: "MODULE_NOT_FOUND" },
  });
});

test("wasm and cpu do not try to load tfjs-node", async () => {
  const refuse = () => Promise.reject(new Error("it was looked for"));
  expect((await selectWith("wasm", {}, refuse)).name).toBe("wasm");
  const plain = await selectWith("cpu", {}, refuse);
  expect(plain.description).toMatch(/in plain JavaScript$/);
  expect(plain.tf.getBackend()).toBe("cpu");
});

test("a backend may be selected again, with another number of threads", async () => {
  for (const threads of [1, 2, 1]) {
    const backend = await selectBackend("wasm", { threads });
    expect(backend.description).toContain(threads === 1 ? "1 thread)" : "2 threads)");
    expect(backend.tf.matMul([[1, 2]], [[3], [4]]).dataSync()).toEqual(Float32Array.of(11));
  }
});

test("invalid arguments are reported", async () => {
  await expect(selectBackend("gpu" as BackendChoice)).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    argument: "backend",
    message: 'backend: expected one of auto, node, wasm, cpu, received "gpu"',
  });
  await expect(selectBackend("cpu", { threads: 0 })).rejects.toMatchObject({
    code: "OUT_OF_RANGE",
    argument: "threads",
  });
  await expect(selectBackend("cpu", { thread: 1 } as never)).rejects.toMatchObject({ code: "UNKNOWN_OPTION" });
});
