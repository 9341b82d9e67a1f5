import type { TensorInfo } from "@tensorflow/tfjs-core";
import { withTranslation } from "../../binding.js";
import { ADAM_KERNEL } from "./adam.js";
import { NORMALIZATION_GRADIENT_KERNEL, NORMALIZATION_KERNEL } from "./normalization.js";
import { type Call, heapOf, makeOutput, type NativeNetwork, offsetOf, type Tf } from "./wasm-tensors.js";
import {
  DIVERGENCE_GRADIENT_KERNEL,
  DIVERGENCE_KERNEL,
  VARIANCE_GRADIENT_KERNEL,
  VARIANCE_KERNEL,
} from "./weight-distributions.js";

/** Kernels that TensorFlow.js does not have. Each kernel replaces several operations of a training step. */
export function trainingKernels(tf: Tf, network: NativeNetwork) {
  return {
    [ADAM_KERNEL]: adamKernel(tf, network),
    ...normalizationKernels(tf, network),
    ...weightKernels(tf, network),
  };
}

interface AdamAttrs {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  correction1: number;
  correction2: number;
}

/**
 * Returns the kernel that computes a step of Adam. The inputs {value, first, second, gradient} have the same shape; the
 * outputs are the new value and the new moments.
 */
function adamKernel(tf: Tf, network: NativeNetwork) {
  type Inputs = { value: TensorInfo; first: TensorInfo; second: TensorInfo; gradient: TensorInfo };
  return ({ inputs, attrs, backend }: Call<Inputs, AdamAttrs>): TensorInfo[] => {
    const { value, first, second, gradient } = inputs;
    const before = [gradient, value, first, second];
    for (const tensor of before) tf.util.assertShapesMatch(tensor.shape, value.shape, "Adam: ");
    const after = [0, 1, 2].map(() => makeOutput(tf, backend, value.shape, "float32"));
    type Seven = [number, number, number, number, number, number, number];
    const offsets = [...before, ...after].map((tensor) => offsetOf(backend, tensor)) as Seven;
    const { learningRate, beta1, beta2, epsilon, correction1, correction2 } = attrs;
    const rates = [learningRate, beta1, beta2, epsilon, correction1, correction2] as const;
    const heap = heapOf(backend, value);
    withTranslation(() => network.stepAdam(heap, ...offsets, tf.util.sizeFromShape(value.shape), ...rates));
    return after;
  };
}

interface NormalizationInputs {
  x: TensorInfo;
  gamma: TensorInfo;
  beta: TensorInfo;
}

function normalizationKernels(tf: Tf, network: NativeNetwork) {
  /** Rows and columns of a tensor that is normalized along its last axis. */
  const sizeOf = ({ shape }: TensorInfo): [number, number] => {
    const cols = shape.at(-1) as number;
    return [tf.util.sizeFromShape(shape) / Math.max(cols, 1), cols];
  };
  return {
    [NORMALIZATION_KERNEL]: ({ inputs, attrs, backend }: Call<NormalizationInputs, { epsilon: number }>) => {
      const { x, gamma, beta } = inputs;
      const outputs = [x, gamma, gamma].map(({ shape }) => makeOutput(tf, backend, shape, "float32"));
      const offsets = [x, gamma, beta, ...outputs].map((tensor) => offsetOf(backend, tensor)) as Six;
      withTranslation(() => network.normalize(heapOf(backend, x), ...offsets, ...sizeOf(x), attrs.epsilon));
      return outputs;
    },
    [NORMALIZATION_GRADIENT_KERNEL]: ({
      inputs,
      attrs,
      backend,
    }: Call<NormalizationInputs & { mean: TensorInfo; variance: TensorInfo; dy: TensorInfo }, { epsilon: number }>) => {
      const { x, gamma, beta, mean, variance, dy } = inputs;
      const outputs = [x, gamma, beta].map(({ shape }) => makeOutput(tf, backend, shape, "float32"));
      const tensors = [x, gamma, beta, mean, variance, dy, ...outputs];
      const offsets = tensors.map((tensor) => offsetOf(backend, tensor)) as Nine;
      withTranslation(() => network.normalizeBack(heapOf(backend, x), ...offsets, ...sizeOf(x), attrs.epsilon));
      return outputs;
    },
  };
}

type Six = [number, number, number, number, number, number];
type Nine = [...Six, number, number, number];

function weightKernels(tf: Tf, network: NativeNetwork) {
  type Inputs<Name extends string> = Readonly<Record<Name, TensorInfo>>;
  const sizeOf = ({ shape }: TensorInfo) => tf.util.sizeFromShape(shape);
  return {
    [VARIANCE_KERNEL]: ({ inputs: { rho }, backend }: Call<Inputs<"rho">, object>) => {
      const out = makeOutput(tf, backend, rho.shape, "float32");
      const [from, to] = [offsetOf(backend, rho), offsetOf(backend, out)];
      withTranslation(() => network.weightVariances(heapOf(backend, rho), from, to, sizeOf(rho)));
      return out;
    },
    [VARIANCE_GRADIENT_KERNEL]: ({ inputs: { rho, dy }, backend }: Call<Inputs<"rho" | "dy">, object>) => {
      const out = makeOutput(tf, backend, rho.shape, "float32");
      const [atRho, atDy, to] = [rho, dy, out].map((tensor) => offsetOf(backend, tensor)) as [number, number, number];
      withTranslation(() => network.weightVariancesBack(heapOf(backend, rho), atRho, atDy, to, sizeOf(rho)));
      return out;
    },
    [DIVERGENCE_KERNEL]: ({ inputs, attrs, backend }: Call<Inputs<"mean" | "rho">, { prior: number }>) => {
      const { mean, rho } = inputs;
      const out = makeOutput(tf, backend, [], "float32");
      const [atMean, atRho, to] = [mean, rho, out].map((tensor) => offsetOf(backend, tensor)) as [
        number,
        number,
        number,
      ];
      withTranslation(() =>
        network.weightDivergence(heapOf(backend, rho), atMean, atRho, to, sizeOf(rho), attrs.prior),
      );
      return out;
    },
    [DIVERGENCE_GRADIENT_KERNEL]: ({
      inputs,
      attrs,
      backend,
    }: Call<Inputs<"mean" | "rho" | "dy">, { prior: number }>) => {
      const { mean, rho, dy } = inputs;
      const outputs = [mean, rho].map(({ shape }) => makeOutput(tf, backend, shape, "float32"));
      const offsets = [mean, rho, dy, ...outputs].map((tensor) => offsetOf(backend, tensor)) as Five;
      withTranslation(() => network.weightDivergenceBack(heapOf(backend, rho), ...offsets, sizeOf(rho), attrs.prior));
      return outputs;
    },
  };
}

type Five = [number, number, number, number, number];
