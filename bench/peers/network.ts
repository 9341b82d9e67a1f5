import { createRequire } from "node:module";
import { join } from "node:path";
import type * as TensorFlow from "@tensorflow/tfjs-core";
import { readMatrix } from "../../src/io/index.js";
import { selectBackend } from "../../src/vae/backends/index.js";
import { LIBRARY_MODELS, makeLoss, NETWORK_IMAGES, type NetworkName } from "./network-models.js";
import { peakMib, readTask } from "./task.js";

/** The input of a training run, which is the same for peers/network.py. */
export interface NetworkTask {
  network: NetworkName;
  /** A float32 .npy file of images, one per row. */
  x: string;
  batch: number;
  epochs: number;
  threads: number;
  /** The backend of TensorFlow.js that trains the network. */
  backend: "ours" | "wasm" | "tfjs-node";
  /** Path of a folder node_modules with tfjs-node. */
  nodeModules: string;
}

/** The result of a training run. */
export interface NetworkAnswer {
  /** Duration of each epoch. The first one includes the time for compiling the network. */
  seconds: number[];
  /** Processor seconds of each epoch, summed over all threads. */
  cpu: number[];
  /** Loss of the last batch, in nats per image. */
  loss: number;
  peakMib: number;
  /** The program's description of the backend that computed. */
  description: string;
}

interface Trainer {
  tf: typeof TensorFlow;
  /** Runs one step of Adam that decreases a loss. */
  minimize(loss: () => TensorFlow.Scalar): TensorFlow.Scalar;
  description: string;
}

const LEARNING_RATE = 1e-3;

const { network, x: file, batch, epochs, threads, backend, nodeModules } = readTask<NetworkTask>();

async function prepare(): Promise<Trainer> {
  if (backend === "ours") {
    const { tf, description } = await selectBackend("wasm", { threads });
    const { Adam } = await import("../../src/vae/backends/adam.js");
    let adam: InstanceType<typeof Adam> | undefined;
    const minimize = (loss: () => TensorFlow.Scalar) => {
      const { value, grads } = tf.variableGrads(loss);
      adam ??= new Adam(new Map(Object.entries(tf.engine().registeredVariables)));
      adam.apply(grads, { learningRate: LEARNING_RATE, beta1: 0.9 });
      return value;
    };
    return { tf, minimize, description };
  }
  if (backend === "wasm") {
    const tf = await import("@tensorflow/tfjs-core");
    await import("@tensorflow/tfjs-backend-wasm");
    await import("@tensorflow/tfjs-layers");
    await tf.setBackend("wasm");
    return { tf, minimize: stockAdam(tf), description: `TensorFlow.js ${tf.version_core} in WebAssembly` };
  }
  const require = createRequire(join(nodeModules, "sigma-tsne-bench.cjs"));
  const util: Record<string, unknown> = require("node:util");
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  const tf: typeof TensorFlow = require("@tensorflow/tfjs-node");
  return { tf, minimize: stockAdam(tf), description: `tfjs-node ${tf.version_core}` };
}

function stockAdam(tf: typeof TensorFlow): Trainer["minimize"] {
  const optimizer = tf.train.adam(LEARNING_RATE);
  return (loss) => optimizer.minimize(loss, true) as TensorFlow.Scalar;
}

/** The loss of a batch, one image per row. */
async function prepareLoss(): Promise<(x: TensorFlow.Tensor2D) => TensorFlow.Scalar> {
  const modelName = LIBRARY_MODELS[network];
  if (modelName === undefined) return makeLoss(tf, network as "dense" | "conv");
  const { createModel } = await import("../../src/vae/models/index.js");
  const { Pass } = await import("../../src/vae/models/pass.js");
  const { Random } = await import("../../src/vae/random.js");
  const { side } = NETWORK_IMAGES[network];
  const model = createModel(modelName, { height: side, width: side });
  let step = 0;
  return (rows) => {
    const pass = new Pass(new Random(1, 0, step++), { training: true, trainingCount: images.rows });
    const batch = tf.reshape(rows, [-1, side, side, 1]) as TensorFlow.Tensor4D;
    return model.loss(batch, batch, pass).total;
  };
}

const { tf, minimize, description } = await prepare();
const images = await readMatrix(file);
const x = tf.tensor2d(Float32Array.from(images.data), [images.rows, images.cols]);
const loss = await prepareLoss();
const seconds: number[] = [];
const cpu: number[] = [];
let last = Number.NaN;
for (let epoch = 0; epoch < epochs; epoch++) {
  const start = performance.now();
  const used = process.cpuUsage();
  for (let first = 0; first < images.rows; first += batch) {
    const size = Math.min(batch, images.rows - first);
    const cost = tf.tidy(() => {
      const part = tf.slice(x, [first, 0], [size, images.cols]);
      return minimize(() => loss(part));
    });
    // All frameworks wait only for their last batch.
    if (first + size === images.rows) last = (await cost.data())[0];
    cost.dispose();
  }
  seconds.push((performance.now() - start) / 1000);
  const { user, system } = process.cpuUsage(used);
  cpu.push((user + system) / 1e6);
}
const answer: NetworkAnswer = { seconds, cpu, loss: last, peakMib: peakMib(), description };
process.stdout.write(`${JSON.stringify(answer)}\n`);
