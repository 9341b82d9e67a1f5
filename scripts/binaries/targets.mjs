// The platforms that get a binary. Folders and names are those that node-gyp-build searches for.
import { copyFileSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build, coreSources, root } from "../zig.mjs";

const require = createRequire(import.meta.url);

/**
 * glibc 2.28 and macOS 11 are the oldest versions that Node.js 20 supports. The C++ standard library is linked
 * statically on all platforms.
 *
 * @type {Record<string, {triple: string, kind: "elf" | "pe" | "mach-o", platform: string, processor: string, file: string}>}
 */
export const TARGETS = {
  "linux-x64": target("x86_64-linux-gnu.2.28", "elf", "linux-x64", "sigma-tsne.glibc.node"),
  "linux-arm64": target("aarch64-linux-gnu.2.28", "elf", "linux-arm64", "sigma-tsne.glibc.node"),
  "linux-x64-musl": target("x86_64-linux-musl", "elf", "linux-x64", "sigma-tsne.musl.node"),
  "linux-arm64-musl": target("aarch64-linux-musl", "elf", "linux-arm64", "sigma-tsne.musl.node"),
  "darwin-x64": target("x86_64-macos.11.0", "mach-o", "darwin-x64", "sigma-tsne.node"),
  "darwin-arm64": target("aarch64-macos.11.0", "mach-o", "darwin-arm64", "sigma-tsne.node"),
  "win32-x64": target("x86_64-windows-gnu", "pe", "win32-x64", "sigma-tsne.node"),
  "win32-arm64": target("aarch64-windows-gnu", "pe", "win32-arm64", "sigma-tsne.node"),
};

function target(triple, kind, folder, file) {
  const [platform, processor] = folder.split("-");
  return { triple, kind, platform, processor, file };
}

/** The path of a target's binary in prebuilds/, as checksums.json names it. */
export const binaryName = ({ platform, processor, file }) => `${platform}-${processor}/${file}`;
export const prebuilds = join(root, "prebuilds");
export const binaryOf = (chosen) => join(prebuilds, binaryName(chosen));

/** The same flags as in binding.gyp. */
const FLAGS = [
  ...["-std=c++20", "-O3", "-ffp-contract=fast", "-fvisibility=hidden", "-fvisibility-inlines-hidden"],
  ...["-ffunction-sections", "-fdata-sections", "-Wall", "-Wextra", "-Werror", "-Wno-psabi"],
];
const ADDON_FLAGS = [
  ...["-DNAPI_VERSION=8", "-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
  ...["-DNAPI_CPP_EXCEPTIONS", "-DNODE_ADDON_API_CPP_EXCEPTIONS_ALL", "-DBUILDING_NODE_EXTENSION"],
  ...["-Inode_modules/node-api-headers/include", "-Inode_modules/node-addon-api"],
];

const COMPILE = { elf: ["-fPIC"], pe: [], "mach-o": [] };

const LINK = {
  elf: ["-shared", "-s", "-Wl,--gc-sections", "-Wl,--version-script=native/portable/exports.map"],
  pe: ["-shared", "-s"],
  "mach-o": [
    ...["-shared", "-s", "-Wl,-undefined,dynamic_lookup", "-Wl,-dead_strip"],
    "-Wl,-install_name,@rpath/sigma-tsne.node",
  ],
};

/** The sources of the core with the flags of a target. */
export function coreOf({ triple, kind }) {
  const flags = ["-target", triple, ...FLAGS, ...COMPILE[kind]];
  return coreSources().map((file) => ({ file, flags }));
}

/** Compiles the addon for a target into prebuilds/ and returns its path. */
export async function buildTarget(name) {
  const chosen = TARGETS[name];
  const core = coreOf(chosen);
  // On Windows, the Node-API functions are not imported from a program with a fixed name; native/portable/windows.cpp
  // defines them.
  const flags = [...core[0].flags, ...ADDON_FLAGS, ...(chosen.kind === "pe" ? ["-DNAPI_EXTERN="] : [])];
  // Only this file contains the version. After a change of the version, the other files need not be compiled again.
  const version = `-DSIGMA_TSNE_VERSION="${require("../../package.json").version}"`;
  const addon = readdirSync(join(root, "native", "addon"))
    .filter((file) => file.endsWith(".cpp"))
    .map((file) => ({
      file: `native/addon/${file}`,
      flags: file === "addon.cpp" ? [...flags, version] : flags,
    }));
  const sources = [...core, ...addon];
  if (chosen.kind === "pe") sources.push(hostFunctions(flags));
  // The linker writes other files next to the linked one, such as an import library.
  const linked = join(root, "build-zig", name, "linked", chosen.file);
  mkdirSync(dirname(linked), { recursive: true });
  await build(name, sources, ["-target", chosen.triple, "-O3", ...LINK[chosen.kind]], linked);
  const output = binaryOf(chosen);
  mkdirSync(dirname(output), { recursive: true });
  // Rename the new file, because a running process may have loaded the old one.
  copyFileSync(linked, `${output}.part`);
  renameSync(`${output}.part`, output);
  return output;
}

/**
 * Returns the source file that finds the functions of Node-API on Windows, with the list of the functions in Node.js
 * 20.
 */
function hostFunctions(flags) {
  const { js_native_api_symbols, node_api_symbols } = require("node-api-headers").symbols.v8;
  const names = [...js_native_api_symbols, ...node_api_symbols].sort();
  const folder = join("build-zig", "windows");
  const list = `#define NODE_API_FUNCTIONS(X) ${names.map((name) => `X(${name})`).join(" ")}\n`;
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, folder, "node_api_functions.inl"), list);
  return { file: "native/portable/windows.cpp", flags: [...flags, `-I${folder}`] };
}
