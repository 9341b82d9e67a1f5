import { spawn } from "node:child_process";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { entry, makeGroups, type Outcome, toCsv, Workplace } from "../cli/workplace.js";

/** A command of `sigma-tsne` and its output files, which are all in the folder `out`. */
export interface Job {
  readonly name: string;
  readonly args: readonly string[];
}

const training = ["--count", "40", "--size", "32", "--hidden-dim", "8", "--z-dim", "2", "--batch-size", "8"];
const trained = [...training, "--epochs", "3", "--backend", "wasm", "--threads", "1", "--checkpoint-every", "2"];

/** All commands that write files, each with every kind of file that it can write. */
export const JOBS: readonly Job[] = [
  {
    name: "embed",
    args: [
      ...[
        "embed",
        "mu.csv",
        "--sigma",
        "sd.csv",
        "-o",
        "out/map.npy",
        "--plot",
        "out/map.svg",
        "--table",
        "out/map.parquet",
      ],
      ...["--save", "out/run.tsne", "--iterations", "150", "--perplexity", "8", "--uncertainty", "3"],
    ],
  },
  {
    name: "train",
    args: ["train", "--run-dir", "out/run", ...trained],
  },
  {
    name: "encode",
    args: ["encode", "trained", "-o", "out/codes", "--backend", "wasm", "--threads", "1"],
  },
  { name: "place", args: ["place", "run.tsne", "new.csv", "-o", "out/placed.csv"] },
  {
    name: "separate",
    args: ["separate", "map.npy", "-o", "out/even.arrow", "--grid", "auto", "--picture", "out/even.png"],
  },
];

/** The inputs of all jobs. */
export async function prepare(): Promise<Workplace> {
  const workplace = await Workplace.create();
  const data = makeGroups(150, 5, 3);
  await workplace.write("mu.csv", toCsv(data));
  await workplace.write("sd.csv", toCsv(data.map((row) => row.map(() => 0.5))));
  await workplace.write("new.csv", toCsv(makeGroups(40, 5, 3)));
  const made = [
    await workplace.start(["embed", "mu.csv", "-o", "map.npy", "--save", "run.tsne", "--iterations", "60", "--quiet"]),
    await workplace.start(["train", "--run-dir", "trained", ...trained, "--no-summary", "--quiet"]),
  ];
  for (const { code, stderr } of made) if (code !== 0) throw new Error(stderr);
  await mkdir(workplace.path("out"));
  return workplace;
}

/** Runs `sigma-tsne` through another program, such as `prlimit`. */
export function runThrough(
  workplace: Workplace,
  program: readonly string[],
  args: readonly string[],
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const [first = "", ...rest] = [...program, process.execPath, entry, ...args];
    const child = spawn(first, rest, { cwd: workplace.folder, stdio: ["ignore", "pipe", "pipe"] });
    const outcome: Outcome = { code: null, signal: null, stdout: "", stderr: "" };
    child.stdout.on("data", (piece) => {
      outcome.stdout += piece;
    });
    child.stderr.on("data", (piece) => {
      outcome.stderr += piece;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ ...outcome, code, signal }));
  });
}

/** All files below a folder with their bytes. */
export async function contentOf(folder: string): Promise<Map<string, Buffer>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const content = new Map<string, Buffer>();
  for (const path of files.sort()) content.set(path.slice(folder.length + 1), await readFile(path));
  return content;
}

/** The names of temporary files that a killed process may leave behind. No reader opens files with such names. */
export const isRemains = (path: string): boolean => /(^|\/)\.[0-9a-f-]{36}\.tmp(\/|$)/.test(path);
