import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// The timeouts are generous, so that no test depends on how busy the machine is. A test that waits for an event that never comes is wrong,
// however late that is reported.
const base = { testTimeout: 180_000, hookTimeout: 300_000, expect: { poll: { timeout: 60_000 } } };
const built = { ...base, globalSetup: ["test/cli/build.ts"] };

// The test files of such a project share processes: to start a process and to load TensorFlow.js and the libraries for pictures and tables
// takes longer than most files. So a test leaves the process as it found it: folder, environment, streams and mocks.
const sharing = { isolate: false };

/** What the build makes for browsers only where the WebAssembly module is there. */
const WASM_PAGES = ["entry", "entry-threads", "explorer-offline", "limits", "live"].map(
  (name) => `test/browser/${name}.test.ts`,
);

// `npm test` runs the first three. "unit" imports the sources. So does "fresh", but each of its files needs a process in which no library
// is loaded and no backend selected. "cli" runs command lines in process, and each command once as a process.
// "e2e" runs the built command line and the built package as processes, where that takes long; "browser" opens what they write in a
// Chromium, and "faults" disturbs processes in every way, for minutes. Tables are read and written by pandas, DuckDB and pyarrow, and event
// files read by TensorBoard, from Python's package registry. "tfjs-node" is for where @tensorflow/tfjs-node is installed. "wasm" needs the
// module that `npm run wasm` makes.
const projects = {
  unit: { ...base, ...sharing, include: ["test/**/*.test.ts"] },
  fresh: { ...base, include: ["test/**/lazy.test.ts", "test/**/no-backend.test.ts", "test/troubleshooting.test.ts"] },
  cli: { ...built, ...sharing, include: ["test/cli/**/*.test.ts"] },
  e2e: { ...built, include: ["test/e2e/**/*.test.ts"] },
  browser: { ...built, include: ["test/browser/**/*.test.ts"], exclude: WASM_PAGES },
  faults: { ...built, testTimeout: 600_000, include: ["test/faults/**/*.test.ts"] },
  tables: { ...base, include: ["test/io/reader/*.test.ts"], globalSetup: ["test/io/reader/setup.ts"] },
  tensorboard: {
    ...base,
    include: ["test/vae/tensorboard/reader/*.test.ts"],
    globalSetup: ["test/vae/tensorboard/reader/setup.ts"],
  },
  "tfjs-node": { ...base, include: ["test/tfjs-node/*.test.ts"] },
  // The tests of the library once more, computed by WebAssembly, and those of that backend itself.
  wasm: {
    ...built,
    env: { SIGMA_TSNE_BACKEND: "wasm", SIGMA_TSNE_WASM_THREADS: "1" },
    include: [
      "test/wasm/**/*.test.ts",
      ...WASM_PAGES,
      ...["tsne", "layout", "quality", "pca", "search"].map((part) => `test/${part}/**/*.test.ts`),
    ],
  },
};
const apart = Object.entries(projects).flatMap(([name, { include }]) => {
  if (name === "unit") return [];
  return name === "wasm" ? ["test/wasm/**/*.test.ts"] : include;
});

export default defineConfig({
  test: {
    // By itself Vitest leaves a processor idle, which is half of a small machine.
    maxWorkers: availableParallelism(),
    projects: Object.entries(projects).map(([name, test]) => ({
      test: { ...test, name, ...(name === "unit" && { exclude: apart }) },
    })),
  },
});
