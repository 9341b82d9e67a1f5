import { expect, test, vi } from "vitest";

function refuse(): never {
  throw new Error("TensorFlow.js was loaded");
}
vi.mock("@tensorflow/tfjs-core", refuse);
vi.mock("@tensorflow/tfjs-layers", refuse);
vi.mock("@tensorflow/tfjs-backend-wasm", refuse);
vi.mock("@tensorflow/tfjs-backend-cpu", refuse);

test("neither the library nor the choice of a backend loads TensorFlow.js before it is used", async () => {
  await expect(import("../../../src/index.js")).resolves.toHaveProperty("Tsne");
  const { selectBackend } = await import("../../../src/vae/backends/index.js");
  await expect(selectBackend("wasm")).rejects.toThrow();
});
