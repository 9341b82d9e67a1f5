// Runs Python programs with pinned packages in a separate virtual environment.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Returns the Python of an environment with these packages. The environment is created at the first call and kept in
 * the folder for temporary files.
 *
 * @param name name of the environment, which must differ for other packages or versions
 * @param packages arguments of `pip install`
 */
export function pythonWith(name, packages) {
  const venv = join(tmpdir(), `sigma-tsne-${name}`);
  const python = join(venv, ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"]));
  const complete = join(venv, "complete");
  if (!existsSync(complete)) {
    rmSync(venv, { recursive: true, force: true });
    runOrExit(process.platform === "win32" ? "python" : "python3", ["-m", "venv", venv]);
    runOrExit(python, ["-m", "pip", "install", "--quiet", ...packages]);
    mkdirSync(`${complete}.part`);
    renameSync(`${complete}.part`, complete);
  }
  return python;
}

/** Runs a program whose output the user sees. If the program fails, this process ends with its exit code. */
export function runOrExit(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
