import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Outcome, Workplace } from "../cli/workplace.js";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
});
afterAll(() => workplace.remove());

const tiny = [
  ...["--count", "60", "--size", "32", "--hidden-dim", "16", "--z-dim", "2", "--batch-size", "8"],
  ...["--backend", "wasm", "--threads", "2"],
];

function train(
  folder: string,
  options: readonly string[],
  watch?: Parameters<Workplace["start"]>[1],
): Promise<Outcome> {
  return workplace.start(["train", "--run-dir", folder, ...tiny, ...options], watch);
}

async function historyOf(folder: string): Promise<unknown> {
  return JSON.parse(await readFile(workplace.path(`${folder}/metrics.json`), "utf8")).history;
}

it.each([
  ["SIGINT", 130],
  ["SIGKILL", null],
] as const)(
  "a training that was stopped by %s and resumed gives the same numbers as one that was never stopped",
  async (signal, code) => {
    const options = ["--checkpoint-every", "4", "--no-summary", "--epochs"];
    const folder = `stopped-${signal}`;
    let sent = false;
    const stopped = await train(folder, [...options, "1000000"], (stderr, child) => {
      if (!sent && stderr.includes("epoch 2:")) sent = child.kill(signal);
    });
    expect(stopped).toMatchObject({ code, signal: code === null ? "SIGKILL" : null });
    if (code !== null)
      expect(stopped.stderr).toMatch(/The checkpoint in \S+ is of step \d+; --resume continues from there/);
    expect(await readdir(workplace.path(folder))).not.toContain("metrics.json");
    const refused = await train(folder, [...options, "1000000"]);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain("already contains a training, and was not changed; use --resume to continue it");
    // The last reported epoch is complete. The next epoch may also be complete.
    const told = Number(Array.from(stopped.stderr.matchAll(/^epoch (\d+):/gm)).at(-1)?.[1]);
    const rest = [...options, String(told + 2)];
    const resumed = await train(folder, [...rest, "--resume"]);
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stderr).toMatch(/Continues after epoch \d+, step \d+/);
    const whole = `whole-${signal}`;
    expect(await train(whole, rest)).toMatchObject({ code: 0 });
    expect(await historyOf(folder)).toEqual(await historyOf(whole));
    const weights = (run: string) => readFile(workplace.path(`${run}/model/model.safetensors`));
    expect(await weights(folder)).toEqual(await weights(whole));
  },
);
