import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { AbortError } from "../../src/errors.js";
import { runBhTsne, type Stage, Tsne } from "../../src/tsne/index.js";
import { digest, makeGroups } from "./points.js";

const data = makeGroups(300, 6);
const endless = { iterations: 1e9 };

async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("the promise was resolved"),
    (reason: unknown) => reason,
  );
}

test("a signal that is aborted before the call rejects at once, before the data are checked", async () => {
  const signal = AbortSignal.abort("too late");
  const error = await rejectionOf(runBhTsne([[Number.NaN]], { signal }));
  expect(error).toBeInstanceOf(AbortError);
  expect(error).toMatchObject({ name: "AbortError", code: "ABORTED", cause: "too late" });
});

test.each<Stage>(["pca", "neighbors", "affinities", "initialization", "optimization"])(
  "a signal that is aborted during %s rejects with an AbortError whose cause is the reason",
  async (stage) => {
    const controller = new AbortController();
    const reason = new Error(`stopped in ${stage}`);
    const error = await rejectionOf(
      runBhTsne(data, {
        ...endless,
        pca: true,
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.stage === stage) controller.abort(reason);
        },
      }),
    );
    expect(error).toBeInstanceOf(AbortError);
    expect(error).toMatchObject({ code: "ABORTED", cause: reason });
  },
);

test("the signal of a timeout stops a run like any other signal", async () => {
  const error = await rejectionOf(runBhTsne(data, { ...endless, signal: AbortSignal.timeout(20) }));
  expect(error).toMatchObject({ code: "ABORTED", cause: { name: "TimeoutError" } });
});

test("one signal stops all its runs, and does not affect other runs", async () => {
  const options = { iterations: 150, threads: 2 };
  const alone = await runBhTsne(data, options);
  const controller = new AbortController();
  const stopped = [1, 2, 3].map(() => rejectionOf(runBhTsne(data, { ...endless, signal: controller.signal })));
  const going = runBhTsne(data, {
    ...options,
    onProgress: ({ iteration }) => {
      if (iteration > 0) controller.abort();
    },
  });
  for (const error of await Promise.all(stopped)) expect(error).toBeInstanceOf(AbortError);
  expect(digest((await going).embedding)).toEqual(digest(alone.embedding));
});

test("no listener is left on the signal, however the run ends", async () => {
  const { signal } = new AbortController();
  await runBhTsne(data, { iterations: 1, signal });
  await rejectionOf(runBhTsne(data, { learningRate: 1e18, signal }));
  await rejectionOf(
    runBhTsne(data, {
      signal,
      onProgress: () => {
        throw new Error("from the caller");
      },
    }),
  );
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("a signal that is aborted after the end changes nothing", async () => {
  const controller = new AbortController();
  const { embedding } = await runBhTsne(data, { iterations: 20, signal: controller.signal });
  controller.abort();
  expect(digest(embedding)).toEqual(digest((await runBhTsne(data, { iterations: 20 })).embedding));
});

test("a Tsne stays at its last iteration when its signal is aborted, and rejects further calls", async () => {
  const controller = new AbortController();
  const tsne = new Tsne(data, {
    ...endless,
    signal: controller.signal,
    onProgress: ({ iteration }) => {
      if (iteration >= 50) controller.abort("enough");
    },
  });
  expect(await rejectionOf(tsne.fit())).toMatchObject({ code: "ABORTED", cause: "enough" });
  expect(tsne.iteration).toBeGreaterThanOrEqual(50);
  expect(await rejectionOf(tsne.fit(1))).toMatchObject({ code: "ABORTED", cause: "enough" });
});
