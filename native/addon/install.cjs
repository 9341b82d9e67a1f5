"use strict";

// Runs at `npm install`. Keeps the binary if it can be loaded; otherwise compiles one with node-gyp. If the folder of
// the node executable contains Node's headers, they are used and nothing is downloaded. Without a compiler the package
// still works, because it then uses the WebAssembly core.
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

/** Loads the binary in a separate process, because an incompatible binary can end the process. */
function hasBinary() {
  const env = { ...process.env, SIGMA_TSNE_BACKEND: "native" };
  const load = `process.exit(require(${JSON.stringify(path.join(__dirname, "binding.cjs"))}).failure ? 1 : 0)`;
  return spawnSync(process.execPath, ["-e", load], { env, stdio: "ignore" }).status === 0;
}

if (process.env.npm_config_build_from_source !== "true" && hasBinary()) process.exit(0);

const env = { ...process.env, npm_config_build_from_source: "true" };
const prefix = path.resolve(fs.realpathSync(process.execPath), "..", "..");
if (!env.npm_config_nodedir && fs.existsSync(path.join(prefix, "include", "node", "node_api.h"))) {
  env.npm_config_nodedir = prefix;
}
env.JOBS ??= "max";
const { status } = spawnSync(process.execPath, [require.resolve("node-gyp-build/bin.js")], { env, stdio: "inherit" });
const hasWasm = fs.existsSync(path.join(__dirname, "..", "..", "prebuilds", "wasm", "sigma-tsne.wasm"));
if (status !== 0 && hasWasm) {
  console.error(
    "sigma-tsne: no binary fits this platform, and none could be compiled (see above). The package works with WebAssembly, " +
      "more slowly. To compile one later: npm rebuild sigma-tsne --foreground-scripts",
  );
  process.exit(0);
}
process.exit(status ?? 1);
