import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { writeMatrix } from "../src/io/index.js";
import { Matrix } from "../src/matrix.js";
import { generateMicrographs } from "../src/vae/datasets/index.js";
import { FOLDERS } from "./folders.js";
import type { PeerPaths } from "./implementations.js";
import { describeMeasurement, type Machine, round } from "./machine.js";
import { count, markdownTable, median, significant } from "./markdown.js";
import type { NetworkAnswer, NetworkTask } from "./peers/network.js";
import { LIBRARY_MODELS, NETWORK_IMAGES, NETWORK_LABELS, type NetworkName } from "./peers/network-models.js";

/** The compared trainers: this project's backend, those of TensorFlow.js, and PyTorch. */
export const TRAINERS = ["ours", "wasm", "tfjs-node", "pytorch"] as const;
export type Trainer = (typeof TRAINERS)[number];

const LABELS: Record<Trainer, string> = {
  ours: "sigma-tsne, native kernels in WebAssembly",
  wasm: "TensorFlow.js, WebAssembly",
  "tfjs-node": "TensorFlow.js, tfjs-node",
  pytorch: "PyTorch",
};

export interface NetworkSettings {
  threads: number;
  batch: number;
  epochs: number;
  rounds: number;
  /** Seconds after which a run is aborted. */
  timeout: number;
}

export interface NetworkRun extends NetworkAnswer {
  network: NetworkName;
  trainer: Trainer;
  round: number;
  /** Load of the machine just before the run. */
  load: number;
}

export interface NetworkRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  /** Name and number of the images. */
  images: { name: string; n: number };
  settings: NetworkSettings;
  failures: { network: NetworkName; trainer: Trainer; failure: string }[];
  runs: NetworkRun[];
}

/** Finds the installed trainers. */
export async function findTrainers({ python, nodeModules }: PeerPaths): Promise<Trainer[]> {
  const hasTorch = await promisify(execFile)(python, ["-c", "import torch"]).then(
    () => true,
    () => false,
  );
  const hasNode = existsSync(join(nodeModules, "@tensorflow", "tfjs-node"));
  return TRAINERS.filter((name) => (name === "pytorch" ? hasTorch : name !== "tfjs-node" || hasNode));
}

/** Trains each network with each trainer in turn, round after round. Every finished run is added to the record. */
export async function measureNetworks(
  record: NetworkRecord,
  images: Matrix,
  networks: readonly NetworkName[],
  trainers: readonly Trainer[],
  paths: PeerPaths,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sigma-tsne-bench-"));
  try {
    for (const network of networks) {
      const { side, most, batch = record.settings.batch } = NETWORK_IMAGES[network];
      const n = Math.min(images.rows, most);
      const x = join(folder, `${network}.npy`);
      const chosen = side === 28 ? images.slice(0, n) : generateMicrographs({ count: n, size: side }).images;
      await writeMatrix(x, chosen, { signal });
      // TensorFlow.js alone has neither these models nor all gradients that they need.
      const failed = new Set<Trainer>(LIBRARY_MODELS[network] ? ["wasm", "tfjs-node"] : []);
      for (let number = 0; number < record.settings.rounds; number++) {
        for (const trainer of trainers.filter((name) => !failed.has(name))) {
          const load = round(loadavg()[0], 2);
          try {
            const run = await train(trainer, network, x, { ...record.settings, batch }, paths, signal);
            record.runs.push({ network, trainer, round: number, load, ...run });
            const [best, cpu] = [run.seconds, run.cpu].map((values) => Math.min(...values).toFixed(3));
            log(
              `${network}, round ${number + 1}: ${LABELS[trainer]} ${best} s, ${cpu} CPU s, loss ${run.loss.toFixed(1)}`,
            );
          } catch (error) {
            if (signal.aborted) throw signal.reason;
            failed.add(trainer);
            const failure = (error as Error).message.split("\n").find((line) => /Error/.test(line)) ?? String(error);
            record.failures.push({ network, trainer, failure: failure.trim().slice(0, 160) });
            log(`${network}: ${LABELS[trainer]} failed: ${failure}`);
          }
        }
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function train(
  trainer: Trainer,
  network: NetworkName,
  x: string,
  { batch, epochs, threads, timeout }: NetworkSettings,
  { python, nodeModules }: PeerPaths,
  signal: AbortSignal,
): Promise<NetworkAnswer> {
  const task = { network, x, batch, epochs, threads, nodeModules };
  const [file, args] =
    trainer === "pytorch"
      ? [python, [join(FOLDERS.peers, "network.py"), JSON.stringify(task)]]
      : [
          process.execPath,
          [join(FOLDERS.build, "network.js"), JSON.stringify({ ...task, backend: trainer } satisfies NetworkTask)],
        ];
  // Waiting threads of PyTorch would run in a loop. On a busy machine, that would be most of the measured processor
  // time.
  const omp = { OMP_NUM_THREADS: String(threads), OMP_WAIT_POLICY: "PASSIVE" };
  const env = { ...process.env, ...omp, TF_CPP_MIN_LOG_LEVEL: "2" };
  const { stdout } = await promisify(execFile)(file, args, {
    env,
    signal,
    timeout: timeout * 1000,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) as string);
}

/**
 * Formats the median over the rounds of the seconds of each run's fastest epoch, and its ratio to the value of this
 * project.
 */
export function formatNetworks({ images, settings, failures, runs, ...facts }: NetworkRecord): string {
  const networks = [...new Set([...runs, ...failures].map(({ network }) => network))];
  const rows = networks.flatMap((network) =>
    TRAINERS.flatMap((trainer, i) => {
      const own = runs.filter((run) => run.network === network && run.trainer === trainer);
      const failure = failures.find((entry) => entry.network === network && entry.trainer === trainer)?.failure;
      if (own.length === 0 && failure === undefined) return [];
      const name = i === 0 ? `**${network}**: ${NETWORK_LABELS[network]}` : "";
      if (own.length === 0) return [[name, LABELS[trainer], failure as string, "", "", "", ""]];
      const ratios = own.flatMap((run) => {
        const ours = runs.find(
          (other) => other.network === network && other.trainer === "ours" && other.round === run.round,
        );
        return ours ? [leastCpu(run) / leastCpu(ours)] : [];
      });
      return [
        [
          name,
          LABELS[trainer],
          significant(median(own.map(leastCpu))),
          significant(median(own.map(({ seconds }) => Math.min(...seconds)))),
          ratios.length === 0 ? "" : significant(median(ratios)),
          (own.at(-1) as NetworkRun).loss.toFixed(1),
          String(Math.round(Math.max(...own.map(({ peakMib }) => peakMib)))),
        ],
      ];
    }),
  );
  const described = [...new Set(runs.map(({ description }) => description))];
  return [
    markdownTable(
      ["network", "trained by", "CPU seconds per epoch", "seconds", "times ours (CPU)", "loss", "peak MiB"],
      rows,
      5,
    ),
    `${count(images.n)} images (${images.name}), batches of ${settings.batch}, Adam, threads ${settings.threads}, ${settings.epochs} ` +
      `epochs, of which the fastest counts, rounds ${settings.rounds} (medians). The loss is that of the last batch. An epoch of the Bayesian ` +
      `network has ${epochOf("bayesian")}, one of the network for micrographs ${epochOf("micrograph")}.`,
    `${describeMeasurement(facts)} Trainers: ${described.join(", ")}.`,
  ].join("\n\n");
}

function leastCpu({ cpu }: NetworkAnswer): number {
  return Math.min(...cpu);
}

/** Describes the number of images and of steps of an epoch. */
function epochOf(network: NetworkName): string {
  const { most, batch = 128 } = NETWORK_IMAGES[network];
  return `${count(most)} images in ${most / batch} steps`;
}

/**
 * Generates images of 28 x 28 pixels from 0 to 1, most of them dark. Training takes the same time as with handwritten
 * digits.
 */
export function generateImages(n: number): Matrix {
  const data = new Float32Array(n * 784);
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = Math.max(0, (state / 2 ** 32) * 5 - 4);
  }
  return new Matrix(data, n, 784);
}
