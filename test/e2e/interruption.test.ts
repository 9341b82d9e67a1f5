import { spawn } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readMatrix } from "../../src/io/index.js";
import { entry, makeGroups, toCsv, Workplace } from "./command-line.js";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  await mkdir(workplace.path("out"));
  await workplace.write("mu.csv", toCsv(makeGroups(200, 6, 3)));
});
afterAll(() => workplace.remove());

const endless = ["embed", "mu.csv", "-o", "out/y.npy", "--plot", "out/y.png", "--iterations", "100000000"];

it.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("stops on %s with exit code %i and leaves no file", async (signal, code) => {
  let sent = false;
  const outcome = await workplace.run(endless, (stderr, child) => {
    if (sent || !stderr.includes("iteration ")) return;
    sent = child.kill(signal);
  });
  expect(outcome).toMatchObject({ code, signal: null, stdout: "" });
  expect(outcome.stderr.trimEnd().split("\n").at(-1)).toBe(`sigma-tsne embed: interrupted by ${signal}`);
  expect(await readdir(workplace.path("out"))).toEqual([]);
});

it("survives readers that leave before the end", async () => {
  const args = [entry, "embed", "mu.csv", "-o", "unread.npy", "--iterations", "300", "--json"];
  const child = spawn(process.execPath, args, { cwd: workplace.folder, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  child.stderr.once("data", () => child.stderr.destroy());
  const code = await new Promise((resolve) => child.on("exit", resolve));
  expect(code).toBe(0);
  expect((await readMatrix(workplace.path("unread.npy"))).rows).toBe(200);
});
