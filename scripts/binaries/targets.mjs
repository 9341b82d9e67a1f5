// The platforms that get a binary, in the folders and by the names that node-gyp-build looks for.
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build, coreSources, root } from "./zig.mjs";

const require = createRequire(import.meta.url);

/**
 * glibc 2.28 is what Node.js 20 itself needs, and macOS 11 is what it runs on. The libraries of C++ are linked in everywhere.
 *
 * @type {Record<string, {triple: string, kind: "elf" | "pe" | "mach-o", folder: string, file: string}>}
 */
export const TARGETS = {
  "linux-x64-glibc": target("x86_64-linux-gnu.2.28", "elf", "linux-x64", "sigma-tsne.glibc.node"),
  "linux-x64-musl": target("x86_64-linux-musl", "elf", "linux-x64", "sigma-tsne.musl.node"),
  "linux-arm64-glibc": target("aarch64-linux-gnu.2.28", "elf", "linux-arm64", "sigma-tsne.glibc.node"),
  "linux-arm64-musl": target("aarch64-linux-musl", "elf", "linux-arm64", "sigma-tsne.musl.node"),
  "darwin-x64": target("x86_64-macos.11.0", "mach-o", "darwin-x64", "sigma-tsne.node"),
  "darwin-arm64": target("aarch64-macos.11.0", "mach-o", "darwin-arm64", "sigma-tsne.node"),
  "win32-x64": target("x86_64-windows-gnu", "pe", "win32-x64", "sigma-tsne.node"),
  "win32-arm64": target("aarch64-windows-gnu", "pe", "win32-arm64", "sigma-tsne.node"),
};

function target(triple, kind, folder, file) {
  return { triple, kind, folder, file };
}

export const binaryOf = ({ folder, file }) => join(root, "prebuilds", folder, file);

/** Those of binding.gyp. */
const FLAGS = [
  ...["-std=c++20", "-O3", "-ffp-contract=fast", "-fvisibility=hidden", "-fvisibility-inlines-hidden"],
  ...["-ffunction-sections", "-fdata-sections", "-Wall", "-Wextra", "-Werror", "-Wno-psabi"],
  ...["-DNAPI_VERSION=8", "-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
  ...["-DNAPI_CPP_EXCEPTIONS", "-DNODE_ADDON_API_CPP_EXCEPTIONS_ALL", "-DBUILDING_NODE_EXTENSION"],
];

const COMPILE = {
  elf: ["-fPIC"],
  // Not imported from a program that is named: native/portable/windows.cpp defines the functions.
  pe: ["-DNAPI_EXTERN="],
  "mach-o": [],
};

const LINK = {
  elf: ["-shared", "-s", "-Wl,--gc-sections", "-Wl,--version-script=native/portable/exports.map"],
  pe: ["-shared", "-s"],
  "mach-o": ["-shared", "-s", "-Wl,-undefined,dynamic_lookup", "-Wl,-headerpad_max_install_names", "-Wl,-dead_strip"],
};

/** Compiles the addon for a target into prebuilds/ and returns its path. */
export async function buildTarget(name) {
  const chosen = TARGETS[name];
  const { triple, kind } = chosen;
  const generated = join(root, "build-zig", name);
  mkdirSync(generated, { recursive: true });
  const flags = [
    ...["-target", triple, ...FLAGS, ...COMPILE[kind]],
    `-I${require("node-api-headers").include_dir}`,
    `-I${join(root, "node_modules", "node-addon-api")}`,
    `-I${generated}`,
  ];
  const addon = readdirSync(join(root, "native", "addon")).filter((file) => file.endsWith(".cpp"));
  const files = [...coreSources(), ...addon.map((file) => `native/addon/${file}`)];
  if (kind === "pe") {
    files.push("native/portable/windows.cpp");
    writeFileSync(join(generated, "node_api_functions.inl"), listFunctions());
  }
  const output = binaryOf(chosen);
  mkdirSync(join(root, "prebuilds", chosen.folder), { recursive: true });
  // Only this file contains the version, so that another version does not compile everything again.
  const version = `-DSIGMA_TSNE_VERSION="${require("../../package.json").version}"`;
  const sources = files.map((file) => ({
    file,
    flags: file === "native/addon/addon.cpp" ? [...flags, version] : flags,
  }));
  await build(name, sources, ["-target", triple, "-O3", ...LINK[kind]], output);
  return output;
}

/** The functions of Node-API that Node.js 20 has, as a list for the preprocessor. */
function listFunctions() {
  const { js_native_api_symbols, node_api_symbols } = require("node-api-headers").symbols.v8;
  const names = [...js_native_api_symbols, ...node_api_symbols].sort();
  return `#define NODE_API_FUNCTIONS(X) ${names.map((name) => `X(${name})`).join(" ")}\n`;
}
