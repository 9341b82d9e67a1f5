// Tests the WebAssembly core with threads in Node.js, in this process and in new ones.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { AbortError, assignToGrid, backend, evaluate, runTsne, separateUniformly, Tsne } from "../../src/index.js";

const execute = promisify(execFile);
const threadCounts = [1, 2, 3];

/** 700 points in seven groups, enough for several chunks of work in every stage. */
const data = Array.from({ length: 700 }, (_, i) =>
  Array.from({ length: 8 }, (_, k) => (i % 7 === k % 7 ? 9 : 0) + Math.sin(7 * i + 3 * k)),
);

const bytesOf = ({ data }: { data: ArrayLike<number> }) => Buffer.from(Float64Array.from(data).buffer).toString("hex");

test("the backend reports the number of threads that a computation can use", async () => {
  expect(backend.mostThreads).toBe(16);
  const { options } = await runTsne(data, { iterations: 10, threads: 2 });
  expect(options.threads).toBe(2);
  const { options: limited } = await runTsne(data, { iterations: 10, threads: 500 });
  expect(limited.threads).toBe(16);
});

test.each(["exact", "barnes-hut", "fft"] as const)(
  "the embedding has the same bytes with 1, 2 and 3 threads (%s)",
  async (method) => {
    const embed = async (threads: number) =>
      bytesOf((await runTsne(data, { method, iterations: 300, threads })).embedding);
    const [one, ...others] = await Promise.all(threadCounts.map(embed));
    expect(others).toEqual([one, one]);
  },
);

test("all other computations give the same bytes with 1, 2 and 3 threads", async () => {
  const { embedding } = await runTsne(data, { iterations: 250 });
  const compute = async (threads: number) => {
    const { points } = await separateUniformly(embedding, { threads });
    const { row, column } = await assignToGrid(embedding, { threads });
    const { options: _, ...quality } = await evaluate(data, embedding, { threads, labels: data.map((_, i) => i % 7) });
    return [bytesOf(points), bytesOf({ data: row }), bytesOf({ data: column }), JSON.stringify(quality)];
  };
  const one = await compute(1);
  expect(await compute(2)).toEqual(one);
  expect(await compute(3)).toEqual(one);
});

test("twenty runs in a row finish with the same bytes", async () => {
  const embed = async (threads: number) => bytesOf((await runTsne(data, { iterations: 100, threads })).embedding);
  const expected = await embed(1);
  for (let i = 0; i < 20; i++) expect(await embed(2 + (i % 2))).toBe(expected);
});

test("twenty new processes finish by themselves with the same bytes", async () => {
  const program = `const { runTsne } = await import(${JSON.stringify(resolve("dist/index.js"))});
    const data = ${JSON.stringify(data)};
    const { embedding } = await runTsne(data, { iterations: 100, threads: 3 });
    console.log(Buffer.from(embedding.data.buffer).toString("hex"));`;
  const outputs = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const { stdout } = await execute(process.execPath, ["--input-type=module", "-e", program]);
    outputs.add(stdout);
  }
  expect(outputs.size).toBe(1);
});

test("a run with threads stops on request and continues with the same result", async () => {
  const whole = await runTsne(data, { iterations: 400, threads: 2 });
  const tsne = new Tsne(data, {
    iterations: 400,
    threads: 2,
    onProgress: ({ iteration }) => iteration > 0 && tsne.stop(),
  });
  const first = await tsne.fit();
  expect(first.stopped).toBe("stop");
  let last = first;
  while (!tsne.isFinished) last = await tsne.fit();
  expect(bytesOf(last.embedding)).toBe(bytesOf(whole.embedding));
});

test("canceled work fails in all threads, and the threads work again afterwards", async () => {
  const { embedding } = await runTsne(data, { iterations: 100, threads: 3 });
  const before = await evaluate(data, embedding, { threads: 3 });
  for (let i = 0; i < 5; i++) {
    const controller = new AbortController();
    const stopped = evaluate(data, embedding, {
      threads: 3,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(stopped).rejects.toBeInstanceOf(AbortError);
  }
  expect(await evaluate(data, embedding, { threads: 3 })).toEqual(before);
});

test("simultaneous runs share the threads and give the same bytes", async () => {
  const seeds = [1, 2, 3, 4];
  const embed = async (seed: number, threads: number) =>
    bytesOf((await runTsne(data, { iterations: 100, seed, threads })).embedding);
  const expected: string[] = [];
  for (const seed of seeds) expected.push(await embed(seed, 1));
  expect(await Promise.all(seeds.map((seed) => embed(seed, 3)))).toEqual(expected);
});

test("the package computes on one thread if there is no module with threads", async () => {
  const copy = await mkdtemp(join(tmpdir(), "sigma-tsne-one-thread-"));
  try {
    await mkdir(join(copy, "prebuilds/wasm"), { recursive: true });
    for (const part of ["dist", "native/addon/binding.cjs", "prebuilds/wasm/sigma-tsne.wasm"]) {
      await cp(part, join(copy, part), { recursive: true });
    }
    const manifest = { name: "sigma-tsne", version: "0.0.0", type: "module" };
    await writeFile(join(copy, "package.json"), JSON.stringify(manifest));
    const program = `console.log(require(${JSON.stringify(join(copy, "native/addon/binding.cjs"))}).mostThreads)`;
    const { stdout } = await execute(process.execPath, ["-e", program]);
    expect(stdout.trim()).toBe("1");
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});
