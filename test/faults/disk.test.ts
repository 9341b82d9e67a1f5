import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Workplace } from "../cli/workplace.js";
import { contentOf, isRemains, JOBS, prepare, runThrough } from "./commands.js";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await prepare();
});
afterAll(() => workplace.remove());

/** Replaces `out` by a file system in memory, which can be full or read-only. Only root may do this. */
function mount(options: string): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "sigma-tsne-test", workplace.path("out")]);
}
const isSuperuser = process.getuid?.() === 0;
let isMounted = false;
afterEach(async () => {
  if (isMounted) execFileSync("umount", [workplace.path("out")]);
  isMounted = false;
  await chmod(workplace.path("out"), 0o755);
  await rm(workplace.path("out"), { recursive: true });
  await mkdir(workplace.path("out"));
});

/** Sizes of the files that a run writes, largest first. */
async function sizes(args: readonly string[]): Promise<number[]> {
  expect(await workplace.start(args)).toMatchObject({ code: 0 });
  const content = await contentOf(workplace.path("out"));
  await rm(workplace.path("out"), { recursive: true });
  await mkdir(workplace.path("out"));
  return [...new Set([...content.values()].map((bytes) => bytes.length))].sort((a, b) => b - a);
}

describe.each(JOBS.map((job) => [job.name, job] as const))("%s", (_, job) => {
  test("a failed write of any file is reported in one line and leaves no partial file", async () => {
    const [largest = 0, ...smaller] = await sizes(job.args);
    // The space is slightly too small for the largest file, for the next ones, and for all files.
    for (const limit of [largest - 1, ...smaller.slice(0, 3).map((size) => size - 1), 0]) {
      const outcome = await runThrough(workplace, ["prlimit", `--fsize=${Math.max(0, limit)}`], job.args);
      expect(outcome, `limit ${limit}`).toMatchObject({ code: 1, signal: null });
      const lines = outcome.stderr.trimEnd().split("\n");
      expect(lines.at(-1)).toMatch(new RegExp(`^sigma-tsne ${job.name}: .*file too large$`));
      const left = await contentOf(workplace.path("out"));
      expect([...left.keys()].filter(isRemains)).toEqual([]);
      for (const [path, bytes] of left) {
        expect(bytes.length, path).toBeGreaterThan(0);
        expect(bytes.length, path).toBeLessThanOrEqual(limit);
      }
      await rm(workplace.path("out"), { recursive: true });
      await mkdir(workplace.path("out"));
    }
  });

  test("a full disk is reported in one line and earlier files are kept", async () => {
    if (!isSuperuser) return expect(await sizes(job.args)).not.toEqual([]);
    mount("size=32k");
    isMounted = true;
    await writeFile(workplace.path("out/ballast"), Buffer.alloc(32 * 1024));
    const outcome = await workplace.start(job.args);
    expect(outcome).toMatchObject({ code: 1, signal: null });
    expect(outcome.stderr.trimEnd().split("\n").at(-1)).toMatch(/^sigma-tsne \w+: .*no space left on device$/);
    const left = await contentOf(workplace.path("out"));
    expect([...left.keys()].filter(isRemains)).toEqual([]);
    expect(left.get("ballast")?.length).toBe(32 * 1024);
  });

  test("a folder without write permission is reported before the computation begins", async () => {
    if (isSuperuser) {
      mount("size=32k");
      isMounted = true;
      execFileSync("mount", ["-o", "remount,ro", workplace.path("out")]);
    } else await chmod(workplace.path("out"), 0o555);
    const outcome = await workplace.start(job.args);
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    // The progress output names the data of a training before its folder is checked.
    const told = job.name === "train" ? outcome.stderr.trimEnd().split("\n").at(-1) : outcome.stderr.trimEnd();
    expect(told).toMatch(/^sigma-tsne \w+: .*(read-only file system|permission denied)$/);
    expect(await readdir(workplace.path("out"))).toEqual([]);
  });
});
