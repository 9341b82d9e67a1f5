import { basename, join } from "node:path";
import { defineConfig, type Plugin } from "vite";

const server = process.env.EXPLORER ?? "http://127.0.0.1:8080";

/** The worker and the core of src/browser come from the data of an offline file, so the page itself does not contain them. */
const offlineParts: Plugin = {
  name: "offline-parts",
  enforce: "pre",
  resolveId: (source, importer) =>
    source === "./parts.js" && importer?.includes("src/browser/")
      ? join(import.meta.dirname, "offline", "parts.ts")
      : undefined,
};

/**
 * Builds one script and one style sheet with fixed names, which are embedded in offline files. `npx vite
 * src/explorer/web` serves the page for development.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  plugins: [offlineParts],
  css: { modules: { localsConvention: "camelCaseOnly", generateScopedName: scopedName } },
  build: {
    outDir: "../../../dist/explorer",
    emptyOutDir: true,
    target: "es2022",
    // The first browsers that support light-dark().
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    modulePreload: false,
    // The font is embedded in the style sheet, which saves a request before the first text is shown.
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

/**
 * Class `map` of `map-pane.module.css` becomes `map-pane__map`. A class with the same name as its file keeps its name.
 */
function scopedName(name: string, file: string): string {
  const component = basename(file, ".module.css");
  return name === component ? name : `${component}__${name}`;
}
