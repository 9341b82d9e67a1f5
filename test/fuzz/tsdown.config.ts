import { defineConfig } from "tsdown";

// Builds the fuzzer and the sources that it tests into one folder. Paths are relative to this folder.
export default defineConfig({
  entry: { main: "main.ts", worker: "worker.ts" },
  outDir: "build",
  format: "esm",
  target: "node20",
  platform: "node",
  dts: false,
  sourcemap: true,
  fixedExtension: false,
  deps: { neverBundle: ["#binding"] },
});
