import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const run = promisify(execFile);
const examples = resolve(import.meta.dirname, "../../examples");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "examples-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Each example, its output, and a file that it writes. */
const programs = [
  ["first-embedding", /400 points in 2 dimensions; KL divergence \d/, "embedding.csv"],
  ["standard-deviations", /least certain positions are those of rows \d+/, "uncertain.png"],
  ["compare-embeddings", /sigma-aware: \d+ % of the true neighbors/, "comparison/report.html"],
  ["place-new-points", /Placed 100 new points among 500/, "placed.png"],
  ["image-grid", /20 rows and 20 columns/, "grid.png"],
  ["train-and-explore", /Embedded 200 codes/, "runs/example/model/model.safetensors"],
] as const;

it.each(programs)("the example %s runs unchanged", async (name, printed, file) => {
  const { stdout } = await run(process.execPath, [join(examples, `${name}.js`), "--no-browser"], { cwd: folder });
  expect(stdout).toMatch(printed);
  expect((await stat(join(folder, "sigma-tsne-examples", file))).size).toBeGreaterThan(0);
});

it("every example is tested", async () => {
  const shared = ["README.md", "output-folder.js", "simulated-measurements.js"];
  const files = (await readdir(examples)).filter((name) => !shared.includes(name));
  expect(files.sort()).toEqual(programs.map(([name]) => `${name}.js`).sort());
});
