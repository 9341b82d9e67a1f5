// The bundlers with which the entry for browsers is tried: packages of npm in the newest versions of December 2026, and the one command that
// bundles the page. No configuration file is written.

/**
 * @typedef {object} Bundler
 * @property {string[]} packages to install together with the packed file
 * @property {string} program of the bundler below node_modules
 * @property {string[]} [args] that bundle the page, as a user would write them
 * @property {string} [output] folder of the bundle
 * @property {string[]} [files] of this folder that make up the project. Default: those of the page
 * @property {(port: number) => string[]} [serve] arguments that make the bundler serve the page. Default: the folder of the bundle is served as
 *   files, with the content security policy of docs/browser.md
 */

const NEXT = {
  packages: ["next@16.4.6", "react@19.3.1", "react-dom@19.3.1"],
  program: "next/dist/bin/next",
  output: ".next/static",
  files: ["next/app", "points.js"],
  serve: (port) => ["start", "--hostname", "127.0.0.1", "--port", String(port)],
};

/** @type {Record<string, Bundler>} */
export const BUNDLERS = {
  "Vite 8.4": { packages: ["vite@8.4.0"], program: "vite/bin/vite.js", args: ["build"], output: "dist" },
  "Vite 8.4, development server": {
    packages: ["vite@8.4.0"],
    program: "vite/bin/vite.js",
    serve: (port) => ["--host", "127.0.0.1", "--port", String(port), "--strictPort"],
  },
  "webpack 5.113": {
    packages: ["webpack@5.113.0", "webpack-cli@7.3.1"],
    program: "webpack/bin/webpack.js",
    args: ["--mode", "production", "--entry", "./page.js"],
    output: "dist",
  },
  "esbuild 0.28": {
    packages: ["esbuild@0.28.2"],
    program: "esbuild/bin/esbuild",
    args: ["page.js", "--bundle", "--minify", "--outfile=dist/main.js"],
    output: "dist",
  },
  "Rollup 4.68": {
    packages: ["rollup@4.68.8", "@rollup/plugin-node-resolve@16.0.3"],
    program: "rollup/dist/bin/rollup",
    args: ["page.js", "--plugin", "node-resolve", "--file", "dist/main.js"],
    output: "dist",
  },
  "Next.js 16.4": { ...NEXT, args: ["build"] },
  "Next.js 16.4 with webpack": { ...NEXT, args: ["build", "--webpack"] },
};
