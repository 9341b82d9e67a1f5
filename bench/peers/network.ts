import { createRequire } from "node:module";
import { join } from "node:path";
import type * as TensorFlow from "@tensorflow/tfjs-core";
import { readMatrix } from "../../src/io/index.js";
import { selectBackend } from "../../src/vae/backends/index.js";
import { peakMib, readTask } from "./contestant.js";
import { makeLoss, type NetworkName } from "./network-models.js";

/** What a training run is asked for; peers/network.py takes the same. */
export interface NetworkTask {
  network: NetworkName;
  /** A float32 .npy file of n x 784 images. */
  x: string;
  batch: number;
  epochs: number;
  threads: number;
  /** Which TensorFlow.js trains. */
  backend: "ours" | "wasm" | "tfjs-node";
  /** A folder node_modules with tfjs-node. */
  nodeModules: string;
}

/** What it answers. */
export interface NetworkAnswer {
  /** Of each epoch, the first included, in which everything is compiled. */
  seconds: number[];
  /** Loss of the last batch, in nats an image. */
  loss: number;
  peakMib: number;
  /** What computed, in the program's own words. */
  description: string;
}

interface Trainer {
  tf: typeof TensorFlow;
  optimizer: TensorFlow.Optimizer;
  description: string;
}

const { network, x: file, batch, epochs, threads, backend, nodeModules } = readTask<NetworkTask>();

async function prepare(): Promise<Trainer> {
  if (backend === "ours") {
    const { tf, createAdam, description } = await selectBackend("wasm", { threads });
    return { tf, optimizer: createAdam({ learningRate: 1e-3 }), description };
  }
  if (backend === "wasm") {
    const tf = await import("@tensorflow/tfjs-core");
    await import("@tensorflow/tfjs-backend-wasm");
    await import("@tensorflow/tfjs-layers");
    await tf.setBackend("wasm");
    const description = `TensorFlow.js ${tf.version_core} in WebAssembly`;
    return { tf, optimizer: tf.train.adam(1e-3), description };
  }
  const require = createRequire(join(nodeModules, "sigma-tsne-bench.cjs"));
  const util: Record<string, unknown> = require("node:util");
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  const tf: typeof TensorFlow = require("@tensorflow/tfjs-node");
  return { tf, optimizer: tf.train.adam(1e-3), description: `tfjs-node ${tf.version_core}` };
}

const { tf, optimizer, description } = await prepare();
const images = await readMatrix(file);
const x = tf.tensor2d(Float32Array.from(images.data), [images.rows, images.cols]);
const loss = makeLoss(tf, network);
const seconds: number[] = [];
let last = Number.NaN;
for (let epoch = 0; epoch < epochs; epoch++) {
  const start = performance.now();
  for (let first = 0; first < images.rows; first += batch) {
    const size = Math.min(batch, images.rows - first);
    const cost = tf.tidy(() => {
      const part = tf.slice(x, [first, 0], [size, images.cols]);
      return optimizer.minimize(() => loss(part), true) as TensorFlow.Scalar;
    });
    // All frameworks wait for their last batch alone.
    if (first + size === images.rows) last = (await cost.data())[0] as number;
    cost.dispose();
  }
  seconds.push((performance.now() - start) / 1000);
}
const answer: NetworkAnswer = { seconds, loss: last, peakMib: peakMib(), description };
process.stdout.write(`${JSON.stringify(answer)}\n`);
