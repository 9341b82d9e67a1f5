// Compares the speed of the binary that was compiled on this machine (build/Release) with the prebuilt binary: node
// bench/binaries/compilers.mjs [ROUNDS]
// Both binaries embed 10,000 x 50 generated values on one thread, alternately. The processor time is compared, because
// other programs on the machine affect it only slightly.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";

const [rounds = "5"] = process.argv.slice(2);
const COMPILERS = { compiled: {}, prebuilt: { PREBUILDS_ONLY: "1" } };

if (rounds === "embed") {
  console.log(JSON.stringify(await embed()));
} else {
  for (const set of ["baseline", "avx2", "avx512"]) compare(set);
}

async function embed() {
  const { backend, runTsne } = await import("../../dist/index.js");
  const rows = 10_000;
  const cols = 50;
  const groups = 20;
  let state = 1;
  const random = () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
  const centers = Float32Array.from({ length: groups * cols }, () => 3 * random());
  const data = Float32Array.from({ length: rows * cols }, (_, at) => {
    const noise = random() + random() + random() + random() - 2;
    return centers[(Math.floor(at / cols) % groups) * cols + (at % cols)] + 1.7 * noise;
  });
  const before = process.cpuUsage();
  const { embedding, kl } = await runTsne({ data, rows, cols }, { threads: 1, iterations: 500 });
  const { user, system } = process.cpuUsage(before);
  const bytes = createHash("sha256").update(Buffer.from(embedding.data.buffer)).digest("hex");
  return { seconds: (user + system) / 1e6, kl, bytes, set: backend.instructionSet };
}

function compare(set) {
  const results = { compiled: [], prebuilt: [] };
  for (let round = 0; round < Number(rounds); round++) {
    for (const compiler of round % 2 === 0 ? ["compiled", "prebuilt"] : ["prebuilt", "compiled"]) {
      const { PREBUILDS_ONLY: _, ...rest } = process.env;
      const env = { ...rest, ...COMPILERS[compiler], SIGMA_TSNE_ISA: set };
      results[compiler].push(JSON.parse(execFileSync(process.execPath, [import.meta.filename, "embed"], { env })));
    }
  }
  if (results.compiled[0].set !== set) return console.log(`${set}: this processor lacks it`);
  for (const [compiler, runs] of Object.entries(results)) {
    const seconds = runs.map((run) => run.seconds).sort((a, b) => a - b);
    const shown = [seconds[Math.floor(seconds.length / 2)], seconds[0], seconds.at(-1)].map((s) => s.toFixed(2));
    const [{ kl, bytes }] = runs;
    console.log(
      `${set}, ${compiler}: ${shown[0]} s (${shown[1]} to ${shown[2]}), KL ${kl.toFixed(4)}, ${bytes.slice(0, 12)}`,
    );
  }
}
