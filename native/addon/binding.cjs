"use strict";

// Chooses the backend: the native addon, either built here (build/Release) or prebuilt for this platform (prebuilds/).
// If no addon can be loaded, the WebAssembly core is used. SIGMA_TSNE_BACKEND=native or wasm forces one of the two.
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const root = path.join(__dirname, "..", "..");
const prebuilds = path.join(root, "prebuilds");
const { version } = require("../../package.json");
const platform = `${process.platform}-${process.arch}, Node ${process.versions.node}`;
const BUILD = "npm rebuild sigma-tsne --foreground-scripts";

function loadNative() {
  const load = require("node-gyp-build");
  checkBytes(load.path(root));
  const addon = load(root);
  if (addon.version !== undefined && addon.version !== version) {
    throw new Error(`the binary is of version ${addon.version}, the package of version ${version}`);
  }
  return addon;
}

/** Compares the bytes of a binary before it is loaded, because loading a damaged binary can end the process silently. */
function checkBytes(file) {
  const name = path.relative(prebuilds, file).split(path.sep).join("/");
  const list = path.join(prebuilds, "checksums.json");
  const expected = fs.existsSync(list) ? JSON.parse(fs.readFileSync(list, "utf8"))[name] : undefined;
  if (expected === undefined) return;
  const actual = createHash("sha256").update(fs.readFileSync(file)).digest("hex");
  if (actual !== expected) throw new Error(`the binary is damaged (${file}); install the package again`);
}

function loadWasm() {
  const { loadBinding } = require(path.join(root, "dist", "wasm-binding.cjs"));
  return loadBinding(path.join(prebuilds, "wasm"), path.join(root, "dist", "wasm-helper.cjs"));
}

/** The first line of an error's message, without the details that node-gyp-build adds. */
function reasonOf(error) {
  const [first] = String(error?.message ?? error).split("\n");
  return first.startsWith("No native build was found") ? "no binary was found" : first;
}

function failure(message, cause) {
  return Object.assign(new Error(`sigma-tsne: ${message}`, { cause }), { code: "ADDON_NOT_FOUND" });
}

function withBackend(binding, backend) {
  return Object.assign(binding, { backend });
}

function choose(wanted) {
  if (!["auto", "native", "wasm"].includes(wanted)) {
    throw failure(`SIGMA_TSNE_BACKEND must be native, wasm or auto (got "${wanted}")`);
  }
  if (wanted === "wasm") {
    try {
      return withBackend(loadWasm(), { name: "wasm" });
    } catch (cause) {
      throw failure(`the WebAssembly core cannot be loaded: ${reasonOf(cause)}. Unset SIGMA_TSNE_BACKEND.`, cause);
    }
  }
  try {
    return withBackend(loadNative(), { name: "native" });
  } catch (cause) {
    const reason = `no native binary can be used on this platform (${platform}): ${reasonOf(cause)}`;
    const advice = `Build one with a C++20 compiler and Python: ${BUILD}`;
    if (wanted === "native") throw failure(`${reason}. ${advice}`, cause);
    return fallBack(reason, advice, cause);
  }
}

function fallBack(reason, advice, cause) {
  let binding;
  try {
    binding = loadWasm();
  } catch {
    throw failure(`${reason}, and the WebAssembly core cannot be loaded either. ${advice}`, cause);
  }
  process.emitWarning(`${reason}. WebAssembly computes instead, more slowly. ${advice}`, {
    type: "SigmaTsneWarning",
    code: "SIGMA_TSNE_BACKEND",
  });
  return withBackend(binding, { name: "wasm", reason });
}

module.exports = choose(process.env.SIGMA_TSNE_BACKEND || "auto");
