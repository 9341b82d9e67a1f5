// Python beside an engine or a notebook, in a virtual environment with its pinned packages, kept for the next time in the folder for temporary files:
//   node scripts/integration.mjs spark                                    its tests
//   node scripts/integration.mjs spark integrations/spark/benchmark.py    another program
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [engine, ...program] = process.argv.slice(2);
const requirements = [
  `integrations/${engine}/requirements.txt`,
  `integrations/${engine}/requirements-test.txt`,
  "integrations/requirements-test.txt",
].filter((file) => existsSync(file));
const digest = createHash("sha256");
for (const file of requirements) digest.update(readFileSync(file));
const venv = join(tmpdir(), `sigma-tsne-${engine}-${digest.digest("hex").slice(0, 12)}`);
const python = join(venv, ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"]));
const complete = join(venv, "complete");

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(complete)) {
  rmSync(venv, { recursive: true, force: true });
  run(process.platform === "win32" ? "python" : "python3", ["-m", "venv", venv]);
  run(python, ["-m", "pip", "install", "--quiet", ...requirements.flatMap((file) => ["--requirement", file])]);
  mkdirSync(`${complete}.part`);
  renameSync(`${complete}.part`, complete);
}
const tests = ["-m", "pytest", "-p", "no:cacheprovider", "integrations/test_filter.py", `integrations/${engine}`];
run(python, program.length > 0 ? program : tests);
