import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { writeFileAtomic } from "../src/io/index.js";
import { BenchmarkError } from "./failure.js";
import { FOLDERS, README } from "./folders.js";

/** Reads a record that was published before; `none` where there is no such file. */
export async function readRecord<T>(name: string, none: T): Promise<T> {
  const path = join(FOLDERS.results, `${name}.json`);
  return existsSync(path) ? JSON.parse(await readFile(path, "utf8")) : none;
}

/**
 * Writes a record: to bench/results where it is to be published, else beside the others of bench/results/local, under the time.
 *
 * @returns where it lies, from the project's folder
 */
export async function writeRecord(name: string, record: unknown, publish: boolean): Promise<string> {
  const time = new Date().toISOString().replace(/[:.]/g, "-");
  const path = publish ? join(FOLDERS.results, `${name}.json`) : join(FOLDERS.local, `${name}-${time}.json`);
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, `${JSON.stringify(record, undefined, 2)}\n`);
  return relative(FOLDERS.root, path);
}

/** The instruction sets that the core has kernels for, as `binding.isa` names them, with their usual names. */
const INSTRUCTION_SETS: Readonly<Record<string, string>> = {
  avx512: "AVX-512",
  avx2: "AVX2",
  baseline: "SSE2 or NEON",
};

/** The name of a record of speed: one per instruction set, so that figures of different ones stand side by side. */
export const nameForInstructions = (name: string, instructions: string): string => `${name}-${instructions}`;

/** The published records of a benchmark, each in a part of its own. */
export async function formatPublished<T>(
  name: string,
  format: (record: T, recordName: string) => string,
  read: (name: string, none: undefined) => Promise<T | undefined> = readRecord<T | undefined>,
): Promise<string> {
  const parts: string[] = [];
  for (const [instructions, label] of Object.entries(INSTRUCTION_SETS)) {
    const recordName = nameForInstructions(name, instructions);
    const record = await read(recordName, undefined);
    if (record !== undefined) parts.push(`### ${label}: ${name}\n\n${format(record, recordName)}`);
  }
  return parts.join("\n\n");
}

/** Puts `content` between the README's marks of that name. */
export async function writeReadmeSection(name: string, content: string): Promise<void> {
  await writeFileAtomic(README, fillSection(await readFile(README, "utf8"), name, content));
}

/** `text` with what stands between `<!-- name:start -->` and `<!-- name:end -->` replaced. */
export function fillSection(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new BenchmarkError(`${basename(README)} has no section ${start} ... ${end}`);
  return `${text.slice(0, from + start.length)}\n\n${content.trim()}\n\n${text.slice(to)}`;
}
