import { defineConfig } from "vitest/config";

// Generous, so that no test depends on how busy the machine is: one that waits for what never comes is wrong, however late it says so.
const shared = { testTimeout: 180_000, hookTimeout: 300_000, expect: { poll: { timeout: 60_000 } } };
const built = { ...shared, globalSetup: ["test/cli/build.ts"] };

// `npm test` runs the first two. "unit" imports the sources; "cli" runs command lines in process, and each command once as a process.
// "e2e" runs the built command line and the built package as processes, where that takes long; "browser" opens what they write in a
// Chromium, and "faults" disturbs processes in every way, for minutes. Tables are read and written by pandas, DuckDB and pyarrow, and event
// files read by TensorBoard, from Python's package registry. "tfjs-node" is for where @tensorflow/tfjs-node is installed.
const projects = {
  unit: { ...shared, include: ["test/**/*.test.ts"] },
  cli: { ...built, include: ["test/cli/**/*.test.ts"] },
  e2e: { ...built, include: ["test/e2e/**/*.test.ts"] },
  browser: { ...built, include: ["test/browser/**/*.test.ts"] },
  faults: { ...built, testTimeout: 600_000, include: ["test/faults/**/*.test.ts"] },
  tables: { ...shared, include: ["test/io/reader/*.test.ts"], globalSetup: ["test/io/reader/setup.ts"] },
  tensorboard: {
    ...shared,
    include: ["test/vae/tensorboard/reader/*.test.ts"],
    globalSetup: ["test/vae/tensorboard/reader/setup.ts"],
  },
  "tfjs-node": { ...shared, include: ["test/tfjs-node/*.test.ts"] },
};
const apart = Object.entries(projects).flatMap(([name, { include }]) => (name === "unit" ? [] : include));

export default defineConfig({
  test: {
    projects: Object.entries(projects).map(([name, test]) => ({
      test: { ...test, name, ...(name === "unit" && { exclude: apart }) },
    })),
  },
});
