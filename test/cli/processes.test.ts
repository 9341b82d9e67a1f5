import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.js";
import { writeArray } from "../../src/io/index.js";
import { entry, makeGroups, toCsv, Workplace } from "./workplace.js";

const n = 60;
let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  const means = makeGroups(n, 5, 3);
  await workplace.write("means.csv", toCsv(means));
  await workplace.write("sigma.csv", toCsv(means.map((row) => row.map(() => 0.5))));
  await workplace.write("codes.csv", "0,0\n1,-1\n");
  await writeArray(workplace.path("images.npy"), new Float32Array(n * 64).fill(0.5), [n, 8, 8]);
});
afterAll(() => workplace.remove());

const fit = ["--iterations", "20", "--perplexity", "10"];
const tiny = ["--hidden-dim", "8", "--count", "24", "--size", "32"];

/** One command line per command. Each writes one of the files, which later command lines may read. */
const lines: readonly (readonly [command: string, args: string[], file: string])[] = [
  ["embed", ["means.csv", "--sigma", "sigma.csv", "-o", "map.npy", "--save", "run.tsne", ...fit], "run.tsne"],
  ["compare", ["means.csv", "--sigma", "sigma.csv", "-o", "compared", ...fit], "compared/report.html"],
  ["place", ["run.tsne", "means.csv", "--sigma", "sigma.csv", "-o", "placed.npy"], "placed.npy"],
  ["evaluate", ["means.csv", "map.npy", "--sigma", "sigma.csv", "--table", "quality.csv"], "quality.csv"],
  ["trust", ["run.tsne", "-o", "trust.csv", "--draws", "2"], "trust.csv"],
  ["search", ["means.csv", "--query", "17", "-o", "near.csv"], "near.csv"],
  ["plot", ["map.npy", "-o", "map.svg"], "map.svg"],
  ["separate", ["map.npy", "-o", "even.npy"], "even.npy"],
  ["wall", ["map.npy", "--images", "images.npy", "-o", "wall.png"], "wall.png"],
  ["demo", ["-o", "demo", "--data", "acquisitions", "--points", "100"], "demo/comparison.png"],
  ["train", ["--run-dir", "run", "--z-dim", "2", "--epochs", "1", "--no-summary", ...tiny], "run/config.json"],
  ["encode", ["run", "-o", "encoded"], "encoded/vae_embeddings.npy"],
  ["decode", ["run", "codes.csv", "-o", "decoded.npy"], "decoded.npy"],
  ["sample", ["run", "-o", "samples.npy", "--count", "2"], "samples.npy"],
  ["interpolate", ["run", "0", "1", "--frames", "2", "-o", "walk.npy"], "walk.npy"],
  ["evaluate-model", ["run", "--draws", "2", "--json"], ""],
  ["figures", ["run", "--grid-size", "2"], "run/figures/manifold.png"],
  ["compare-models", ["run", "--draws", "2", "--grid-size", "2", "-o", "models"], "models/models.md"],
  ["explore", ["map.npy"], ""],
];

it("cover every command", () => {
  expect(lines.map(([command]) => command).sort()).toEqual(
    createProgram()
      .commands.map((command) => command.name())
      .sort(),
  );
});

it.each(lines)("run %s %j", async (command, args, file) => {
  const outcome = await workplace.start([command, ...args], (_, process, stdout) => {
    // The explorer runs until it is stopped.
    if (command === "explore" && stdout.includes("Ctrl-C")) process.kill("SIGINT");
  });
  expect(outcome, outcome.stderr).toMatchObject({ code: 0, signal: null });
  expect(outcome.stdout).not.toBe("");
  if (file !== "") expect((await readFile(workplace.path(file))).length).toBeGreaterThan(0);
});

it("read standard input and process substitution", async () => {
  const options = "--quiet --iterations 20 --perplexity 10";
  const embed = `"${process.execPath}" "${entry}" embed`;
  const script = `
    ${embed} means.csv --sigma sigma.csv -o file.csv ${options}
    gzip -c means.csv | ${embed} - --sigma <(cat sigma.csv) -o pipe.csv ${options}`;
  await promisify(execFile)("bash", ["-ec", script], { cwd: workplace.folder });
  const read = (name: string) => readFile(workplace.path(name), "utf8");
  expect(await read("pipe.csv")).toBe(await read("file.csv"));
});
