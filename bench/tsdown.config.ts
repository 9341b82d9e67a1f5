import { defineConfig } from "tsdown";

// The benchmark and its parts that run in separate processes and threads. Paths are relative to this folder.
export default defineConfig({
  entry: {
    main: "main.ts",
    "in-page": "peers/in-page.ts",
    network: "peers/network.ts",
    ours: "peers/ours.ts",
    scran: "peers/scran.ts",
    separate: "peers/separate.ts",
    simultaneous: "peers/simultaneous.ts",
    "score-worker": "score-worker.ts",
  },
  outDir: "build",
  format: "esm",
  target: "node20",
  platform: "node",
  dts: false,
  // The benchmark may load modules immediately that the library loads only when they are used.
  inputOptions: { checks: { ineffectiveDynamicImport: false, pluginTimings: false } },
  fixedExtension: false,
  deps: { neverBundle: ["#binding", "playwright-core"] },
});
