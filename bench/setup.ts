import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { FOLDERS } from "./folders.js";
import { DEFAULT_PEER_PATHS, RUST_PEER } from "./implementations.js";

const PYTHON_PACKAGES = [
  "numpy",
  "scipy",
  "openTSNE",
  "scikit-learn",
  "scikit-learn-intelex",
  "tsne-h2pack",
  "pynndescent",
  "faiss-cpu",
  "hnswlib",
  "sgtsnepi",
  "h5py",
];
const NPM_PACKAGES = ["scran.js", "umap-js", "tsne-js"];
/** Packages that contain data with measured errors. Only their files are read, so their dependencies are not needed. */
const DATA_PACKAGES = ["pz-rail-base", "galpy"];

/**
 * Installs the peers into bench/.venv and bench/node_modules. Peers that cannot be installed are reported, and the
 * others are installed.
 */
export async function installPeers(python: string, withTorch: boolean, signal: AbortSignal): Promise<boolean> {
  const venv = DEFAULT_PEER_PATHS.python;
  const hasVenv = existsSync(venv) || (await execute(python, ["-m", "venv", FOLDERS.venv], signal));
  let complete = hasVenv;
  if (hasVenv) {
    // Packages are installed one by one: scikit-learn-intelex exists for few platforms, and its failure must not
    // prevent the others.
    for (const name of withTorch ? [...PYTHON_PACKAGES, "torch"] : PYTHON_PACKAGES) {
      const installed = await execute(
        venv,
        ["-m", "pip", "install", "--disable-pip-version-check", "-q", name],
        signal,
      );
      complete &&= installed;
    }
    for (const name of DATA_PACKAGES) {
      const flags = ["-m", "pip", "install", "--disable-pip-version-check", "-q", "--no-deps", name];
      const installed = await execute(venv, flags, signal);
      complete &&= installed;
    }
  }
  const compiled = await compileRustPeer(signal);
  return (await installFromNpm(NPM_PACKAGES, signal)) && compiled && complete;
}

/** Compiles the peer that is written in Rust, with its crates. */
function compileRustPeer(signal: AbortSignal): Promise<boolean> {
  const { manifest, target } = RUST_PEER;
  return execute("cargo", ["build", "--release", "--manifest-path", manifest, "--target-dir", target], signal);
}

/** Installs the fast peer from npm alone. */
export const installScran = (signal: AbortSignal): Promise<boolean> => installFromNpm(["scran.js"], signal);

/** Installs packages into bench/node_modules. npm removes packages that are not in the list. */
function installFromNpm(names: readonly string[], signal: AbortSignal): Promise<boolean> {
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const flags = ["--prefix", "bench", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"];
  return execute(npm, ["install", ...flags, ...names], signal);
}

async function execute(file: string, args: readonly string[], signal: AbortSignal): Promise<boolean> {
  process.stderr.write(`$ ${file} ${args.join(" ")}\n`);
  const child = spawn(file, args, { stdio: ["ignore", 2, 2], signal });
  try {
    const [code] = await once(child, "close");
    if (code === 0) return true;
    process.stderr.write("  did not work; without a connection, or on this platform, its peers stay out of the race\n");
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    process.stderr.write(`  did not work: ${(error as Error).message}\n`);
  }
  return false;
}
