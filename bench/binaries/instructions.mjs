// Counts the instructions that each function of the core executes in a run, for x64 and arm64: node
// bench/binaries/instructions.mjs [POINTS ITERATIONS]
// zig compiles the programs and qemu-user runs them (Debian package: qemu-user), so the machine may have any processor.
// The counts do not show the time, but they show kernels that the compiler did not turn into vector instructions.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { armLibraries } from "../../scripts/binaries/systems.mjs";
import { coreOf, TARGETS } from "../../scripts/binaries/targets.mjs";
import { build, root } from "../../scripts/zig.mjs";

const [points = "2000", iterations = "300"] = process.argv.slice(2);
const COLUMNS = "50";
const MOST_FUNCTIONS = 20;

const withoutContraction = (flags) => flags.map((flag) => (flag === "-ffp-contract=fast" ? "-ffp-contract=off" : flag));
const VARIANTS = [
  { name: "x64, baseline", target: "linux-x64", isa: "baseline" },
  { name: "x64, avx2", target: "linux-x64", isa: "avx2" },
  { name: "arm64", target: "linux-arm64" },
  {
    name: "arm64, without contraction",
    target: "linux-arm64",
    objects: "linux-arm64-uncontracted",
    change: withoutContraction,
  },
];

const folder = join(root, "build-zig", "instructions");
mkdirSync(folder, { recursive: true });
const plugin = join(folder, "count.so");
execFileSync("cc", ["-O2", "-shared", "-fPIC", join(import.meta.dirname, "count.c"), "-o", plugin]);

for (const { name, target, isa, objects = target, change = (flags) => flags } of VARIANTS) {
  const { triple, processor } = TARGETS[target];
  const core = coreOf(TARGETS[target]).map(({ file, flags }) => ({ file, flags: change(flags) }));
  const own = { file: "bench/binaries/embed.cpp", flags: [...core[0].flags, "-Inative"] };
  const program = join(folder, objects);
  await build(objects, [...core, own], ["-target", triple, "-O3", "-Wl,--gc-sections"], program);
  const counts = join(folder, "counts.tsv");
  const emulator = processor === "x64" ? ["qemu-x86_64"] : ["qemu-aarch64", "-L", await armLibraries()];
  const [command, ...before] = emulator;
  const args = [...before, "-plugin", `${plugin},out=${counts}`, program, points, COLUMNS, iterations];
  const printed = execFileSync(command, args, { encoding: "utf8", env: { ...process.env, SIGMA_TSNE_ISA: isa ?? "" } });
  report(name, printed.trim(), readFileSync(counts, "utf8"));
}

/** Prints a table in millions of instructions. The functions with the most instructions come first. */
function report(name, printed, counts) {
  const rows = counts
    .trim()
    .split("\n")
    .map((line) => {
      const [symbol, ...numbers] = line.split("\t");
      const [other, vector, scalar, memory] = numbers.map((n) => Number(n) / 1e6);
      return { symbol, total: other + vector + scalar + memory, vector, scalar, memory };
    })
    .sort((a, b) => b.total - a.total);
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  const all = {
    symbol: "all",
    total: sum("total"),
    vector: sum("vector"),
    scalar: sum("scalar"),
    memory: sum("memory"),
  };
  const names = execFileSync("c++filt", { input: rows.map(({ symbol }) => symbol).join("\n"), encoding: "utf8" }).split(
    "\n",
  );
  const listed = rows.slice(0, MOST_FUNCTIONS).map((row, i) => ({ ...row, symbol: names[i] }));
  console.log(`\n${name}: ${printed}; millions of instructions (total, vector, scalar floating point, memory)`);
  for (const { symbol, total, vector, scalar, memory } of [all, ...listed]) {
    const columns = [total, vector, scalar, memory].map((n) => n.toFixed(1).padStart(9)).join("");
    console.log(`${columns}  ${symbol.slice(0, 100)}`);
  }
}
