// Embeds 500 points and writes what came out into a file, because programs for Windows have no pipes under wine:
//   node trial.mjs <address of the package's dist/index.js> <file>
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";

const [address, file] = process.argv.slice(2);
const { backend, runTsne } = await import(address);
/** The same points on every platform: no function of mathematics, which libraries compute with different last bits. */
const rows = 500;
const cols = 20;
let state = 42;
const data = Float32Array.from({ length: rows * cols }, (_, at) => {
  state = (state * 1664525 + 1013904223) % 2 ** 32;
  return (Math.floor(at / cols) % 5) * (at % cols) * 0.25 + state / 2 ** 32;
});
const { embedding, kl } = await runTsne({ data, rows, cols }, { threads: 2 });
const bytes = createHash("sha256").update(Buffer.from(embedding.data.buffer)).digest("hex");
let refusal = "";
await runTsne({ data: data.map(() => Number.NaN), rows, cols }).catch((error) => {
  refusal = error.code;
});
const { platform, arch, versions } = process;
writeFileSync(file, JSON.stringify({ platform, arch, node: versions.node, ...backend, kl, bytes, refusal }));
