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
  const addon = loadBinary(load);
  if (addon.version !== undefined && addon.version !== version) {
    throw new Error(`the binary is of version ${addon.version}, the package of version ${version}`);
  }
  return addon;
}

/** Loads the binary. The loader of the system says "No such file" where the file is for another processor. */
function loadBinary(load) {
  try {
    return load(root);
  } catch (error) {
    throw new Error(`the binary cannot be loaded, because it is damaged or for another system (${reasonOf(error)})`);
  }
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

const core = path.join(prebuilds, "wasm", "sigma-tsne.wasm");

function loadWasm() {
  const { loadBinding } = require(path.join(root, "dist", "wasm-binding.cjs"));
  return loadBinding(path.dirname(core), path.join(root, "dist", "wasm-helper.cjs"));
}

/** Why the WebAssembly core cannot be loaded. For these errors, the JavaScript engine's own message is hard to understand, so it is replaced. */
function reasonOfWasm(error) {
  if (typeof WebAssembly === "undefined") return "this program has switched WebAssembly off";
  if (!fs.existsSync(core)) return `${core} is missing; install the package again`;
  if (/simd/i.test(error.message)) return "WebAssembly has no SIMD instructions on this processor";
  if (error instanceof WebAssembly.CompileError) return `${core} is damaged; install the package again`;
  return reasonOf(error);
}

/** The first line of an error's message, without the details that node-gyp-build adds. */
function reasonOf(error) {
  const [first] = String(error?.message ?? error).split("\n");
  return first.startsWith("No native build was found") ? "no binary was found" : first;
}

const failure = (message, cause) => Object.assign(new Error(message, { cause }), { code: "ADDON_NOT_FOUND" });

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
      throw failure(`the WebAssembly core cannot be loaded: ${reasonOfWasm(cause)}. Unset SIGMA_TSNE_BACKEND`, cause);
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
  } catch (error) {
    throw failure(
      `${reason}, and the WebAssembly core cannot be loaded either: ${reasonOfWasm(error)}. ${advice}`,
      cause,
    );
  }
  process.emitWarning(`${reason}. WebAssembly computes instead, more slowly. ${advice}`, {
    type: "SigmaTsneWarning",
    code: "SIGMA_TSNE_BACKEND",
  });
  return withBackend(binding, { name: "wasm", reason });
}

// src/binding.ts throws the failure. If this module threw it, a program could not catch the error of import("sigma-tsne"), because Node.js 20 rejects
// a second, hidden promise when a CommonJS module throws that is imported by an ES module.
try {
  module.exports = choose(process.env.SIGMA_TSNE_BACKEND || "auto");
} catch (error) {
  if (error.code !== "ADDON_NOT_FOUND") throw error;
  module.exports = { failure: error };
}
