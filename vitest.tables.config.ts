import { defineConfig } from "vitest/config";

// Tables as pandas, DuckDB and pyarrow read and write them; needs Python and its package registry, hence not part of `npm test`.
export default defineConfig({
  test: { testTimeout: 60_000, hookTimeout: 600_000, include: ["test/io/reader/*.test.ts"] },
});
