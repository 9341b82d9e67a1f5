import { spawn } from "node:child_process";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
} from "apache-arrow";
import { readLabels, readMatrix, rowsInMemory } from "../src/io/index.js";
import type { Matrix } from "../src/matrix.js";
import { evaluate } from "../src/quality/index.js";
import { embedLandmarks, Tsne } from "../src/tsne/index.js";
import { createModel, type Images, loadModel, type ModelName, selectBackend } from "../src/vae/index.js";
import { BenchmarkError } from "./failure.js";
import { FOLDERS } from "./folders.js";
import { describeMeasurement, type Machine } from "./machine.js";
import { count, markdownTable, median, significant } from "./markdown.js";

export interface FilterSettings {
  threads: number;
  rounds: number;
  /** Iterations of the fit into which rows are placed. */
  iterations: number;
  /** Number of rows per batch of the filter's input. */
  batch: number;
}

/** One pair of runs: the rows of a stream are processed by the filter, and the same rows in this process. */
export interface FilterRun {
  work: string;
  rows: number;
  round: number;
  filter: Cost;
  process: Cost;
}

/** Cost from the opened run or model to all results. */
export interface Cost {
  seconds: number;
  /** Processor time. */
  cpu: number;
}

interface Facts {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
}

export interface FilterRecord extends Facts {
  settings: FilterSettings;
  runs: FilterRun[];
}

/** How well an embedding represents its data. */
export interface MapScore {
  map: string;
  accuracy: number;
  kept10: number;
  kept50: number;
  seconds: number;
}

export interface FilledMapRecord extends Facts {
  settings: { landmarks: number; threads: number; iterations: number };
  scores: MapScore[];
}

const FITTED = 10_000;
/** The number is large enough to measure a rate: when a process starts, compilation takes about 0.2 s of its time. */
const IMAGES = 480_000;
const SIDE = 28;
const MODELS: readonly ModelName[] = ["vae", "conv-vae"];

/**
 * Places and encodes rows, alternately with the filter, as a process between two files, and with the library in this
 * process.
 */
export async function measureFilter(
  record: FilterRecord,
  folder: string,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { rounds, threads } = record.settings;
  const temporary = await mkdtemp(join(tmpdir(), "sigma-tsne-bench-"));
  try {
    const placing = await preparePlacing(temporary, folder, record.settings, signal);
    log((await selectBackend("wasm", { threads })).description);
    const works = [placing, ...(await prepareEncoding(temporary, record.settings, signal))];
    for (let round = 0; round < rounds; round++) {
      for (const { work, rows, args, input, inProcess } of works) {
        signal.throwIfAborted();
        const flags = ["--arrow", "--threads", String(threads)];
        const filter = await timeFilter([...args, ...flags], input, join(temporary, "out.arrows"));
        const own = await inProcess();
        record.runs.push({ work, rows, round, filter, process: own });
        log(`${work}: filter ${describeCost(filter)}, in process ${describeCost(own)}`);
      }
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** One kind of work, which both the filter and the library can do. */
interface FilterWork {
  work: string;
  rows: number;
  /** Arguments of the command line. */
  args: string[];
  /** The Arrow stream that the filter reads. */
  input: string;
  inProcess(): Promise<Cost>;
}

/** Fits and saves a run, and writes the rows to place. */
async function preparePlacing(
  temporary: string,
  data: string,
  { threads, iterations, batch }: FilterSettings,
  signal: AbortSignal,
): Promise<FilterWork> {
  const [saved, input] = [join(temporary, "run.tsne"), join(temporary, "rows.arrows")];
  const { means, sigma } = await readLatents(data, signal);
  const run = new Tsne(means.slice(0, FITTED), { sigma: sigma.slice(0, FITTED), threads, iterations, signal });
  await run.fit();
  await run.save(saved);
  const [newMeans, newSigma] = [means.slice(FITTED, means.rows), sigma.slice(FITTED, means.rows)];
  await writeFile(input, streamOf({ mean: newMeans, sigma: newSigma }, batch));
  return {
    work: "place",
    rows: newMeans.rows,
    args: ["place", saved],
    input,
    inProcess: async () => {
      const loaded = await Tsne.load(saved, { threads, signal });
      return timed(() => loaded.place(newMeans, { sigma: newSigma, signal }));
    },
  };
}

/** Saves models with random weights, and writes the images to encode. */
async function prepareEncoding(
  temporary: string,
  { batch }: FilterSettings,
  signal: AbortSignal,
): Promise<FilterWork[]> {
  const input = join(temporary, "images.arrows");
  const pixels = new Uint8Array(IMAGES * SIDE * SIDE);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (i * 2654435761) >>> 24;
  await writeFile(input, streamOf({ image: { data: pixels, rows: IMAGES, cols: SIDE * SIDE } }, batch));
  for (const name of MODELS) {
    const model = createModel(name, { height: SIDE, width: SIDE, channels: 1 });
    await model.save(join(temporary, name));
    model.dispose();
  }
  return MODELS.map((name) => ({
    work: `encode, ${name}`,
    rows: IMAGES,
    args: ["encode", join(temporary, name), "--backend", "wasm", "--drop", "image"],
    input,
    inProcess: async () => {
      const model = await loadModel(join(temporary, name));
      return timed(() => model.encode(imagesOver(pixels), { signal })).finally(() => model.dispose());
    },
  }));
}

/** Makes images from bytes, like those of the stream. */
function imagesOver(pixels: Uint8Array): Images {
  const length = SIDE * SIDE;
  return {
    ...{ count: pixels.length / length, height: SIDE, width: SIDE, channels: 1, labels: undefined },
    async read(indices) {
      const values = new Float32Array(indices.length * length);
      for (let k = 0; k < indices.length; k++) {
        const from = indices[k] * length;
        for (let j = 0; j < length; j++) values[k * length + j] = pixels[from + j] / 255;
      }
      return values;
    },
  };
}

async function timed(work: () => Promise<unknown>): Promise<Cost> {
  const [begin, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - begin) / 1000, cpu: (user + system) / 1e6 };
}

const describeCost = ({ seconds, cpu }: Cost): string => `${seconds.toFixed(2)} s (${cpu.toFixed(2)} s of processors)`;

/** Runs the filter and returns the cost that it reports. */
async function timeFilter(args: readonly string[], input: string, output: string): Promise<Cost> {
  const [from, to] = [await open(input, "r"), await open(output, "w")];
  try {
    const child = spawn(process.execPath, [join(FOLDERS.root, "dist", "cli.js"), ...args, "--json"], {
      stdio: [from.fd, to.fd, "pipe"],
    });
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (piece: string) => {
      stderr += piece;
    });
    const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
    if (code !== 0) throw new BenchmarkError(`the filter ended with ${code}: ${stderr.trim()}`);
    const { seconds, cpu_seconds: cpu } = JSON.parse(stderr);
    return { seconds, cpu };
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
}

/** Writes columns of float32 lists, or of pixels, as an Arrow stream. */
function streamOf(
  columns: Readonly<Record<string, Matrix | { data: Uint8Array; rows: number; cols: number }>>,
  batch: number,
): Uint8Array {
  const item = new Field("item", new Float32(), false);
  const fields = Object.entries(columns).map(
    ([name, { data, cols }]) =>
      new Field(name, data instanceof Uint8Array ? new FixedSizeBinary(cols) : new FixedSizeList(cols, item), false),
  );
  const schema = new Schema(fields);
  const rows = Object.values(columns)[0]?.rows ?? 0;
  const batches: RecordBatch[] = [];
  for (let start = 0; start < rows; start += batch) {
    const length = Math.min(batch, rows - start);
    const children = Object.values(columns).map(({ data, cols }) => {
      const part = data.subarray(start * cols, (start + length) * cols);
      if (part instanceof Uint8Array)
        return makeData({ type: new FixedSizeBinary(cols), length, nullCount: 0, data: part });
      const child = makeData({ type: new Float32(), length: length * cols, nullCount: 0, data: part as Float32Array });
      return makeData({ type: new FixedSizeList(cols, item), length, nullCount: 0, child });
    });
    batches.push(new RecordBatch(schema, makeData({ type: new Struct(fields), length, nullCount: 0, children })));
  }
  return tableToIPC(new Table(batches), "stream");
}

/**
 * Compares the fully fitted embedding of MNIST's codes with an embedding of landmarks into which the other codes are
 * placed.
 */
export async function measureFilledMap(
  record: FilledMapRecord,
  folder: string,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { landmarks, threads, iterations } = record.settings;
  const { means, sigma } = await readLatents(folder, signal);
  const parts = ["train", "t10k"].map((name) => join(folder, "mnist", `${name}-labels-idx1-ubyte.gz`));
  const labels = (await Promise.all(parts.map((path) => readLabels(path, { signal })))).flat();
  const fits: [string, () => Promise<Matrix>][] = [
    [
      `${count(landmarks)} landmarks fitted, ${count(means.rows)} placed`,
      async () => {
        const options = { landmarks, sigma: rowsInMemory(sigma), threads, iterations, signal };
        return (await embedLandmarks(rowsInMemory(means), options)).embedding;
      },
    ],
    ["all fitted", async () => (await new Tsne(means, { sigma, threads, iterations, signal }).fit()).embedding],
  ];
  for (const [map, make] of fits) {
    const begin = performance.now();
    const embedding = await make();
    const seconds = (performance.now() - begin) / 1000;
    const quality = await evaluate(means, embedding, {
      sigma,
      labels,
      k: [10, 50],
      sample: means.rows,
      threads,
      signal,
    });
    const [ten, fifty] = quality.neighborhoods.map(({ kept }) => kept.value) as [number, number];
    const accuracy = quality.accuracy?.value as number;
    record.scores.push({ map, accuracy, kept10: ten, kept50: fifty, seconds });
    log(`${map}: accuracy ${accuracy.toFixed(4)}, kept ${ten.toFixed(3)} ${fifty.toFixed(3)}, ${seconds.toFixed(1)} s`);
  }
}

async function readLatents(folder: string, signal: AbortSignal): Promise<{ means: Matrix; sigma: Matrix }> {
  const read = (name: string) => readMatrix(join(folder, "latents", `mnist70k_vae32_${name}.npy`), { signal });
  return { means: await read("mu"), sigma: await read("sigma") };
}

export function formatFilter({ settings, runs, ...facts }: FilterRecord): string {
  const rows = [...new Set(runs.map(({ work }) => work))].map((work) => {
    const own = runs.filter((run) => run.work === work);
    const { rows: n } = own[0];
    const rate = (costs: Cost[]) => count(Math.round(n / median(costs.map(({ cpu }) => cpu))));
    const ratios = own.map((run) => run.process.cpu / run.filter.cpu);
    const clock = own.map((run) => run.process.seconds / run.filter.seconds);
    return [
      work,
      count(n),
      rate(own.map((run) => run.process)),
      rate(own.map((run) => run.filter)),
      significant(median(ratios)),
      significant(median(clock)),
    ];
  });
  const header = [
    "work",
    "rows",
    "in process, rows per core second",
    "filter, rows per core second",
    "filter / in process",
    "the same by the clock",
  ];
  return [
    markdownTable(header, rows, 5),
    `Threads ${settings.threads}, rounds ${settings.rounds} (medians), batches of ${settings.batch} rows, a fit of ${count(FITTED)} points. ${describeMeasurement(facts)}`,
  ].join("\n\n");
}

export function formatFilledMap({ settings, scores, ...facts }: FilledMapRecord): string {
  const rows = scores.map(({ map, accuracy, kept10, kept50, seconds }) => [
    map,
    accuracy.toFixed(4),
    kept10.toFixed(3),
    kept50.toFixed(3),
    significant(seconds),
  ]);
  return [
    markdownTable(["map of 70,000", "label accuracy", "10-NN kept", "50-NN kept", "seconds"], rows, 4),
    `Threads ${settings.threads}, iterations ${settings.iterations}. ${describeMeasurement(facts)}`,
  ].join("\n\n");
}
