import { defineConfig } from "vitest/config";

// What is written for TensorBoard, read by TensorBoard itself; needs Python and its package registry, hence not part of `npm test`.
export default defineConfig({
  test: { testTimeout: 60_000, hookTimeout: 600_000, include: ["test/vae/tensorboard/reader/*.test.ts"] },
});
