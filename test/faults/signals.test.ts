import { mkdir, rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Workplace } from "../cli/workplace.js";
import { Random } from "../fuzz/random.js";
import { contentOf, isRemains, JOBS, type Job, prepare } from "./commands.js";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await prepare();
});
afterAll(() => workplace.remove());

const codes = { SIGINT: 130, SIGTERM: 143 } as const;
const moments = 2;

async function clear(): Promise<void> {
  await rm(workplace.path("out"), { recursive: true, force: true });
  await mkdir(workplace.path("out"));
}

/** Files that are identical in every undisturbed run. Logs are not among them, because they contain times. */
const comparable = (files: Map<string, Buffer>): [string, string][] =>
  [...files]
    .filter(([path]) => !isRemains(path) && !/\/logs\/|metrics\.json|training\.lock/.test(path))
    .map(([path, bytes]) => [path, bytes.toString("latin1")]);

test.each(JOBS.map((job) => [job.name, job] as const))(
  "%s leaves only complete files when it is stopped at random moments, and succeeds when it is run again",
  async (_, job: Job) => {
    await clear();
    const begin = performance.now();
    expect(await workplace.start(job.args)).toMatchObject({ code: 0 });
    const duration = performance.now() - begin;
    const whole = new Map(comparable(await contentOf(workplace.path("out"))));
    const random = new Random(job.name.length);
    for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
      for (let moment = 0; moment < moments; moment++) {
        await clear();
        let timer: NodeJS.Timeout | undefined;
        // The process handles signals from its first line of output on.
        const outcome = await workplace.start(job.args, (_text, child) => {
          timer ??= setTimeout(() => child.kill(signal), random.number() * 0.8 * duration);
        });
        clearTimeout(timer);
        if (outcome.code !== 0) {
          if (signal === "SIGKILL") expect(outcome.signal).toBe("SIGKILL");
          // After its work is done, the signal ends the process directly.
          else expect([codes[signal], null]).toContain(outcome.code);
        }
        const left = await contentOf(workplace.path("out"));
        if (signal !== "SIGKILL" && outcome.signal) expect(comparable(left)).toHaveLength(whole.size);
        if (signal !== "SIGKILL") expect([...left.keys()].filter(isRemains)).toEqual([]);
        // Checkpoints of a training, and its model before the end, depend on the moment of the stop.
        if (job.name !== "train") {
          for (const [path, bytes] of comparable(left))
            expect(bytes === whole.get(path), `${signal} ${path}`).toBe(true);
        }
        const isBegun = [...left.keys()].some((path) => !isRemains(path));
        const again = await workplace.start(job.name === "train" && isBegun ? [...job.args, "--resume"] : job.args);
        expect(again).toMatchObject({ code: 0 });
        const done = new Map(comparable(await contentOf(workplace.path("out"))));
        for (const [path, bytes] of whole) expect(done.get(path) === bytes, `${signal}, then ${path}`).toBe(true);
      }
    }
  },
);
