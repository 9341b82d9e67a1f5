// Runs the tests of an integration in a Python virtual environment with pinned packages. The environment is kept in the
// folder for temporary files:
//   node scripts/integration.mjs spark                                    its tests
//   node scripts/integration.mjs spark integrations/spark/benchmark.py    another program
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { pythonWith, runOrExit } from "./python.mjs";

const [engine, ...program] = process.argv.slice(2);
const requirements = [
  `integrations/${engine}/requirements.txt`,
  `integrations/${engine}/requirements-test.txt`,
  "integrations/requirements-test.txt",
].filter((file) => existsSync(file));
const digest = createHash("sha256");
for (const file of requirements) digest.update(readFileSync(file));
const python = pythonWith(
  `${engine}-${digest.digest("hex").slice(0, 12)}`,
  requirements.flatMap((file) => ["--requirement", file]),
);
const tests = ["-m", "pytest", "-p", "no:cacheprovider", "integrations/test_filter.py", `integrations/${engine}`];
runOrExit(python, program.length > 0 ? program : tests);
