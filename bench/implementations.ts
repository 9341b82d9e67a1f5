import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { BenchmarkError } from "./failure.js";
import { FOLDERS } from "./folders.js";
import type { Answer, Task } from "./peers/task.js";

const execute = promisify(execFile);

/** Largest number of characters of an error message in a table. */
const LONGEST_COMPLAINT = 160;

/** Paths of the installed peers. */
export interface PeerPaths {
  /** Path of a Python with numpy and the peers. */
  python: string;
  /** Path of a folder node_modules with scran.js. */
  nodeModules: string;
}

export const DEFAULT_PEER_PATHS: PeerPaths = {
  python: join(FOLDERS.venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python"),
  nodeModules: FOLDERS.nodeModules,
};

/** The program in bench/peers/bhtsne, which `setup` compiles. */
export const RUST_PEER = {
  crate: "bhtsne",
  manifest: join(FOLDERS.peers, "bhtsne", "Cargo.toml"),
  target: FOLDERS.rust,
  program: join(FOLDERS.rust, "release", process.platform === "win32" ? "bhtsne-peer.exe" : "bhtsne-peer"),
} as const;

/** A program that computes embeddings in its own process. */
export interface Implementation {
  readonly name: string;
  readonly label: string;
  command(task: Task, paths: PeerPaths): [string, string[]];
}

export const OURS: Implementation = {
  name: "ours",
  label: "sigma-tsne",
  command: (task) => [process.execPath, [join(FOLDERS.build, "ours.js"), JSON.stringify(task)]],
};

/** This project, with the standard deviations of the data. */
export const OURS_WITH_SIGMA: Implementation = { ...OURS, name: "ours-sigma", label: "sigma-tsne, sigma-aware" };

function python(name: string, label: string): Implementation {
  return {
    name,
    label,
    command: (task, paths) => [paths.python, [join(FOLDERS.peers, "peer.py"), name, JSON.stringify(task)]],
  };
}

const SCRAN: Implementation = {
  name: "scran.js",
  label: "scran.js",
  command: (task, { nodeModules }) => [
    process.execPath,
    [join(FOLDERS.build, "scran.js"), JSON.stringify({ ...task, nodeModules })],
  ],
};

function rust(method: string, label: string): Implementation {
  return {
    name: `bhtsne-${method}`,
    label,
    command: (task) => [RUST_PEER.program, [method, JSON.stringify(task)]],
  };
}

/** The peers, each with the package that it needs. */
const PEERS: readonly (readonly [Implementation, string])[] = [
  [SCRAN, "scran.js"],
  [python("opentsne-bh", "openTSNE, Barnes-Hut"), "openTSNE"],
  [python("opentsne-fft", "openTSNE, FFT"), "openTSNE"],
  [python("sklearn", "scikit-learn"), "scikit-learn"],
  [python("sklearnex", "scikit-learn-intelex"), "scikit-learn-intelex"],
  [python("h2pack", "tsne-h2pack"), "tsne-h2pack"],
  [python("sgtsnepi", "SG-t-SNE-Π"), "sgtsnepi"],
  [rust("barnes-hut", "bhtsne (Rust), Barnes-Hut"), RUST_PEER.crate],
  [rust("fft", "bhtsne (Rust), FFT"), RUST_PEER.crate],
];

export const PEER_NAMES: readonly string[] = PEERS.map(([{ name }]) => name);

/** Finds the installed peers, and the versions of all software that is used to run them. */
export async function findPeers(
  paths: PeerPaths,
): Promise<{ peers: Implementation[]; versions: Record<string, string> }> {
  const versions: Record<string, string> = {};
  const manifest = join(paths.nodeModules, "scran.js", "package.json");
  if (existsSync(manifest)) versions["scran.js"] = JSON.parse(await readFile(manifest, "utf8")).version;
  if (existsSync(RUST_PEER.program)) {
    const [, version] = /^bhtsne = .*"=([\d.]+)"/m.exec(await readFile(RUST_PEER.manifest, "utf8")) ?? [];
    if (version !== undefined) versions[RUST_PEER.crate] = version;
  }
  try {
    const { stdout } = await execute(paths.python, [join(FOLDERS.peers, "peer.py"), "versions"]);
    Object.assign(versions, JSON.parse(stdout));
  } catch {
    // Without Python or without numpy, the peers in Python are not installed.
  }
  return { peers: PEERS.filter(([, needed]) => versions[needed] !== undefined).map(([peer]) => peer), versions };
}

/**
 * Runs a program and waits for its end.
 *
 * @param timeout seconds
 * @throws an error with the last line of the program's standard error, if the program fails
 */
export async function run(
  implementation: Implementation,
  task: Task,
  paths: PeerPaths,
  timeout: number,
  signal: AbortSignal,
): Promise<Answer> {
  const [file, args] = implementation.command(task, paths);
  // Some libraries ignore the number of threads in the call and read it from the environment.
  const variables = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"];
  const env = { ...process.env, ...Object.fromEntries(variables.map((name) => [name, String(task.threads)])) };
  try {
    const { stdout } = await execute(file, args, { env, signal, timeout: timeout * 1000, maxBuffer: 2 ** 26 });
    return JSON.parse(stdout.trim().split("\n").at(-1) as string);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const { killed, stderr, message } = error as { killed?: boolean; stderr?: string; message: string };
    const lines = stderr?.trim().split("\n") ?? [];
    // Node.js prints its version after a stack trace, and Python prints the error last.
    const complaint = lines.findLast((line) => /^\w*(Error|Exception)\b/.test(line)) ?? (lines.at(-1) || message);
    throw new BenchmarkError(killed ? `took longer than ${timeout} s` : complaint.slice(0, LONGEST_COMPLAINT), {
      cause: error,
    });
  }
}
