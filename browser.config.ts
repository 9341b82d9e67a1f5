import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import type { UserConfig } from "tsdown";
import { build } from "vite";

// The entry for browsers. It needs the core as WebAssembly, which `npm run wasm` makes; a build without it leaves this entry out.
const core = "prebuilds/wasm/sigma-tsne.wasm";

const configs: UserConfig[] = [
  {
    entry: { browser: "src/browser/index.ts" },
    format: "esm",
    target: "es2022",
    platform: "browser",
    tsconfig: "src/browser/tsconfig.json",
    dts: true,
    clean: false,
    minify: true,
    deps: { neverBundle: ["#binding", /^node:/] },
    fixedExtension: false,
    plugins: [
      {
        name: "browser-parts",
        async load(id: string) {
          if (!id.endsWith("src/browser/parts.ts")) return null;
          const packed = gzipSync(readFileSync(core), { level: 9 }).toString("base64");
          const worker = JSON.stringify(await buildWorker());
          return `export const WORKER = ${worker};\nexport const CORE = ${JSON.stringify(packed)};`;
        },
      },
    ],
  },
];

export default existsSync(core) ? configs : [];

/** The program of the worker: the library, with what it needs of Node.js replaced. */
async function buildWorker(): Promise<string> {
  const at = (file: string) => resolve("src/browser", file);
  const result = await build({
    configFile: false,
    logLevel: "warn",
    define: { "process.availableMemory": "undefined", "process.stderr.write": "console.warn" },
    resolve: {
      alias: [
        { find: "#binding", replacement: at("binding.ts") },
        { find: /^node:(os|timers\/promises)$/, replacement: at("system.ts") },
        { find: /^\.\/run-file\.js$/, replacement: at("run-file.ts") },
      ],
    },
    build: {
      write: false,
      target: "es2022",
      rolldownOptions: {
        input: at("worker.ts"),
        output: { format: "iife" },
        treeshake: { moduleSideEffects: (id) => id.endsWith("src/browser/worker.ts") },
      },
    },
  });
  const [bundle] = [result].flat();
  if (!("output" in bundle)) throw new Error("the worker was not built");
  return bundle.output[0].code;
}
