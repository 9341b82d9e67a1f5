import { afterEach, describe, expect, test, vi } from "vitest";
import { runBhTsne, type TsneOptions, type TsneProgress } from "../../src/tsne/index.js";
import { digest, makeGroups } from "./points.js";

const data = makeGroups(200, 6);

async function collectProgress(options: TsneOptions): Promise<TsneProgress[]> {
  const reports: TsneProgress[] = [];
  await runBhTsne(data, { ...options, onProgress: (progress) => void reports.push(progress) });
  return reports;
}

describe("onProgress", () => {
  test("receives the stages in their order", async () => {
    const stages = (reports: TsneProgress[]) => [...new Set(reports.map(({ stage }) => stage))];
    const all = ["pca", "neighbors", "affinities", "initialization", "optimization"];
    expect(stages(await collectProgress({ pca: true, iterations: 100 }))).toEqual(all);
    expect(stages(await collectProgress({ iterations: 100 }))).toEqual(all.slice(1));
    expect(stages(await collectProgress({ iterations: 0 }))).toEqual(all.slice(1, 4));
  });

  test("receives fractions from 0 to 1 that do not decrease within a stage, and increasing times", async () => {
    const reports = await collectProgress({ pca: true, iterations: 300 });
    reports.forEach((report, at) => {
      expect(report.fraction).toBeGreaterThanOrEqual(0);
      expect(report.fraction).toBeLessThanOrEqual(1);
      expect(report.iterations).toBe(300);
      const before = reports[at - 1];
      if (before === undefined) return;
      if (before.stage === report.stage) expect(report.fraction).toBeGreaterThanOrEqual(before.fraction);
      expect(report.iteration).toBeGreaterThanOrEqual(before.iteration);
      expect(report.seconds).toBeGreaterThanOrEqual(before.seconds);
    });
  });

  test("receives the KL divergence of every 50th iteration, and the last known one in between", async () => {
    const reports = (await collectProgress({ iterations: 220 })).filter(({ stage }) => stage === "optimization");
    for (const iteration of [50, 100, 150, 200]) {
      expect(reports.find((report) => report.iteration === iteration)?.kl).toBeGreaterThan(0);
    }
    for (const { iteration, kl } of reports) expect(kl === undefined).toBe(iteration < 50);
  });

  test.each([100, 130])("receives the last iteration, %i", async (iterations) => {
    const last = (await collectProgress({ iterations })).at(-1);
    expect(last).toMatchObject({ stage: "optimization", iteration: iterations, fraction: 1, iterations });
  });

  test("receives the same KL divergence as the result", async () => {
    let last: TsneProgress | undefined;
    const { kl } = await runBhTsne(data, {
      iterations: 100,
      onProgress: (progress) => {
        last = progress;
      },
    });
    expect(last?.kl).toBeCloseTo(kl, 10);
  });

  test("does not affect the embedding", async () => {
    const silent = await runBhTsne(data, { iterations: 120 });
    const watched = await runBhTsne(data, { iterations: 120, onProgress: () => {} });
    expect(digest(watched.embedding)).toEqual(digest(silent.embedding));
  });

  test.each([
    ["an Error", new TypeError("from the caller")],
    ["a string", "from the caller"],
    ["undefined", undefined],
    ["an error with a code of this package", Object.assign(new Error("from the caller"), { code: "ABORTED" })],
  ])("that throws %s stops the run, which rejects with the same value", async (_, thrown) => {
    let calls = 0;
    const outcome = await runBhTsne(data, {
      iterations: 1e6,
      onProgress: () => {
        calls++;
        throw thrown;
      },
    }).then(
      () => ({ resolved: true }),
      (reason: unknown) => ({ reason }),
    );
    expect(outcome).toStrictEqual({ reason: thrown });
    if (thrown instanceof Error) expect((outcome as { reason: unknown }).reason).toBe(thrown);
    expect(calls).toBe(1);
  });

  test("does not block the event loop", async () => {
    let ticks = 0;
    const clock = setInterval(() => ticks++, 1);
    await runBhTsne(makeGroups(1000, 4), { iterations: 100 });
    clearInterval(clock);
    expect(ticks).toBeGreaterThan(1);
  });
});

describe("verbose", () => {
  afterEach(() => vi.restoreAllMocks());

  async function captureLines(options: TsneOptions): Promise<string[]> {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await runBhTsne(data, options);
    return write.mock.calls.map(([text]) => String(text));
  }

  test("prints the size, the stages and the KL divergence to standard error", async () => {
    const text = (await captureLines({ verbose: true, iterations: 100, pca: true })).join("");
    expect(text).toContain("200 points x 6, euclidean distance, perplexity 30");
    for (const stage of ["pca", "neighbors", "affinities", "initialization"]) expect(text).toContain(`${stage} ...`);
    expect(text).toMatch(/iteration 50: KL \d+\.\d+/);
    expect(text).toMatch(/iteration 100: KL \d+\.\d+/);
  });

  test("is off by default", async () => {
    expect(await captureLines({ iterations: 100 })).toEqual([]);
  });
});
