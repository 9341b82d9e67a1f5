"use strict";

// Runs at `npm install`: keeps a prebuilt binary that loads, else compiles one with node-gyp. Node's headers are taken from
// beside the node executable where they are, so that nothing is downloaded.
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
process.exit(status ?? 1);
