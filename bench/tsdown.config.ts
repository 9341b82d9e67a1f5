import { defineConfig } from "tsdown";

// The benchmark itself, in parts that run as processes and threads of their own. Paths are from this folder.
export default defineConfig({
  entry: {
    main: "main.ts",
    network: "peers/network.ts",
    ours: "peers/ours.ts",
    scran: "peers/scran.ts",
    separate: "peers/separate.ts",
    "score-worker": "score-worker.ts",
  },
  outDir: "build",
  format: "esm",
  target: "node20",
  platform: "node",
  dts: false,
  fixedExtension: false,
  deps: { neverBundle: ["#binding"] },
});
