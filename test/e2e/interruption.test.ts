import { spawn } from "node:child_process";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readMatrix, writeMatrix } from "../../src/io/index.js";
import { entry, makeGroups, toCsv, Workplace } from "../cli/workplace.js";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  await mkdir(workplace.path("out"));
  const means = makeGroups(200, 6, 3);
  await workplace.write("mu.csv", toCsv(means));
  await workplace.write("sigma.csv", toCsv(means.map((row) => row.map((value) => 0.1 + Math.abs(value) / 4))));
  const fit = ["embed", "mu.csv", "--sigma", "sigma.csv", "-o", "map.npy", "--save", "run.tsne", "--iterations", "60"];
  expect(await workplace.run([...fit, "--perplexity", "10", "--quiet"])).toMatchObject({ code: 0 });
});
afterAll(() => workplace.remove());

const endless = ["embed", "mu.csv", "-o", "out/y.npy", "--plot", "out/y.png", "--iterations", "100000000"];

it.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("stops on %s with exit code %i and leaves no file", async (signal, code) => {
  let sent = false;
  const outcome = await workplace.start(endless, (stderr, child) => {
    if (sent || !stderr.includes("iteration ")) return;
    sent = child.kill(signal);
  });
  expect(outcome).toMatchObject({ code, signal: null, stdout: "" });
  expect(outcome.stderr.trimEnd().split("\n").at(-1)).toBe(`sigma-tsne embed: interrupted by ${signal}`);
  expect(await readdir(workplace.path("out"))).toEqual([]);
});

it("works if the reader of its output ends early", async () => {
  const args = [entry, "embed", "mu.csv", "-o", "unread.npy", "--iterations", "300", "--json"];
  const child = spawn(process.execPath, args, { cwd: workplace.folder, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  child.stderr.once("data", () => child.stderr.destroy());
  const code = await new Promise((resolve) => child.on("exit", resolve));
  expect(code).toBe(0);
  expect((await readMatrix(workplace.path("unread.npy"))).rows).toBe(200);
});

it("stops a comparison and leaves nothing behind", async () => {
  await mkdir(workplace.path("desk"));
  let sent = false;
  const endless = ["compare", "mu.csv", "--sigma", "sigma.csv", "-o", "desk/out", "--iterations", "100000000"];
  const outcome = await workplace.start(endless, (stderr, child) => {
    if (!sent && stderr.includes("iteration ")) sent = child.kill("SIGINT");
  });
  expect(outcome).toMatchObject({ code: 130, stdout: "" });
  expect(await readdir(workplace.path("desk"))).toEqual([]);
});

it("stops an evaluation and leaves no file", async () => {
  const rows = 100_000;
  const data = Float32Array.from({ length: 40 * rows }, (_, at) => Math.sin(at * at));
  await writeMatrix(workplace.path("large.npy"), { data, rows, cols: 40 });
  let isInterrupted = false;
  const { code } = await workplace.start(
    [
      "evaluate",
      "large.npy",
      "large.npy",
      "--sample",
      String(rows),
      "--neighbors",
      "exact",
      "--per-point",
      "stopped.csv",
    ],
    (stderr, child) => {
      if (isInterrupted || !stderr.includes("neighbors\n")) return;
      isInterrupted = child.kill("SIGINT");
    },
  );
  expect(code).toBe(130);
  await expect(readFile(workplace.path("stopped.csv"))).rejects.toMatchObject({ code: "ENOENT" });
});

it.each([
  ["place", ["place", "run.tsne", "many.npy", "--sigma", "many-sigma.npy", "-o", "out/y.npy"]],
  [
    "uncertainty",
    [
      ...["embed", "many.npy", "--sigma", "many-sigma.npy", "--rows", "0:3000", "-o", "out/y.npy", "--save", "out/r"],
      ...["--uncertainty", "1000"],
    ],
  ],
])("stops during %s and leaves no file", async (stage, args) => {
  const count = 3_000_000;
  const many = { data: new Float32Array(count * 6).fill(0.5), rows: count, cols: 6 };
  for (const name of ["many.npy", "many-sigma.npy"]) await writeMatrix(workplace.path(name), many);
  const quickly = stage === "place" ? [] : ["--iterations", "10", "--perplexity", "40"];
  let sent = false;
  const outcome = await workplace.start([...args, ...quickly], (stderr, child) => {
    if (!sent && /\n(placement|uncertainty)/.test(stderr)) sent = child.kill("SIGINT");
  });
  expect(outcome).toMatchObject({ code: 130, stdout: "" });
  expect(await readdir(workplace.path("out"))).toEqual([]);
});

it("stops a separation and leaves no file", async () => {
  const rows = 100_000;
  await writeMatrix(workplace.path("many.npy"), {
    data: Float32Array.from({ length: 2 * rows }, (_, i) => Math.sin(i)),
    rows,
    cols: 2,
  });
  const endless = ["--method", "iterative", "--tolerance", "0", "--iterations", "1000000"];
  let sent = false;
  const args = ["separate", "many.npy", "-o", "out/y.npy", "--picture", "out/y.png", ...endless];
  const outcome = await workplace.start(args, (stderr, child) => {
    if (!sent && /\nseparation/.test(stderr)) sent = child.kill("SIGINT");
  });
  expect(outcome).toMatchObject({ code: 130, stdout: "" });
  expect(await readdir(workplace.path("out"))).toEqual([]);
});
