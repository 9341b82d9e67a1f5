// Checks everything about a release that can be checked without publishing it: the build, the content of the package,
// and the installed package, on every supported major version of Node.js. docs/release.md lists the steps that are done
// by hand.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { describeBinary } from "./binaries/structure.mjs";
import { SYSTEMS, SystemMissing } from "./binaries/systems.mjs";
import { binaryName, binaryOf, TARGETS } from "./binaries/targets.mjs";
import { compareResults, describeResult, tryTarget, tryWasm } from "./binaries/trials.mjs";
import { launchBrowser } from "./browsers.mjs";
import { BUNDLERS } from "./bundlers/bundlers.mjs";
import { tryBundler } from "./bundlers/trial.mjs";

const execute = promisify(execFile);
const root = resolve(import.meta.dirname, "..");
const { values: flags } = parseArgs({ options: { packed: { type: "boolean", default: false } } });

/** Limits in MB. `npm pack` lists the content of the package; raise a limit only for a good reason. */
const LARGEST = { packed: 10, unpacked: 24 };

const engines = JSON.parse(await readFile(join(root, "package.json"), "utf8")).engines.node;
const OLDEST_NODE = `${/\d+\.\d+/.exec(engines)[0]}.0`;
const NODE_VERSIONS = [OLDEST_NODE, "22", "24"];
const TYPE_RESOLUTIONS = [
  ["node16", "Node16"],
  ["nodenext", "NodeNext"],
  ["bundler", "ES2022"],
];

/** Maximum number of lines of a failed check's output that are printed. */
const MOST_LINES = 30;

const work = await mkdtemp(join(tmpdir(), "sigma-tsne-release-"));
const summary = [];
let failed = false;

/** Runs one check. The text that it returns is printed next to its name in the summary. */
async function check(name, run) {
  process.stderr.write(`${name} ...\n`);
  const start = performance.now();
  let outcome;
  try {
    outcome = { mark: "ok", text: (await run()) ?? "" };
  } catch (error) {
    failed = true;
    const printed = `${error.stdout ?? ""}${error.stderr ?? ""}`.trim();
    outcome = { mark: "FAILED", text: printed.split("\n").slice(-MOST_LINES).join("\n") || error.message };
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  summary.push(`${outcome.mark.padEnd(7)} ${name.padEnd(40)} ${seconds.padStart(6)} s  ${outcome.text}`);
}

const run = async (file, args, options = {}) =>
  (await execute(file, args, { cwd: root, maxBuffer: 2 ** 27, ...options })).stdout.trim();
const npm = (args, options) => run("npm", args, { shell: process.platform === "win32", ...options });
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;

if (!flags.packed) {
  await check("style and types", async () => void (await npm(["run", "check"])));
  await check("WebAssembly core", async () => (await npm(["run", "wasm"])).split("\n").at(-1));
  await check("build", async () => void (await npm(["run", "build"])));
  await check("documentation site", async () => void (await npm(["run", "docs"])));
  await check("binaries of all platforms", async () => {
    const printed = await npm(["run", "prebuilds"]);
    return `${printed.match(/^prebuilds\/.+ bytes/gm).length} binaries`;
  });
}

for (const [name, target] of Object.entries(TARGETS)) {
  await check(`structure of ${name}`, async () => {
    const { size } = await stat(binaryOf(target));
    return `${size.toLocaleString("en")} bytes; ${describeBinary(binaryOf(target), target)}`;
  });
}

let tarball = "";
await check("npm pack", async () => {
  const [packed] = JSON.parse(await npm(["pack", "--json", "--ignore-scripts", "--pack-destination", work]));
  tarball = join(work, packed.filename);
  const paths = packed.files.map(({ path }) => path);
  const binaries = [
    ...Object.values(TARGETS).map(binaryName),
    "checksums.json",
    "wasm/sigma-tsne.wasm",
    "wasm/sigma-tsne-threads.wasm",
  ];
  const missing = binaries.filter((name) => !paths.includes(`prebuilds/${name}`));
  if (missing.length > 0) throw new Error(`prebuilds/ lacks ${missing.join(", ")}: npm run prebuilds, npm run wasm`);
  const stray = paths.filter((path) => /^dist\/.*\.map$|(^|\/)test\/|\.(tgz|lib|pdb)$/.test(path));
  if (stray.length > 0) throw new Error(`not for users: ${stray.join(", ")}`);
  if (packed.size > LARGEST.packed * 1e6 || packed.unpackedSize > LARGEST.unpacked * 1e6) {
    throw new Error(`${megabytes(packed.size)}, unpacked ${megabytes(packed.unpackedSize)}: more than expected`);
  }
  const share = (folder) => {
    const sum = packed.files.reduce((total, { path, size }) => total + (path.startsWith(folder) ? size : 0), 0);
    return `${folder} ${megabytes(sum)}`;
  };
  const shares = ["prebuilds/", "dist/", "native/"].map(share).join(", ");
  return `${megabytes(packed.size)}, unpacked ${megabytes(packed.unpackedSize)} (${shares}), ${paths.length} files`;
});

await check("publint", async () => {
  const { publint } = await import("publint");
  const { formatMessage } = await import("publint/utils");
  const bytes = await readFile(tarball);
  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer }, strict: true });
  const complaints = messages.filter(({ type }) => type !== "suggestion").map((message) => formatMessage(message, pkg));
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
  return `${messages.length} suggestions`;
});

await check("types by every way of resolving them", async () => {
  const { checkPackage, createPackageFromTarballData } = await import("@arethetypeswrong/core");
  const { problems } = await checkPackage(createPackageFromTarballData(await readFile(tarball)));
  // "node10" does not support the field `exports`; the README requires node16 or bundler. The entry for browsers exists as an ES module only.
  const isExpected = ({ kind, entrypoint, resolutionKind, resolutionOption }) =>
    [resolutionKind, resolutionOption].includes("node10") ||
    (kind === "CJSResolvesToESM" && entrypoint === "./browser");
  const complaints = problems.filter((problem) => !isExpected(problem));
  if (complaints.length > 0) throw new Error(JSON.stringify(complaints, null, 2));
});

/** A project with the package installed from its tarball. */
const project = join(work, "project");
/** Programs are searched for only in a folder with Node.js, so that no compiler can be found. */
const bare = { ...process.env, PATH: join(work, "bin") };

await check("install, no scripts, no compiler", async () => {
  await mkdir(bare.PATH);
  await symlink(process.execPath, join(bare.PATH, "node"));
  await installPackage(project, []);
  for (const name of await readdir(join(root, "scripts", "release"))) {
    await cp(join(root, "scripts", "release", name), join(project, name));
  }
  const { packages } = JSON.parse(await readFile(join(project, "node_modules", ".package-lock.json"), "utf8"));
  const bytes = await bytesIn(join(project, "node_modules"));
  return `${Object.keys(packages).length} packages, ${megabytes(bytes)} on disk`;
});

/**
 * Creates a project in an empty folder and installs the packed file in it, without install scripts and without a
 * compiler.
 */
async function installPackage(folder, options) {
  await mkdir(folder);
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const npmCli = process.env.npm_execpath ?? (await npmFile());
  const args = ["install", tarball, "--ignore-scripts", "--no-audit", "--no-fund", ...options];
  await run(process.execPath, [npmCli, ...args], { cwd: folder, env: bare });
}

async function bytesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function npmFile() {
  const path = await run("npm", ["root", "--global"]);
  return join(path, "npm", "bin", "npm-cli.js");
}

const maps = new Set();

/** Runs the programs of scripts/release, which must all print the same checksum. */
async function smoke(node, names) {
  for (const name of names) maps.add(await run(node, [name], { cwd: project, env: bare }));
  if (maps.size !== 1) throw new Error(`maps differ: ${[...maps].join(", ")}`);
  return [...maps][0];
}

const ways = ["smoke.mjs", "smoke.cjs", "worker.mjs"];

await check("import, require, worker thread", () => smoke(process.execPath, ways));

await check("sigma-tsne of node_modules/.bin", async () => {
  const command = join(project, "node_modules", ".bin", "sigma-tsne");
  const env = { ...bare, PATH: process.env.PATH };
  const sigma = (...args) => run(command, args, { cwd: project, env, shell: process.platform === "win32" });
  await sigma("demo", "--data", "acquisitions", "--points", "120", "-o", "demo", "--json");
  await sigma("embed", "demo/means.npy", "--sigma", "demo/sigma.npy", "-o", "map.csv", "--plot", "map.png");
  return `version ${await sigma("--version")}`;
});

for (const [moduleResolution, module] of TYPE_RESOLUTIONS) {
  await check(`TypeScript, strict, ${moduleResolution}`, async () => {
    const types = join(project, "types");
    await mkdir(types, { recursive: true });
    await cp(join(root, "test", "e2e", "package", "consumer.ts"), join(types, "consumer.ts"));
    await cp(join(root, "scripts", "release", "smoke-vae.mjs"), join(types, "autoencoder.ts"));
    const compilerOptions = {
      target: "ES2022",
      module,
      moduleResolution,
      strict: true,
      skipLibCheck: true,
      types: ["node"],
      typeRoots: [join(root, "node_modules", "@types")],
      outDir: `out-${moduleResolution}`,
    };
    await writeFile(
      join(types, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["consumer.ts", "autoencoder.ts"] }),
    );
    await run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", types]);
    const file = join(types, `out-${moduleResolution}`, "consumer.js");
    return await run(process.execPath, [file], { cwd: project, env: bare });
  });
}

await check("an autoencoder, with tfjs", () => run(process.execPath, ["smoke-vae.mjs"], { cwd: project, env: bare }));

for (const version of NODE_VERSIONS) {
  await check(`Node.js ${version}`, async () => {
    const node = await installNode(version);
    await smoke(node, ways);
    await run(node, ["smoke-vae.mjs"], { cwd: project, env: bare });
    return run(node, ["--version"]);
  });
}

/** Downloads a version of Node.js for this platform from the registry into a separate folder, which is kept. */
async function installNode(version) {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const folder = join(root, "node_modules", ".cache", "sigma-tsne", `node-${version}`);
  const name = `node-${platform}-${process.arch}`;
  const file = join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (!existsSync(file)) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
    await npm(["install", `${name}@${version}`, "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
  }
  return file;
}

await check("t-SNE without tfjs", async () => {
  const tensorflow = join(project, "node_modules", "@tensorflow");
  await rename(tensorflow, `${tensorflow}-away`);
  return smoke(process.execPath, ways);
});

await check("entry and live page in browsers", async () => {
  const printed = await npm(["run", "test:wasm", "--", "test/browser"], { env: { ...process.env, NO_COLOR: "1" } });
  return /Tests +(.+)/.exec(printed)?.[1];
});

const browsers = {};
await check("start of browsers", async () => {
  for (const name of ["Chromium", "Firefox"]) browsers[name] = await launchBrowser(name);
  return (await Promise.all(Object.values(browsers).map((browser) => browser.version()))).join(", ");
});
for (const name of Object.keys(BUNDLERS)) {
  await check(`bundled by ${name}`, () => tryBundler(name, tarball, browsers));
}
await Promise.all(Object.values(browsers).map((browser) => browser.close()));

const results = [];

for (const [name, target] of Object.entries(TARGETS)) {
  await check(`installed for ${name}`, async () => {
    const folder = join(work, name);
    const { platform, processor } = target;
    const libc = platform === "linux" ? [name.endsWith("musl") ? "musl" : "glibc"] : [];
    await installPackage(folder, [`--os=${platform}`, `--cpu=${processor}`, ...libc.map((value) => `--libc=${value}`)]);
    const found = await findBinary(folder, {
      npm_config_platform: platform,
      npm_config_arch: processor,
      LIBC: libc[0],
    });
    if (found !== binaryName(target)) throw new Error(`found ${found}, expected ${binaryName(target)}`);
    const outcome = await tryInstalled(name, folder);
    await rm(folder, { recursive: true });
    return outcome;
  });
}

/** Returns the binary that a project would load on another platform. */
async function findBinary(folder, platform) {
  const program =
    'console.log(require("node-gyp-build").path("node_modules/sigma-tsne").replaceAll("\\\\", "/").split("prebuilds/")[1])';
  const env = {
    ...bare,
    PREBUILDS_ONLY: "1",
    ...Object.fromEntries(Object.entries(platform).filter(([, value]) => value)),
  };
  return run(process.execPath, ["--input-type=commonjs", "-e", program], { cwd: folder, env });
}

async function tryInstalled(name, folder) {
  if (!Object.values(SYSTEMS).some((system) => system.target === name)) return "not run: there is no such system here";
  const script = join(folder, "trial.mjs");
  await cp(join(root, "scripts", "release", "trial.mjs"), script);
  try {
    const tried = await tryTarget(name, script, "sigma-tsne");
    if (name === "linux-x64") tried.push(...(await tryWasm(script, "sigma-tsne")));
    results.push(...tried);
    return tried.map(describeResult).join("; ");
  } catch (error) {
    if (error instanceof SystemMissing) return `not run: ${error.message}`;
    throw error;
  }
}

await check("the same embedding on all platforms", async () => {
  compareResults(results);
  return `${results.length} trials of 500 points`;
});

await rm(work, { recursive: true, force: true });
process.stdout.write(`\n${summary.join("\n")}\n`);
if (failed) process.exitCode = 1;
