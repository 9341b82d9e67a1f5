import { execFile } from "node:child_process";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { promisify } from "node:util";
import packageJson from "../package.json" with { type: "json" };

/** The machine that was measured on, and how busy it was when the measurement began. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGib: number;
  system: string;
  /** Processes that wanted to run, the mean of the last minute. */
  load: number;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: availableParallelism(),
    memoryGib: round(totalmem() / 2 ** 30, 1),
    system: `${type()} ${release()}`,
    load: round(loadavg()[0], 2),
  };
}

/** Versions of this project, with its commit where it is known, and of Node.js. */
export async function ownVersions(): Promise<Record<string, string>> {
  let commit = "";
  try {
    const { stdout } = await promisify(execFile)("git", ["describe", "--always", "--dirty", "--exclude=*"]);
    commit = ` (${stdout.trim()})`;
  } catch {
    // Not a clone.
  }
  return { "sigma-tsne": `${packageJson.version}${commit}`, node: process.versions.node };
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
