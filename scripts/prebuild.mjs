// Compiles the binaries of all platforms into prebuilds/, on any Linux machine, and checks how they are made up:
//   node scripts/prebuild.mjs                       all of them
//   node scripts/prebuild.mjs linux-x64-glibc ...   some
import { statSync } from "node:fs";
import { relative } from "node:path";
import { describeBinary } from "./binaries/structure.mjs";
import { buildTarget, TARGETS } from "./binaries/targets.mjs";
import { root } from "./binaries/zig.mjs";

const asked = process.argv.slice(2);
const names = asked.length > 0 ? asked : Object.keys(TARGETS);
for (const name of names) {
  if (!TARGETS[name]) throw new Error(`${name}: expected one of ${Object.keys(TARGETS).join(", ")}`);
}
for (const name of names) {
  const path = await buildTarget(name);
  const megabytes = (statSync(path).size / 1e6).toFixed(2);
  console.log(`${relative(root, path)}: ${megabytes} MB; ${describeBinary(path, TARGETS[name])}`);
}
