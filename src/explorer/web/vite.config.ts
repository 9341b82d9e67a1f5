import { basename } from "node:path";
import { defineConfig } from "vite";

const server = process.env.EXPLORER ?? "http://127.0.0.1:8080";

/** Builds one script and one style sheet with fixed names, which an offline file contains. `npx vite src/explorer/web` serves the page for editing. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  css: { modules: { localsConvention: "camelCaseOnly", generateScopedName: scopedName } },
  build: {
    outDir: "../../../dist/explorer",
    emptyOutDir: true,
    target: "es2022",
    // The first browsers that know light-dark().
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    modulePreload: false,
    // The font is part of the style sheet, which saves a request before the first text is shown.
    assetsInlineLimit: 200_000,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: false,
        entryFileNames: "assets/page.js",
        assetFileNames: "assets/page[extname]",
      },
    },
  },
  server: { proxy: { "/api": { target: server, changeOrigin: true } } },
});

/** Class `map` of `map-pane.module.css` becomes `map-pane__map`; a class with the name of its file keeps it. */
function scopedName(name: string, file: string): string {
  const component = basename(file, ".module.css");
  return name === component ? name : `${component}__${name}`;
}
