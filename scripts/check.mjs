// Checks lint, formatting, types and structure of all sources, with as many checks at the same time as there are
// processors. With --write, formats the sources instead.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

const isWriting = process.argv.includes("--write");
const files = ["native", "bench/kernels"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
);
const sources = files.filter((path) => /\.(hpp|cpp|inl)$/.test(path));
const formatting = [
  ["@biomejs/biome/bin/biome", "check", ...(isWriting ? ["--write"] : []), "."],
  ["clang-format-node/build/cli.js", ...(isWriting ? ["-i"] : ["--dry-run", "--Werror"]), ...sources],
];
// The native compiler takes a fifth of the time of the compiler in JavaScript, which the bundler and typedoc still
// need.
const projects = [
  ".",
  "test/browser",
  "src/browser",
  "src/live",
  "src/explorer/web",
  "src/compare/report",
  "src/trust/page",
  "src/wall/page",
];
const types = projects.map((project, i) => [
  ...["typescript-7/bin/tsc", "-p", project, "--incremental"],
  ...["--tsBuildInfoFile", `node_modules/.cache/types/${i}.tsbuildinfo`],
]);

const structure = ["dependency-cruiser/bin/dependency-cruise.mjs", "--config", ".dependency-cruiser.cjs", "src"];

const waiting = isWriting ? formatting : [...types, structure, ...formatting];
const work = async () => {
  for (let next = waiting.shift(); next; next = waiting.shift()) await run(next);
};
await Promise.all(Array.from({ length: availableParallelism() }, work));

/**
 * Runs a program of node_modules. Prints its output when it ends, so that the outputs of two programs are not mixed.
 */
function run([program, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join("node_modules", program), ...args]);
    const printed = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => printed.push(piece));
    child.on("error", reject);
    child.on("close", (code) => {
      process.stdout.write(Buffer.concat(printed));
      if (code !== 0) process.exitCode = 1;
      resolve();
    });
  });
}
