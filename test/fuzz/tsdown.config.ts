import { defineConfig } from "tsdown";

// The fuzzer and the sources that it tries, in one folder. Paths are from this folder.
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
