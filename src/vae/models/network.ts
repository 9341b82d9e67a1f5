import { totalmem } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import { input, type LayersModel, layers, model, type SymbolicTensor } from "@tensorflow/tfjs-layers";
import { SigmaTsneError } from "../../errors.js";
import { normalizeRelu } from "../backends/normalization.js";
import type { Random } from "../random.js";
import type { NetworkConfiguration } from "./configuration.js";
import type { Pass } from "./pass.js";

export type Layer = layers.Layer;

/** One output of a network, with the layers between the trunk and this output. */
export interface Head {
  readonly name: string;
  readonly layers: readonly Layer[];
  /**
   * Adds the last operation of the finished network, which {@link Network.raw} leaves out: an activation that training
   * computes as part of the loss, or a normalization that training computes with the statistics of the batch.
   */
  finish?(output: SymbolicTensor): SymbolicTensor;
}

/** Draws the outputs of layers whose weights are distributions. */
export interface WeightDraws {
  has(layer: Layer): boolean;
  apply(layer: Layer, x: tf.Tensor, pass: Pass): tf.Tensor;
}

/**
 * A network with one input and one or more outputs: a trunk of layers, and a head for each output. It is a LayersModel
 * of TensorFlow.js without custom layers. For training, its layers can also be run one by one, with seeded random
 * numbers and drawn weights.
 */
export class Network {
  readonly name: string;
  /** The finished network, for inference. */
  readonly model: LayersModel;
  private readonly trunk: readonly Layer[];
  private readonly heads: readonly Head[];

  /**
   * @param inputShape shape of the input without the batch dimension
   * @param random source of the initial kernels, which are uniform in +-sqrt(6 / (fan in + fan out)) (Glorot & Bengio
   *   2010)
   */
  constructor(
    name: string,
    inputShape: readonly number[],
    trunk: readonly Layer[],
    heads: readonly Head[],
    random: Random,
  ) {
    this.name = name;
    this.trunk = trunk;
    this.heads = heads;
    requireMemory(name, inputShape, trunk, heads);
    const x = input({ shape: [...inputShape], name: "input" });
    const apply = (through: readonly Layer[], from: SymbolicTensor) =>
      through.reduce((y, layer) => layer.apply(y) as SymbolicTensor, from);
    const stem = apply(trunk, x);
    const outputs = heads.map((head) => {
      const output = apply(head.layers, stem);
      return head.finish?.(output) ?? output;
    });
    this.model = model({ inputs: x, outputs, name });
    for (const layer of this.layers) initialize(layer, random);
  }

  /** All layers of the trunk and the heads. */
  get layers(): Layer[] {
    return [...this.trunk, ...this.heads.flatMap((head) => head.layers)];
  }

  /**
   * Computes the outputs of the heads without their last operation `finish`. `pass` determines which statistics
   * normalize the batch, and the dropout.
   */
  raw(x: tf.Tensor, pass: Pass, draws?: WeightDraws): tf.Tensor[] {
    const stem = run(this.trunk, x, pass, draws);
    return this.heads.map((head) => run(head.layers, stem, pass, draws));
  }

  /** Computes the outputs including `finish`, as at inference. */
  infer(x: tf.Tensor): tf.Tensor[] {
    const outputs = this.model.predictOnBatch(x);
    return Array.isArray(outputs) ? outputs : [outputs];
  }

  /** Weights and statistics by name, such as `encoder/hidden_1/kernel`. */
  get variables(): Map<string, { variable: tf.Variable; trainable: boolean }> {
    const trainable = new Set(this.model.trainableWeights.map((weight) => weight.id));
    return new Map(
      this.model.weights.map((weight) => [
        `${this.name}/${weight.originalName}`,
        { variable: weight.read() as tf.Variable, trainable: trainable.has(weight.id) },
      ]),
    );
  }
}

/** Bytes per weight in training: the weight, its gradient and the two moments of Adam. */
const BYTES_PER_WEIGHT = 16;
/** Bytes that WebAssembly can address. */
const WASM_BYTES = 2 ** 32;

/**
 * @throws {SigmaTsneError} OUT_OF_MEMORY if the weights of the layers do not fit into memory. The check is made before
 * anything is allocated.
 */
function requireMemory(
  name: string,
  inputShape: readonly number[],
  trunk: readonly Layer[],
  heads: readonly Head[],
): void {
  let weights = 0;
  const walk = (through: readonly Layer[], from: (number | null)[]) =>
    through.reduce((shape, layer) => {
      const { units = 0, filters = 0, kernelSize = [] } = layer.getConfig() as LayerSizes;
      weights += (shape.at(-1) ?? 1) * (units + [kernelSize].flat().reduce((product, side) => product * side, filters));
      return layer.computeOutputShape(shape) as (number | null)[];
    }, from);
  const stem = walk(trunk, [null, ...inputShape]);
  for (const head of heads) walk(head.layers, stem);
  const free = Math.min(process.availableMemory?.() ?? totalmem(), totalmem());
  const most = tf.getBackend() === "wasm" ? Math.min(free, WASM_BYTES) : free;
  if (weights * BYTES_PER_WEIGHT <= most) return;
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  throw new SigmaTsneError(
    "OUT_OF_MEMORY",
    `the ${name} of this model has ${weights} weights, which need ${gib(weights * BYTES_PER_WEIGHT)} of memory in training, but only ${gib(most)} can be used. Use smaller images or smaller layers`,
  );
}

interface LayerSizes {
  readonly units?: number;
  readonly filters?: number;
  readonly kernelSize?: number | number[];
}

function run(through: readonly Layer[], from: tf.Tensor, pass: Pass, draws: WeightDraws | undefined): tf.Tensor {
  let x = from;
  for (let i = 0; i < through.length; i++) {
    const layer = through[i] as Layer;
    if (layer.getClassName() === "Dropout") {
      if (pass.training) x = pass.dropout(x, layer.getConfig().rate as number);
    } else if (layer.getClassName() === "BatchNormalization" && pass.training) {
      x = normalizeBatch(layer, x, pass);
      // Skip the ReLU that `activation` puts after the normalization, because `normalizeBatch` has already computed it.
      i++;
    } else if (draws?.has(layer)) {
      x = draws.apply(layer, x, pass);
    } else {
      x = layer.apply(x) as tf.Tensor;
    }
  }
  return x;
}

/**
 * Applies a batch normalization with the statistics of the batch, and then the ReLU that follows the normalization.
 * Updates the running statistics.
 */
function normalizeBatch(layer: Layer, x: tf.Tensor, pass: Pass): tf.Tensor {
  const [gamma, beta, runningMean, runningVariance] = layer.weights.map((weight) => weight.read()) as [
    tf.Tensor1D,
    tf.Tensor1D,
    tf.Variable,
    tf.Variable,
  ];
  const { y, mean, variance } = normalizeRelu(x, gamma, beta, layer.getConfig().epsilon as number);
  pass.follow({ mean: runningMean, variance: runningVariance }, { mean, variance });
  return y;
}

function initialize(layer: Layer, random: Random): void {
  for (const weight of layer.trainableWeights) {
    if (!weight.originalName.endsWith("/kernel")) continue;
    const shape = weight.shape as number[];
    const field = tf.util.sizeFromShape(shape.slice(0, -2));
    const limit = Math.sqrt(6 / (field * ((shape.at(-2) as number) + (shape.at(-1) as number))));
    const values = new Float32Array(tf.util.sizeFromShape(shape));
    for (let i = 0; i < values.length; i++) values[i] = random.between(-limit, limit);
    tf.tidy(() => void weight.write(tf.tensor(values, shape)));
  }
}

/**
 * Kernels are zero until {@link initialize} replaces them, because TensorFlow.js would draw initial weights without a
 * seed.
 */
const kernelInitializer = "zeros";

/** A dense layer without activation. */
export function dense(name: string, units: number): Layer {
  return layers.dense({ units, name, kernelInitializer });
}

/** Dense layers with ReLU and dropout. */
export function hiddenLayers(count: number, units: number, dropout: number, prefix = "hidden"): Layer[] {
  return Array.from({ length: count }, (_, i) => [
    dense(`${prefix}_${i + 1}`, units),
    layers.activation({ activation: "relu", name: `${prefix}_${i + 1}_relu` }),
    ...(dropout > 0 ? [layers.dropout({ rate: dropout, name: `${prefix}_${i + 1}_dropout` })] : []),
  ]).flat() as Layer[];
}

/** Shape of a stack of convolutions: the options of both {@link convolutions} and {@link transposedConvolutions}. */
export interface ConvolutionOptions {
  readonly height: number;
  readonly width: number;
  readonly filters: readonly number[];
  readonly kernelSize: number;
  /**
   * Whether a batch normalization precedes every ReLU. The convolutions then have no bias, because the normalization
   * would subtract it again.
   */
  readonly normalized: boolean;
}

/** Convolutions with stride 2 and ReLU. Each convolution halves the height and width, rounding up. */
export function convolutions({ filters, kernelSize, normalized }: ConvolutionOptions): Layer[] {
  return filters.flatMap((count, i) => {
    const name = `conv_${i + 1}`;
    const shape = { filters: count, kernelSize, strides: 2, padding: "same" as const };
    const conv = layers.conv2d({ ...shape, useBias: !normalized, name, kernelInitializer });
    return [conv, ...activation(name, normalized)] as Layer[];
  });
}

/**
 * A dense layer and transposed convolutions with stride 2: the reverse of {@link convolutions}.
 *
 * @param last number of channels of the last convolution. If `isLinear` is true, this convolution has neither
 *   normalization nor ReLU.
 */
export function transposedConvolutions(options: ConvolutionOptions, last: number, isLinear: boolean): Layer[] {
  const { height, width, filters, kernelSize, normalized } = options;
  const sizes = [[height, width] as const];
  for (const _ of filters) {
    const [h, w] = sizes.at(-1) as readonly [number, number];
    sizes.push([Math.ceil(h / 2), Math.ceil(w / 2)]);
  }
  const [h, w] = sizes.at(-1) as readonly [number, number];
  const deepest = filters.at(-1) as number;
  const stack = [
    dense("unfold", h * w * deepest),
    layers.activation({ activation: "relu", name: "unfold_relu" }),
    layers.reshape({ targetShape: [h, w, deepest], name: "unfold_reshape" }),
  ] as Layer[];
  for (let i = filters.length - 1; i >= 0; i--) {
    const name = `conv_${filters.length - i}`;
    const channels = i === 0 ? last : filters[i - 1];
    const shape = { filters: channels, kernelSize, strides: 2, padding: "same" as const };
    const isNormalized = normalized && (i > 0 || !isLinear);
    stack.push(layers.conv2dTranspose({ ...shape, useBias: !isNormalized, name, kernelInitializer }) as Layer);
    const [fromHeight, fromWidth] = sizes[i + 1];
    const [toHeight, toWidth] = sizes[i];
    const [bottom, right] = [2 * fromHeight - toHeight, 2 * fromWidth - toWidth];
    if (bottom > 0 || right > 0) {
      const cropping: [[number, number], [number, number]] = [
        [0, bottom],
        [0, right],
      ];
      stack.push(layers.cropping2D({ cropping, name: `${name}_crop` }) as Layer);
    }
    if (i > 0 || !isLinear) stack.push(...activation(name, isNormalized));
  }
  return stack;
}

/** The ReLU of a convolution, preceded by a batch normalization if `normalized` is true. */
function activation(name: string, normalized: boolean): Layer[] {
  const norm = normalized ? [layers.batchNormalization({ name: `${name}_norm` })] : [];
  return [...norm, layers.activation({ activation: "relu", name: `${name}_relu` })] as Layer[];
}

/** The kind of layers: convolutional for models whose name begins with `conv-`. */
export type NetworkKind = "dense" | "convolutional";

/** The trunk of an encoder: the layers from the images to the last hidden units. */
function encoderTrunk(kind: NetworkKind, configuration: NetworkConfiguration): Layer[] {
  const { numLayers, hiddenDim, dropout } = configuration;
  return [
    ...(kind === "convolutional" ? convolutions({ ...configuration, normalized: false }) : []),
    layers.flatten({ name: "flatten" }) as Layer,
    ...hiddenLayers(numLayers, hiddenDim, dropout),
  ];
}

/**
 * Creates an encoder whose heads are linear layers of the given widths. The last operation (`finish`) of heads whose
 * names end with `sd` is a softplus.
 */
export function createEncoder(
  kind: NetworkKind,
  configuration: NetworkConfiguration,
  heads: Readonly<Record<string, number>>,
  random: Random,
): Network {
  const { height, width, channels } = configuration;
  return new Network(
    "encoder",
    [height, width, channels],
    encoderTrunk(kind, configuration),
    Object.entries(heads).map(([name, units]) => ({
      name,
      layers: [dense(name, units)],
      ...(name.endsWith("sd") ? { finish: finishWith("softplus", name) } : {}),
    })),
    random,
  );
}

/** Creates a decoder, which maps codes to images. Its raw output is the input of a {@link Likelihood}. */
export function createDecoder(kind: NetworkKind, configuration: NetworkConfiguration, random: Random): Network {
  const { height, width, channels, numLayers, hiddenDim, dropout, zDim } = configuration;
  const toImage =
    kind === "convolutional"
      ? transposedConvolutions({ ...configuration, normalized: false }, channels, true)
      : [
          dense("pixels", height * width * channels),
          layers.reshape({ targetShape: [height, width, channels], name: "pixels_reshape" }) as Layer,
        ];
  return new Network(
    "decoder",
    [zDim],
    hiddenLayers(numLayers, hiddenDim, dropout),
    [{ name: "image", layers: toImage, finish: finishWith("sigmoid", "image") }],
    random,
  );
}

/** Creates a `finish` that consists of one activation. */
export function finishWith(name: "softplus" | "sigmoid" | "tanh", prefix: string): NonNullable<Head["finish"]> {
  return (output) => layers.activation({ activation: name, name: `${prefix}_${name}` }).apply(output) as SymbolicTensor;
}
