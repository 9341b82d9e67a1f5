// Compiles the binaries of all platforms into prebuilds/, on any Linux machine, and checks their structure:
//   node scripts/prebuild.mjs                     all of them
//   node scripts/prebuild.mjs linux-x64 ...       some
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describeBinary } from "./binaries/structure.mjs";
import { binaryName, binaryOf, buildTarget, prebuilds, TARGETS } from "./binaries/targets.mjs";
import { root } from "./zig.mjs";

const asked = process.argv.slice(2);
const names = asked.length > 0 ? asked : Object.keys(TARGETS);
for (const name of names) {
  if (!TARGETS[name]) throw new Error(`${name}: expected one of ${Object.keys(TARGETS).join(", ")}`);
}
for (const name of names) {
  const path = await buildTarget(name);
  const bytes = readFileSync(path).length.toLocaleString("en");
  console.log(`${relative(root, path)}: ${bytes} bytes; ${describeBinary(path, TARGETS[name])}`);
}

// native/addon/binding.cjs compares these checksums before it loads a binary, because loading a damaged binary can end
// the process without a message.
const present = Object.values(TARGETS).filter((target) => existsSync(binaryOf(target)));
const checksums = present.map((target) => [
  binaryName(target),
  createHash("sha256")
    .update(readFileSync(binaryOf(target)))
    .digest("hex"),
]);
writeFileSync(join(prebuilds, "checksums.json"), `${JSON.stringify(Object.fromEntries(checksums), null, 2)}\n`);
