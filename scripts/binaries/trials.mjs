// Tests the binaries that can run on this machine, each in a Node.js of its system: node scripts/binaries/trials.mjs
// [target ...]
// All of them embed the same 500 points. For the same instruction set the bytes must be equal; for different ones the
// KL divergences must agree to three digits after the decimal point.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../zig.mjs";
import { SYSTEMS, SystemMissing } from "./systems.mjs";
import { binaryOf, TARGETS } from "./targets.mjs";

/** The instruction sets that are tested for each processor. On arm64, the only instruction set is called "baseline". */
const INSTRUCTION_SETS = { x64: ["baseline", "avx2", "avx512"], arm64: ["baseline"] };

const EXPECTED = { refusal: "NOT_FINITE", aborted: "ABORTED", shortEmbeddings: 1 };

/**
 * Runs scripts/release/trial.mjs with the binary of a target on each of its systems.
 *
 * @param script path of trial.mjs. Its folder, or a folder above it, must contain the package in node_modules.
 * @param name the name or path under which trial.mjs imports the package
 * @returns one result per system and instruction set that this processor supports
 */
export async function tryTarget(target, script, name) {
  const results = [];
  for (const [system, { start }] of Object.entries(SYSTEMS).filter((entry) => entry[1].target === target)) {
    const started = await start();
    for (const asked of INSTRUCTION_SETS[TARGETS[target].processor]) {
      const environment = { SIGMA_TSNE_ISA: asked, SIGMA_TSNE_BACKEND: "native" };
      const result = await runTrial(system, started, script, name, environment);
      if (result.instructionSet === asked) results.push(result);
    }
  }
  return results;
}

/** Runs the same program with WebAssembly, in Node.js, Bun and Deno on Linux for x64. */
export async function tryWasm(script, name) {
  const results = [];
  for (const [system, { start }] of Object.entries(SYSTEMS).filter((entry) => entry[1].target === "linux-x64")) {
    const environment = { SIGMA_TSNE_BACKEND: "wasm" };
    results.push(await runTrial(`WebAssembly, ${system}`, await start(), script, name, environment));
  }
  return results;
}

async function runTrial(system, { command, env, toPath = (path) => path }, script, name, environment) {
  const folder = await mkdtemp(join(tmpdir(), "sigma-tsne-trial-"));
  const file = join(folder, "result.json");
  const printed = await open(join(folder, "printed"), "w");
  const [program, ...before] = command;
  const { status, error } = spawnSync(program, [...before, toPath(script), name, toPath(file)], {
    // Deno searches for node_modules in this folder and the folders above it.
    cwd: dirname(script),
    env: { ...process.env, PREBUILDS_ONLY: "1", ...env, ...environment },
    // Windows programs cannot write to pipes under wine.
    stdio: ["ignore", printed.fd, printed.fd],
  });
  await printed.close();
  if (error) throw error;
  if (status !== 0) throw new Error(`${system}: ${await readFile(join(folder, "printed"), "utf8")}`);
  const result = JSON.parse(await readFile(file, "utf8"));
  await rm(folder, { recursive: true });
  for (const [key, value] of Object.entries(EXPECTED)) {
    if (result[key] !== value) throw new Error(`${system}: ${key} is ${result[key]}, expected ${value}`);
  }
  return { system, ...result };
}

export function describeResult({ system, node, instructionSet, kl, bytes }) {
  return `${system}: ${node}, ${instructionSet}, KL ${kl.toFixed(4)}, ${bytes.slice(0, 12)}`;
}

/** WebAssembly gives the same bytes as the baseline kernels for x64. */
const bytesOf = ({ name, processor, instructionSet }) =>
  name === "wasm" ? "x64 baseline" : `${processor} ${instructionSet}`;

/** Throws an error if embeddings differ that should be equal. */
export function compareResults(results) {
  const list = results.map(describeResult).join("\n");
  for (const kind of new Set(results.map(bytesOf))) {
    const bytes = new Set(results.filter((result) => bytesOf(result) === kind).map((result) => result.bytes));
    if (bytes.size > 1) throw new Error(`the bytes of ${kind} differ:\n${list}`);
  }
  const divergences = new Set(results.map(({ kl }) => kl.toFixed(3)));
  if (divergences.size > 1) throw new Error(`the KL divergences differ:\n${list}`);
}

if (import.meta.filename === process.argv[1]) {
  const asked = process.argv.slice(2);
  const script = join(root, "scripts", "release", "trial.mjs");
  const name = "../../dist/index.js";
  const results = [];
  const targets = new Set(Object.values(SYSTEMS).map(({ target }) => target));
  for (const target of asked.length > 0 ? asked : targets) {
    if (!existsSync(binaryOf(TARGETS[target]))) {
      console.log(`${target}: not tried, because there is no binary: npm run prebuilds -- ${target}`);
      continue;
    }
    try {
      results.push(...(await tryTarget(target, script, name)));
    } catch (error) {
      if (!(error instanceof SystemMissing)) throw error;
      console.log(`${target}: not tried, because ${error.message}`);
    }
  }
  if (existsSync(join(root, "prebuilds", "wasm", "sigma-tsne.wasm"))) {
    results.push(...(await tryWasm(script, name)));
  }
  console.log(results.map(describeResult).join("\n"));
  compareResults(results);
}
