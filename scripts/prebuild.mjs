// Compiles the binary of this platform into prebuilds/, and says what it needs of the system that it will be loaded on. The one for glibc
// takes along what differs between distributions (see native/portable/glibc.cpp). Arguments are passed to prebuildify.
import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The oldest Node.js that the package is for: its headers are the ones to compile with. */
const { engines } = createRequire(import.meta.url)("../package.json");
const [oldest] = /\d+\.\d+/.exec(engines.node);

const { glibcVersionRuntime } = process.report.getReport().header;
const tags = process.platform === "linux" ? ["--tag-libc"] : [];
const args = ["--napi", "--strip", "--target", `${oldest}.0`, ...tags, ...process.argv.slice(2)];
execFileSync(process.execPath, ["node_modules/prebuildify/bin.js", ...args], {
  stdio: "inherit",
  env: { ...process.env, ...(glibcVersionRuntime && { SIGMA_TSNE_PORTABLE: "1" }) },
});

for (const path of readdirSync("prebuilds", { recursive: true, encoding: "utf8" }).filter((p) => p.endsWith(".node"))) {
  const file = join("prebuilds", path);
  console.log(`${file}: ${(statSync(file).size / 1e6).toFixed(2)} MB`);
  if (process.platform === "linux") console.log(`  needs ${requirements(file)}`);
}

/** The libraries that a Linux binary names, and the newest glibc among the versions of its symbols. */
function requirements(file) {
  const read = (...args) => execFileSync("objdump", args, { encoding: "utf8", maxBuffer: 2 ** 26 });
  const libraries = [...read("-p", file).matchAll(/NEEDED\s+(\S+)/g)].map(([, name]) => name);
  const versions = [...read("-T", file).matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [+major, +minor]);
  const [major, minor] = versions.sort((a, b) => b[0] - a[0] || b[1] - a[1])[0] ?? [];
  return `${libraries.join(", ")}${major === undefined ? "" : `; glibc ${major}.${minor} or later`}`;
}
