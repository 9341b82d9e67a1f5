import { expect, test, vi } from "vitest";

function refuse(): never {
  throw new Error("TensorFlow.js was loaded");
}
vi.mock("@tensorflow/tfjs-core", refuse);
vi.mock("@tensorflow/tfjs-layers", refuse);
vi.mock("@tensorflow/tfjs-backend-wasm", refuse);
vi.mock("@tensorflow/tfjs-backend-cpu", refuse);

test("neither the library, the explorer nor the choice of a backend loads TensorFlow.js before it is used", async () => {
  await expect(import("../../../src/index.js")).resolves.toHaveProperty("Tsne");
  await expect(import("../../../src/explorer/index.js")).resolves.toHaveProperty("explore");
  await expect(import("../../../src/vae/without-tensorflow.js")).resolves.toHaveProperty("readRunConfig");
  const { selectBackend } = await import("../../../src/vae/backends/index.js");
  await expect(selectBackend("wasm")).rejects.toThrow();
});
