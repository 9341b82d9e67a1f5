// The commands of package.json that consist of several steps: node scripts/steps.mjs <command> [arguments of the last
// step].
import { spawnSync } from "node:child_process";

const tsdown = (...args) => [process.execPath, "node_modules/tsdown/dist/run.mjs", "--logLevel", "warn", ...args];
const vitest = (...args) => [process.execPath, "node_modules/vitest/vitest.mjs", "run", ...args];
const native = (preset) => [
  ["cmake", "--preset", preset],
  ["cmake", "--build", "--preset", preset],
  ["ctest", "--preset", preset],
];
const integration = (...args) => [tsdown(), [process.execPath, "scripts/integration.mjs", ...args]];

const jupyterTests = ["-p", "no:cacheprovider", "--confcutdir", "integrations/jupyter", "integrations/jupyter"];

const commands = {
  bench: [tsdown(), tsdown("-c", "bench/tsdown.config.ts"), [process.execPath, "bench/build/main.js"]],
  "bench:spark": integration("spark", "integrations/spark/benchmark.py"),
  docs: [
    [process.execPath, "scripts/live-page.mjs"],
    [process.execPath, "node_modules/typedoc/bin/typedoc"],
    [process.execPath, "node_modules/vitepress/bin/vitepress.js", "build", "docs"],
    [process.execPath, "scripts/check-site.mjs"],
  ],
  "docs:preview": [[process.execPath, "node_modules/vitepress/bin/vitepress.js", "preview", "docs"]],
  fuzz: [tsdown("-c", "test/fuzz/tsdown.config.ts"), [process.execPath, "test/fuzz/build/main.js"]],
  "fuzz:native": native("fuzz"),
  soak: [tsdown(), [process.execPath, "--expose-gc", "test/e2e/package/soak.mjs"]],
  test: [
    [process.execPath, "scripts/check.mjs"],
    tsdown(),
    vitest("--project", "unit", "--project", "fresh", "--project", "cli"),
  ],
  // Only the tests in jupyterTests are run: the shared test points of the other integrations need pyarrow, but the
  // widget does not.
  "test:jupyter": integration("jupyter", "-m", "pytest", ...jupyterTests),
  "test:native": native("release"),
  "test:ray": integration("ray"),
  "test:spark": integration("spark"),
};

const [name, ...given] = process.argv.slice(2);
const steps = commands[name];
if (!steps) throw new Error(`${name}: expected one of ${Object.keys(commands).join(", ")}`);
steps.forEach(([program, ...args], i) => {
  const { status, error } = spawnSync(program, i === steps.length - 1 ? [...args, ...given] : args, {
    stdio: "inherit",
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
});
