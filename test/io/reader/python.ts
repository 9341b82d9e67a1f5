import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const here = import.meta.dirname;

/** A virtual environment with pandas, DuckDB and pyarrow, kept for the next time in the folder for temporary files; gives its Python. */
export async function preparePython(): Promise<string> {
  const requirements = join(here, "requirements.txt");
  const version = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex")
    .slice(0, 12);
  const venv = join(tmpdir(), `sigma-tsne-tables-${version}`);
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
