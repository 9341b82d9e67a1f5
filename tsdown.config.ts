import { defineConfig } from "tsdown";

// The library for ESM and CommonJS callers with their types, and the command line, which is run and never imported.
export default defineConfig([
  {
    entry: ["src/index.ts"],
    format: ["esm", "cjs"],
    target: "node20",
    platform: "node",
    dts: true,
    sourcemap: true,
    fixedExtension: false,
    deps: { neverBundle: ["#binding"] },
  },
  {
    entry: { cli: "src/cli/main.ts" },
    format: "esm",
    target: "node20",
    platform: "node",
    dts: false,
    clean: false,
    fixedExtension: false,
    deps: { neverBundle: ["#binding"] },
  },
]);
