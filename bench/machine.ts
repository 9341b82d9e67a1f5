import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import packageJson from "../package.json" with { type: "json" };
import { binding } from "../src/binding.js";

/** The machine of a measurement, and its load when the measurement began. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGib: number;
  /** Instruction set that the addon uses. Older records have neither this field nor the caches. */
  instructions?: string | undefined;
  /** Whether the processor supports more instructions, which SIGMA_TSNE_ISA switched off. */
  isLimited?: boolean | undefined;
  /** Sizes of the caches that the first processor uses, such as "L2 1024K". */
  caches?: readonly string[] | undefined;
  system: string;
  /** Number of processes that were running or ready to run, averaged over the last minute. */
  load: number;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: availableParallelism(),
    memoryGib: round(totalmem() / 2 ** 30, 1),
    instructions: binding.isa,
    ...(process.env.SIGMA_TSNE_ISA && { isLimited: true }),
    caches: readCaches(),
    system: `${type()} ${release()}`,
    load: round(loadavg()[0], 2),
  };
}

/** Reads the sizes of the data caches from Linux. Returns an empty list on other systems. */
function readCaches(): string[] {
  const folder = "/sys/devices/system/cpu/cpu0/cache";
  try {
    const indices = readdirSync(folder).filter((name) => name.startsWith("index"));
    const caches = indices.map((index) =>
      ["level", "type", "size"].map((fact) => readFileSync(join(folder, index, fact), "utf8").trim()),
    );
    return caches.filter(([, kind]) => kind !== "Instruction").map(([level, , size]) => `L${level} ${size}`);
  } catch {
    return [];
  }
}

/** Describes the date, the machine and the versions of a record. */
export function describeMeasurement({
  date,
  machine,
  versions,
}: {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
}): string {
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `Measured on ${date.slice(0, 10)} on ${nameMachine(machine)}, load ${machine.load} before. Versions: ${used.join(", ")}.`;
}

/** Describes the processor with its instruction set and caches, the memory and the system. */
export function nameMachine({ cpu, cores, memoryGib, instructions, isLimited, caches, system }: Machine): string {
  const used = isLimited ? `${instructions} (limited by SIGMA_TSNE_ISA)` : instructions;
  const facts = [cpu, used, ...(caches ?? []), `${cores} processors`, `${memoryGib} GiB`, system];
  return facts.filter((fact) => fact !== undefined).join(", ");
}

/** Versions of this project, with its commit if it is known, and of Node.js. */
export async function ownVersions(): Promise<Record<string, string>> {
  let commit = "";
  try {
    const { stdout } = await promisify(execFile)("git", ["describe", "--always", "--dirty", "--exclude=*"]);
    commit = ` (${stdout.trim()})`;
  } catch {
    // The folder is not a clone of the repository.
  }
  return { "sigma-tsne": `${packageJson.version}${commit}`, node: process.versions.node };
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
