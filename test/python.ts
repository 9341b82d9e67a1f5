import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

const run = promisify(execFile);

declare module "vitest" {
  interface ProvidedContext {
    python: string;
  }
}

/**
 * Prepares a Python environment with the packages in a requirements file for the tests of a project, which get its path
 * from `inject("python")`.
 */
export const withPython =
  (...requirements: readonly string[]) =>
  async (project: TestProject): Promise<void> => {
    project.provide("python", await prepareEnvironment(join(...requirements)));
  };

/**
 * Creates a virtual environment, or uses an earlier one, in the folder for temporary files. Returns the path of its
 * Python.
 */
async function prepareEnvironment(requirements: string): Promise<string> {
  const version = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex")
    .slice(0, 12);
  const venv = join(tmpdir(), `sigma-tsne-python-${version}`);
  const executable = process.platform === "win32" ? join("Scripts", "python.exe") : join("bin", "python");
  const complete = join(venv, "complete");
  if (!(await stat(complete).catch(() => undefined))) {
    await rm(venv, { recursive: true, force: true });
    await run(process.platform === "win32" ? "python" : "python3", ["-m", "venv", venv]);
    await run(join(venv, executable), ["-m", "pip", "install", "--quiet", "--requirement", requirements]);
    await mkdir(`${complete}.part`);
    await rename(`${complete}.part`, complete);
  }
  return join(venv, executable);
}
