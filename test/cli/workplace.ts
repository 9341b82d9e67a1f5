import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Outcome, runInProcess } from "./in-process.js";

/** The built command line. */
export const entry = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

export type { Outcome };

/** A temporary folder for a test file, in which `sigma-tsne` runs. */
export class Workplace {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Workplace> {
    return new Workplace(await mkdtemp(join(tmpdir(), "sigma-tsne-cli-")));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    await writeFile(this.path(name), content);
  }

  /** Runs `sigma-tsne` with `args` in this process. */
  run(args: readonly string[], environment: Record<string, string> = {}): Promise<Outcome> {
    return runInProcess(args, this.folder, environment);
  }

  /**
   * Runs the built `sigma-tsne` with `args` in a separate process. Whenever the process prints more, `watch` is called
   * with all of standard error so far, the process, and all of standard output so far.
   */
  start(
    args: readonly string[],
    watch?: (stderr: string, process: ChildProcess, stdout: string) => void,
    environment: Record<string, string> = {},
  ): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [entry, ...args], {
        cwd: this.folder,
        env: { ...process.env, ...environment },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const outcome: Outcome = { code: null, signal: null, stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (piece: string) => {
        outcome.stdout += piece;
        watch?.(outcome.stderr, child, outcome.stdout);
      });
      child.stderr.setEncoding("utf8").on("data", (piece: string) => {
        outcome.stderr += piece;
        watch?.(outcome.stderr, child, outcome.stdout);
      });
      child.on("error", reject);
      child.on("close", (code, signal) => resolve({ ...outcome, code, signal }));
    });
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** `n` points in `groups` round groups of `d` dimensions, as rows of numbers. Every call returns the same points. */
export function makeGroups(n: number, d: number, groups: number): number[][] {
  let state = 12345;
  const uniform = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const bell = () => uniform() + uniform() + uniform() - 1.5;
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => bell() + (j % groups === i % groups ? 4 : 0)),
  );
}

export function toCsv(rows: readonly (readonly (number | string)[])[]): string {
  return rows.map((row) => `${row.join(",")}\n`).join("");
}
