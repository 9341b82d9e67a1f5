// The C++ compiler for all targets: the clang in zig, which is one package (ziglang) in the Python registry. Only
// developers need it; users of the package do not. Compiled files are kept in build-zig/. A file is compiled again only
// after a change in one of the files that it includes.
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import { pythonWith } from "./python.mjs";

const execute = promisify(execFile);
export const root = resolve(import.meta.dirname, "..");

/** Another version contains another compiler and would give other binaries. */
const ZIG_VERSION = "0.17.1";

/** Returns the folder of zig, with the program and the sources of its libraries. */
export function zigFolder() {
  const python = pythonWith(`ziglang-${ZIG_VERSION}`, [`ziglang==${ZIG_VERSION}`]);
  const locate = ["-c", "import os, ziglang; print(os.path.dirname(ziglang.__file__))"];
  return spawnSync(python, locate, { encoding: "utf8" }).stdout.trim();
}

/** Returns the C++ sources of the core, relative to the root. */
export const coreSources = () =>
  readFileSync(join(root, "native", "sources.txt"), "utf8")
    .trim()
    .split(/\s+/);

const hashes = new Map();
function hashOf(path) {
  if (!hashes.has(path)) hashes.set(path, createHash("sha256").update(readFileSync(path)).digest("hex"));
  return hashes.get(path);
}

/** Identifies the input of an object file: the flags and the bytes of all files that the compiler has read. */
function signature(flags, files) {
  const digest = createHash("sha256").update(JSON.stringify([ZIG_VERSION, flags]));
  for (const file of files) digest.update(`\0${file}\0${existsSync(file) ? hashOf(file) : ""}`);
  return digest.digest("hex");
}

/** Returns the files that a dependency file of make lists. -MMD writes such files. */
function dependencies(path) {
  const rule = readFileSync(path, "utf8").replaceAll("\\\n", " ");
  return rule
    .slice(rule.indexOf(": ") + 2)
    .trim()
    .split(/\s+/);
}

async function compile({ file, flags, language = "c++" }, object) {
  const noted = `${object}.made-from`;
  if (existsSync(object) && existsSync(noted)) {
    const { made, files } = JSON.parse(readFileSync(noted, "utf8"));
    if (made === signature(flags, files)) return;
  }
  const list = `${object}.d`;
  await zig([language, ...flags, "-MMD", "-MF", list, "-c", file, "-o", object]);
  const files = dependencies(list);
  writeFileSync(noted, JSON.stringify({ made: signature(flags, files), files }));
}

let program;

/** Runs zig. If it fails, the error contains the message of the compiler. */
async function zig(args) {
  program ??= join(zigFolder(), "zig");
  try {
    await execute(program, args, { cwd: root, maxBuffer: 2 ** 26 });
  } catch (error) {
    throw new Error(`zig ${args.at(-3)} failed:\n${error.stderr || error.message}`);
  }
}

/**
 * Compiles sources and links their objects to one file. Runs as many compilers at the same time as there are
 * processors, or as the environment variable JOBS states.
 *
 * @param name name of the folder for the objects
 * @param sources `{file, flags, language?}`, language "c++" or "cc"
 * @param link flags for the linker
 * @param language language for the linker: "c++" compiles zig's own C++ library and links it
 */
export async function build(name, sources, link, output, language = "c++") {
  const folder = join(root, "build-zig", name);
  mkdirSync(folder, { recursive: true });
  const objects = sources.map(({ file }) => join(folder, `${hashName(file)}-${basename(file)}.o`));
  const waiting = sources.map((source, i) => [source, objects[i]]);
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await compile(...next);
  };
  await Promise.all(Array.from({ length: Number(process.env.JOBS) || availableParallelism() }, work));
  await zig([language, ...link, ...objects, "-o", output]);
}

/** Makes names that differ for files with the same name in different folders. */
const hashName = (path) => createHash("sha256").update(path).digest("hex").slice(0, 8);
