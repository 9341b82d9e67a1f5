// The C++ compiler for all targets: the clang of zig, which the Python registry has as one package (ziglang). It is a tool of developers: users
// of the package never need it. Compiled files are kept in build-zig/ and compiled again only when one of the files that they include has
// changed.
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import { pythonWith } from "./python.mjs";

const execute = promisify(execFile);
export const root = resolve(import.meta.dirname, "..");

/** Other versions are other compilers, and so other binaries. */
const ZIG_VERSION = "0.17.1";

/** The folder of zig, with the program and the sources of its libraries. */
export function zigFolder() {
  const python = pythonWith(`ziglang-${ZIG_VERSION}`, [`ziglang==${ZIG_VERSION}`]);
  const locate = ["-c", "import os, ziglang; print(os.path.dirname(ziglang.__file__))"];
  return spawnSync(python, locate, { encoding: "utf8" }).stdout.trim();
}

/** The C++ sources of the core, relative to the root. */
export const coreSources = () =>
  readFileSync(join(root, "native", "sources.txt"), "utf8")
    .trim()
    .split(/\s+/);

const hashes = new Map();
function hashOf(path) {
  if (!hashes.has(path)) hashes.set(path, createHash("sha256").update(readFileSync(path)).digest("hex"));
  return hashes.get(path);
}

/** What an object was made from: the flags and the bytes of all files that the compiler has read. */
function signature(flags, files) {
  const digest = createHash("sha256").update(JSON.stringify([ZIG_VERSION, flags]));
  for (const file of files) digest.update(`\0${file}\0${existsSync(file) ? hashOf(file) : ""}`);
  return digest.digest("hex");
}

/** The files of a dependency file of make, as -MMD writes it. */
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

/** Runs zig; what the compiler says about an error is the message. */
async function zig(args) {
  program ??= join(zigFolder(), "zig");
  try {
    await execute(program, args, { cwd: root, maxBuffer: 2 ** 26 });
  } catch (error) {
    throw new Error(`zig ${args.at(-3)} failed:\n${error.stderr || error.message}`);
  }
}

/**
 * Compiles sources, as many at once as there are processors or as the environment variable JOBS says, and links their objects to one file.
 *
 * @param name of the folder of objects
 * @param sources `{file, flags, language?}`, language "c++" or "cc"
 * @param link flags of the linker
 * @param language of the linker: "c++" compiles zig's own C++ library and links it
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

/** Tells files of the same name in different folders apart. */
const hashName = (path) => createHash("sha256").update(path).digest("hex").slice(0, 8);
