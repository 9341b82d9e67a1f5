import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import type { UserConfig } from "tsdown";
import { build } from "vite";

// What runs in browsers with the core as WebAssembly, which `npm run wasm` makes: the entry sigma-tsne/browser and the page docs/live. A build
// without the core leaves them out.
const core = "prebuilds/wasm/sigma-tsne.wasm";
const threadedCore = "prebuilds/wasm/sigma-tsne-threads.wasm";

/** Puts the programs of workers and the core into the modules that declare them. */
const parts = {
  name: "parts",
  async load(id: string) {
    const constants = id.endsWith("src/browser/parts.ts")
      ? {
          WORKER: await browserWorker(),
          HELPER: await buildWorker("src/browser/helper.ts"),
          CORE: pack(core),
          THREADED_CORE: pack(threadedCore),
        }
      : id.endsWith("src/live/parts.ts")
        ? { READER: await buildWorker("src/live/reader.ts") }
        : undefined;
    if (!constants) return null;
    return Object.entries(constants)
      .map(([name, text]) => `export const ${name} = ${JSON.stringify(text)};`)
      .join("\n");
  },
};

/** The program of the worker, which is built once. */
let built: Promise<string> | undefined;
const browserWorker = () => {
  built ??= buildWorker("src/browser/worker.ts");
  return built;
};

const pack = (file: string) => gzipSync(readFileSync(file), { level: 9 }).toString("base64");

const common = {
  target: "es2022",
  platform: "browser",
  clean: false,
  minify: true,
  plugins: [parts],
  inputOptions: { checks: { pluginTimings: false } },
} satisfies UserConfig;

const entry: UserConfig = {
  ...common,
  entry: { browser: "src/browser/index.ts" },
  format: "esm",
  tsconfig: "src/browser/tsconfig.json",
  dts: true,
  fixedExtension: false,
  deps: { neverBundle: ["#binding", /^node:/] },
  hooks: { "build:done": writeComputer },
};

const live: UserConfig = {
  ...common,
  entry: { "live/page": "src/live/page.ts" },
  format: "iife",
  tsconfig: "src/live/tsconfig.json",
  dts: false,
  deps: { alwaysBundle: [/./] },
  outputOptions: { entryFileNames: "[name].js" },
  hooks: { "build:done": writeLivePage },
};

export default existsSync(core) && existsSync(threadedCore) ? [entry, live] : [];

/** A program that runs in a worker, with what the library needs of Node.js replaced. */
async function buildWorker(input: string): Promise<string> {
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
        input: resolve(input),
        output: { format: "iife" },
        treeshake: { moduleSideEffects: (id) => id.endsWith(input) || id.includes("node_modules") },
      },
    },
  });
  const [bundle] = [result].flat();
  if (!("output" in bundle)) throw new Error(`${input} was not built`);
  return bundle.output[0].code;
}

/** Writes the program of the worker, which the explorer puts into its offline files together with the core. */
async function writeComputer(): Promise<void> {
  await mkdir("dist/computer", { recursive: true });
  await writeFile("dist/computer/worker.js", await browserWorker());
}

const hashOf = (text: string): string => `sha256-${createHash("sha256").update(text).digest("base64")}`;

/** The page as one file. Its policy allows its own script, its style, its workers, and no connection. */
async function writeLivePage(): Promise<void> {
  const styles = ["src/page-style/base.css", "src/page-map/maps.css", "src/live/page.css"];
  const [frame, script, ...sheets] = await Promise.all(
    ["src/live/page.html", "dist/live/page.js", ...styles].map((file) => readFile(file, "utf8")),
  );
  const style = sheets.join("\n");
  const text = script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
  const policy = `default-src 'none'; script-src '${hashOf(text)}' 'wasm-unsafe-eval' blob:; worker-src blob:; style-src '${hashOf(style)}'; base-uri 'none'; form-action 'none'`;
  const contents: Record<string, string> = { policy, style, script: text };
  await mkdir("docs/live", { recursive: true });
  await writeFile(
    "docs/live/index.html",
    frame.replace(
      /\{\{(\w+)\}\}|\/\* (\w+) \*\//g,
      (_, attribute?: string, element?: string) => contents[attribute ?? element ?? ""],
    ),
  );
}
