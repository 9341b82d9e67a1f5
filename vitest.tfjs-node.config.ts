import { defineConfig } from "vitest/config";

// `npm run test:tfjs-node`, for where @tensorflow/tfjs-node is installed beside the package.
export default defineConfig({ test: { testTimeout: 60_000, include: ["test/tfjs-node/*.test.ts"] } });
