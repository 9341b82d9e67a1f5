import { defineConfig } from "tsdown";

// The library for ESM and CommonJS callers with their types, the command line, which is run and never imported, and the script of the
// report, which runs in a browser and is read from dist/report as text.
export default defineConfig([
  {
    entry: { index: "src/index.ts", vae: "src/vae/index.ts" },
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
  {
    entry: { "report/page": "src/compare/report/page.ts" },
    format: "iife",
    target: "es2022",
    platform: "browser",
    tsconfig: "src/compare/report/tsconfig.json",
    dts: false,
    clean: false,
    minify: true,
    copy: ["html", "css"].map((extension) => ({ from: `src/compare/report/page.${extension}`, to: "dist/report" })),
    outputOptions: { entryFileNames: "[name].js" },
  },
]);
