import { mkdir, open, rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Workplace } from "../cli/workplace.js";
import { contentOf, isRemains, JOBS, prepare } from "./commands.js";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await prepare();
  // The clock is repeatedly set back by a day and forward by a year.
  await workplace.write(
    "clock.cjs",
    `const now = Date.now; let calls = 0;
     Date.now = () => now() + [0, -864e5, 31536e6][calls++ % 3];
     const Real = Date; globalThis.Date = class extends Real { constructor(...a) { super(...(a.length ? a : [Real.now()])); } };`,
  );
});
afterAll(() => workplace.remove());

async function filesOf(args: readonly string[], environment: Record<string, string> = {}): Promise<[string, string][]> {
  await rm(workplace.path("out"), { recursive: true, force: true });
  await mkdir(workplace.path("out"));
  const outcome = await workplace.start(args, undefined, environment);
  expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
  const files = await contentOf(workplace.path("out"));
  // Logs and metrics contain times.
  return [...files]
    .filter(([path]) => !/\/logs\/|metrics\.json/.test(path))
    .map(([path, bytes]) => [path, bytes.toString("hex")]);
}

test.each(JOBS.map((job) => [job.name, job.args] as const))(
  "%s writes the same bytes in every language and time zone, and while the clock is changed",
  async (_, args) => {
    const plain = await filesOf(args);
    const places = [
      { LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8", TZ: "Pacific/Chatham" },
      { LC_ALL: "de_DE.UTF-8", LC_NUMERIC: "de_DE.UTF-8", TZ: "America/St_Johns" },
      { NODE_OPTIONS: `--require ${workplace.path("clock.cjs")}` },
    ];
    for (const environment of places) expect(await filesOf(args, environment)).toEqual(plain);
  },
);

test("two processes that write the same file at once leave one complete file", async () => {
  const run = (seed: string) =>
    workplace.start(["embed", "mu.csv", "-o", "out/both.csv", "--iterations", "60", "--seed", seed, "--quiet"]);
  await filesOf(["embed", "mu.csv", "-o", "out/both.csv", "--iterations", "60", "--seed", "1", "--quiet"]);
  const [, first] = (await contentOf(workplace.path("out"))).entries().next().value as [string, Buffer];
  await run("2");
  const [, second] = (await contentOf(workplace.path("out"))).entries().next().value as [string, Buffer];
  for (let turn = 0; turn < 3; turn++) {
    for (const outcome of await Promise.all([run("1"), run("2")])) expect(outcome).toMatchObject({ code: 0 });
    const left = await contentOf(workplace.path("out"));
    expect([...left.keys()].filter((path) => isRemains(path) || path !== "both.csv")).toEqual([]);
    const bytes = left.get("both.csv") as Buffer;
    expect(bytes.equals(first) || bytes.equals(second)).toBe(true);
  }
});

test("a second training in a folder is rejected and does not disturb the first one", async () => {
  const train = JOBS.find(({ name }) => name === "train")?.args as string[];
  await rm(workplace.path("out/run"), { recursive: true, force: true });
  let second: ReturnType<Workplace["run"]> | undefined;
  const first = await workplace.start([...train, "--epochs", "40"], (stderr) => {
    if (stderr.includes("epoch 1:")) second ??= workplace.start([...train, "--epochs", "40", "--resume"]);
  });
  expect(first).toMatchObject({ code: 0 });
  const refused = await second;
  expect(refused).toMatchObject({ code: 1 });
  expect(refused?.stderr).toMatch(/another training \(process \d+\) is using this folder/);
});

test("data that do not fit into memory are rejected before they are read", async () => {
  // A sparse file takes no space on the disk.
  const rows = Math.floor(2 ** 40 / 400);
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, 100), }`.padEnd(117);
  const prelude = Buffer.from("\x93NUMPY\x01\x00\x76\x00", "latin1");
  const file = await open(workplace.path("huge.npy"), "w");
  await file.write(Buffer.concat([prelude, Buffer.from(`${header}\n`)]));
  await file.truncate(128 + rows * 400);
  await file.close();
  const outcome = await workplace.start(["embed", "huge.npy", "-o", "map.npy"]);
  expect(outcome).toMatchObject({ code: 1, stdout: "" });
  expect(outcome.stderr).toMatch(
    /^sigma-tsne embed: huge\.npy: \d+ numbers need \d+\.\d GiB, but only [\d.]+ GiB are free\. .*\n$/,
  );
});
