import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { writeFileAtomic } from "../src/io/index.js";
import { BenchmarkError } from "./failure.js";
import { FOLDERS, README } from "./folders.js";

/** Reads a published record. Returns `none` if the file does not exist. */
export async function readRecord<T>(name: string, none: T): Promise<T> {
  const path = join(FOLDERS.results, `${name}.json`);
  return existsSync(path) ? JSON.parse(await readFile(path, "utf8")) : none;
}

/**
 * Writes a record: into bench/results if it is to be published, otherwise into bench/results/local, with the time in
 * its name.
 *
 * @returns the path of the record, relative to the project's folder
 */
export async function writeRecord(name: string, record: unknown, publish: boolean): Promise<string> {
  const time = new Date().toISOString().replace(/[:.]/g, "-");
  const path = publish ? join(FOLDERS.results, `${name}.json`) : join(FOLDERS.local, `${name}-${time}.json`);
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, `${JSON.stringify(record, undefined, 2)}\n`);
  return relative(FOLDERS.root, path);
}

/** Instruction sets for which the core has kernels: their names in `binding.isa`, and their usual names. */
const INSTRUCTION_SETS: Readonly<Record<string, string>> = {
  avx512: "AVX-512",
  avx2: "AVX2",
  baseline: "SSE2 or NEON",
};

/**
 * Name of a record of speed. There is one per instruction set, so that the results of different instruction sets can be
 * compared.
 */
export const nameForInstructions = (name: string, instructions: string): string => `${name}-${instructions}`;

/** Formats the published records of a benchmark, each in its own section. */
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

/** Inserts `content` between the README's markers with this name. */
export async function writeReadmeSection(name: string, content: string): Promise<void> {
  await writeFileAtomic(README, fillSection(await readFile(README, "utf8"), name, content));
}

/** Returns `text` with the part between `<!-- name:start -->` and `<!-- name:end -->` replaced. */
export function fillSection(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new BenchmarkError(`${basename(README)} has no section ${start} ... ${end}`);
  return `${text.slice(0, from + start.length)}\n\n${content.trim()}\n\n${text.slice(to)}`;
}
