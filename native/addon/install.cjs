"use strict";

// Runs at `npm install`: keeps a prebuilt binary that loads, else compiles one with node-gyp. Node's headers are taken
// from the folder of the node executable if they are there, so that nothing is downloaded. Without a compiler, the package still works: the
// WebAssembly core computes then.
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const env = { ...process.env };
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
      "on one thread and more slowly. To compile one later: npm rebuild sigma-tsne --foreground-scripts",
  );
  process.exit(0);
}
process.exit(status ?? 1);
