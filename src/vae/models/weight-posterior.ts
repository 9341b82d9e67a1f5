import * as tf from "@tensorflow/tfjs-core";
import { weightDivergence, weightVariance } from "../backends/weight-distributions.js";
import { inverseSoftplus } from "./distributions.js";
import type { Layer, Network, WeightDraws } from "./network.js";
import type { Pass } from "./pass.js";

/** Initial standard deviation of every weight. */
const INITIAL_SIGMA = 0.01;

interface Weight {
  /** Mean of the posterior. It is stored in the weight of the layer itself. */
  readonly mean: tf.Variable;
  /** Parameter of the standard deviation, which is softplus(rho) (Blundell et al. 2015, section 3.2). */
  readonly rho: tf.Variable;
}

/**
 * A mean-field Gaussian posterior over every weight of some networks (Blundell et al. 2015, "Weight uncertainty in
 * neural networks", arXiv 1505.05424), with the prior N(0, sigma^2).
 *
 * Random weights are not drawn. Instead, the outputs of the layers are drawn, because their distribution for given
 * inputs is Gaussian too (the local reparameterization of Kingma, Salimans & Welling 2015, arXiv 1506.02557). This is
 * as if every image had its own random weights; the variance of the gradients is only a fraction of their variance with
 * common weights. In convolutions, this is as if every output pixel had its own kernels.
 */
export class WeightPosterior implements WeightDraws {
  private readonly weights = new Map<Layer, { kernel: Weight; bias: Weight }>();
  private readonly priorSigma: number;
  /** The variable `rho` of every weight by name, such as `encoder/hidden_1/kernel_rho`. */
  readonly variables: ReadonlyMap<string, tf.Variable>;

  constructor(networks: readonly Network[], priorSigma: number) {
    this.priorSigma = priorSigma;
    const variables = new Map<string, tf.Variable>();
    for (const network of networks) {
      for (const layer of network.layers) {
        const [kernel, bias] = layer.trainableWeights.map((weight) => {
          const mean = weight.read() as tf.Variable;
          const rho = tf.tidy(() => tf.variable(tf.fill(mean.shape, inverseSoftplus(INITIAL_SIGMA))));
          variables.set(`${network.name}/${weight.originalName}_rho`, rho);
          return { mean, rho };
        });
        if (kernel && bias) this.weights.set(layer, { kernel, bias });
      }
    }
    this.variables = variables;
  }

  has(layer: Layer): boolean {
    return this.weights.has(layer);
  }

  apply(layer: Layer, x: tf.Tensor, pass: Pass): tf.Tensor {
    const { kernel, bias } = this.weights.get(layer) as { kernel: Weight; bias: Weight };
    const mean = layer.apply(x) as tf.Tensor;
    const spread = applyKernel(layer, tf.square(x), weightVariance(kernel.rho), mean.shape);
    return pass.draw(mean, tf.sqrt(tf.add(spread, weightVariance(bias.rho))));
  }

  /** KL(posterior || prior) of all weights, in nats. */
  klDivergence(): tf.Scalar {
    const terms = [...this.weights.values()]
      .flatMap(({ kernel, bias }) => [kernel, bias])
      .map(({ mean, rho }) => weightDivergence(mean, rho, this.priorSigma));
    return tf.addN(terms) as tf.Scalar;
  }
}

/** Computes the linear operation of a layer with another kernel and without the bias. */
function applyKernel(layer: Layer, x: tf.Tensor, kernel: tf.Tensor, outputShape: number[]): tf.Tensor {
  const kind = layer.getClassName();
  if (kind === "Dense") return tf.matMul(x as tf.Tensor2D, kernel as tf.Tensor2D);
  const strides = layer.getConfig().strides as [number, number];
  if (kind === "Conv2D") return tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, strides, "same");
  const shape = outputShape as [number, number, number, number];
  return tf.conv2dTranspose(x as tf.Tensor4D, kernel as tf.Tensor4D, shape, strides, "same");
}
