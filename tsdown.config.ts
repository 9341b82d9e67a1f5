import { readFileSync } from "node:fs";
import { defineConfig, type UserConfig } from "tsdown";
import { build } from "vite";
import browser from "./browser.config.js";

// The library for ESM and CommonJS callers with their types, the command line, which shares the modules of the former, the explorer's
// threads, which are run and never imported, and the scripts of pages, which run in a browser and are read as text. The explorer's page
// is an app, which vite builds.
const BASE_STYLE = "src/page-style/base.css";
const MAP_STYLE = "src/page-map/maps.css";

export default defineConfig([
  node("esm", {
    index: "src/index.ts",
    vae: "src/vae/index.ts",
    explorer: "src/explorer/index.ts",
    cli: "src/cli/main.ts",
    "decoder-thread": "src/explorer/server/decoder-thread.ts",
    "training-thread": "src/explorer/training-thread.ts",
  }),
  node("cjs", {
    index: "src/index.ts",
    vae: "src/vae/index.ts",
    explorer: "src/explorer/index.ts",
    "wasm-binding": "src/wasm/node.ts",
    "wasm-helper": "src/wasm/node-helper.ts",
  }),
  page("report", "src/compare/report", [BASE_STYLE, MAP_STYLE]),
  page("trust", "src/trust/page", [BASE_STYLE, MAP_STYLE]),
  page("wall", "src/wall/page", [BASE_STYLE], "node_modules/openseadragon/LICENSE.txt"),
  ...browser,
]);

function node(format: "esm" | "cjs", entry: Record<string, string>): UserConfig {
  return {
    entry,
    format,
    target: "node20",
    platform: "node",
    dts: true,
    inputOptions: { checks: { pluginTimings: false } },
    clean: format === "esm",
    fixedExtension: false,
    deps: { neverBundle: ["#binding"] },
    ...(format === "esm" && { hooks: { "build:done": buildExplorerPage } }),
  };
}

async function buildExplorerPage(): Promise<void> {
  await build({ root: "src/explorer/web", configFile: "src/explorer/web/vite.config.ts", logLevel: "warn" });
}

/** A script that runs in a browser, and what stands around it, in a folder of dist. The license of what is bundled into it goes along. */
function page(name: string, folder: string, styles: readonly string[], license?: string): UserConfig {
  return {
    entry: { [`${name}/page`]: `${folder}/page.ts` },
    format: "iife",
    target: "es2022",
    platform: "browser",
    tsconfig: `${folder}/tsconfig.json`,
    dts: false,
    clean: false,
    minify: true,
    copy: [`${folder}/page.html`, `${folder}/page.css`, ...styles].map((from) => ({
      from,
      to: `dist/${name}`,
    })),
    outputOptions: {
      entryFileNames: "[name].js",
      ...(license && { postBanner: `/*!\n${readFileSync(license, "utf8")}*/` }),
    },
  };
}
