import { defineConfig } from "vite";

const server = process.env.EXPLORER ?? "http://127.0.0.1:8080";

/** One script and one style sheet of fixed names, which the offline file takes in. `npx vite src/explorer/web` serves the page as it is edited. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  build: {
    outDir: "../../../dist/explorer",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    // The font goes into the style sheet: one request less before the first text.
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
