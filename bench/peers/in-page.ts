/** The programs that compute embeddings in a page. The server of the benchmark provides them (bench/browser.ts). */

/** What one run in a page is asked for. */
export interface PageTask {
  program: PageProgram;
  /** Address of the browser entry. */
  entry: string;
  rows: number;
  cols: number;
  perplexity: number;
  seed: number;
  threads: number;
}

/** What a run in a page answers. */
export interface PageAnswer {
  /** From the arrays in memory to the embedding in memory. */
  seconds: number;
  /** Longest time between two frames of the page during the run, in milliseconds. */
  longestFrame: number;
  /** Threads in use, if the program reports them. */
  threads: number | undefined;
  /** Positions, row by row. */
  embedding: number[];
}

export type PageProgram = keyof typeof PROGRAMS;

interface Embedding {
  positions: ArrayLike<number>;
  threads?: number;
}

interface Umap {
  new (options: { random: () => number }): { fit(rows: number[][]): number[][] };
}
interface TsneJs {
  new (
    options: object,
  ): {
    init(input: { data: number[][]; type: "dense" }): void;
    run(): void;
    getOutput(): number[][];
  };
}
interface Entry {
  runTsne(
    data: { data: Float32Array; rows: number; cols: number },
    options: object,
  ): Promise<{ embedding: { data: Float32Array }; options: { threads: number } }>;
}

/** The part of a page's interface that is used here. The types of browsers are not loaded. */
const page = globalThis as unknown as {
  UMAP: { UMAP: Umap };
  TSNE: TsneJs;
  requestAnimationFrame(draw: (time: number) => void): number;
  cancelAnimationFrame(request: number): void;
};

const PROGRAMS = {
  "sigma-tsne": async (data: Float32Array, { entry, rows, cols, perplexity, seed, threads }: PageTask) => {
    const { runTsne } = (await import(entry)) as Entry;
    const { embedding, options } = await runTsne({ data, rows, cols }, { perplexity, seed, threads });
    return { positions: embedding.data, threads: options.threads };
  },
  "umap-js": async (data: Float32Array, task: PageTask) => {
    const umap = new page.UMAP.UMAP({ random: generator(task.seed) });
    return { positions: umap.fit(toRows(data, task)).flat() };
  },
  "tsne-js": async (data: Float32Array, task: PageTask) => {
    const tsne = new page.TSNE({ dim: 2, perplexity: task.perplexity, nIter: 1000, metric: "euclidean" });
    tsne.init({ data: toRows(data, task), type: "dense" });
    tsne.run();
    return { positions: tsne.getOutput().flat() };
  },
} satisfies Record<string, (data: Float32Array, task: PageTask) => Promise<Embedding>>;

const toRows = (data: Float32Array, { rows, cols }: PageTask): number[][] =>
  Array.from({ length: rows }, (_, i) => Array.from(data.subarray(i * cols, (i + 1) * cols)));

/** Uniform random numbers from a seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Measures the longest time between frames until `stop` is called. */
export function watchFrames(): { stop(): number } {
  let last = performance.now();
  let longest = 0;
  const note = (now: number) => {
    longest = Math.max(longest, now - last);
    last = now;
  };
  let request = 0;
  const draw = () => {
    note(performance.now());
    request = page.requestAnimationFrame(draw);
  };
  request = page.requestAnimationFrame(draw);
  return {
    stop: () => {
      page.cancelAnimationFrame(request);
      note(performance.now());
      return longest;
    },
  };
}

/** Computes the data of the server. */
export async function compute(task: PageTask): Promise<PageAnswer> {
  const data = new Float32Array(await (await fetch("/data")).arrayBuffer());
  // Loading is not a part of the measurement.
  if (task.program === "sigma-tsne") await import(task.entry);
  const frames = watchFrames();
  const start = performance.now();
  const { positions, threads }: Embedding = await PROGRAMS[task.program](data, task);
  const seconds = (performance.now() - start) / 1000;
  return { seconds, longestFrame: frames.stop(), threads, embedding: Array.from(positions) };
}
