import { defineConfig } from "tsdown";

// The benchmark itself, in parts that run as processes and threads of their own. Paths are from this folder.
export default defineConfig({
  entry: {
    main: "main.ts",
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
  // A benchmark may load at once what the library loads when it is used.
  inputOptions: { checks: { ineffectiveDynamicImport: false, pluginTimings: false } },
  fixedExtension: false,
  deps: { neverBundle: ["#binding"] },
});
