import type * as TensorFlow from "@tensorflow/tfjs-core";
import type { KernelConfig, KernelFunc, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from "@tensorflow/tfjs-core";
import { binding, withTranslation } from "../../binding.js";
import { SigmaTsneError } from "../../errors.js";
import { type Call, heapOf, makeOutput, type NativeNetwork, offsetOf, type Tf } from "./wasm-tensors.js";
import { trainingKernels } from "./wasm-training.js";

/** Activations that the native kernels support. The backend's own kernels compute all other activations. */
const ACTIVATIONS: ReadonlySet<string> = new Set(["linear", "relu", "relu6", "sigmoid", "elu", "leakyrelu"]);

/** The backend's own kernels, by name. They compute the calls that the native kernels do not support. */
const stock = new Map<string, KernelFunc | undefined>();

/**
 * Replaces the kernels of the wasm backend that need most of the training time. The new kernels are part of the native
 * addon. Adds the gradient of the convolution with respect to its filter, which the backend does not have. The addon's
 * kernels read and write tensors directly in the memory of the WebAssembly module.
 */
export function registerNativeKernels(tf: Tf, threads: number): void {
  const network = new binding.Network(threads);
  const kernels = {
    ...matrixKernels(tf, network),
    ...convolutionKernels(tf, network),
    ...reductionKernels(tf, network),
    ...trainingKernels(tf, network),
    Slice: sliceKernel(tf),
  };
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    const present = (tf.getKernel(kernelName, "wasm") as KernelConfig | undefined)?.kernelFunc;
    if (!stock.has(kernelName)) stock.set(kernelName, present);
    if (present) tf.unregisterKernel(kernelName, "wasm");
    tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc: kernelFunc as unknown as KernelFunc });
  }
}

/** Computes a call with the backend's own kernel, because the native kernel does not support `what`. */
function fallBack(name: string, call: Call<object, object>, what: string): TensorInfo {
  const kernel = stock.get(name);
  if (!kernel)
    throw new SigmaTsneError(
      "BACKEND_UNAVAILABLE",
      `the wasm backend does not support ${what} in the operation ${name}`,
    );
  const inputs = call.inputs as NamedTensorInfoMap;
  return kernel({ inputs, attrs: call.attrs as NamedAttrMap, backend: call.backend }) as TensorInfo;
}

interface MatMulAttrs {
  transposeA: boolean;
  transposeB: boolean;
  activation?: string;
  leakyreluAlpha?: number;
}

interface MatMulInputs {
  a: TensorInfo;
  b: TensorInfo;
  bias?: TensorInfo | null;
}

function matrixKernels(tf: Tf, network: NativeNetwork) {
  const multiply = (name: string, call: Call<MatMulInputs, MatMulAttrs>): TensorInfo => {
    const { a, b, bias } = call.inputs;
    const { transposeA, transposeB, activation = "linear", leakyreluAlpha } = call.attrs;
    if (a.dtype !== "float32" || b.dtype !== "float32") return fallBack(name, call, `${a.dtype} times ${b.dtype}`);
    if (!ACTIVATIONS.has(activation)) return fallBack(name, call, activation);
    const [rows, depth] = lastTwo(a.shape, transposeA);
    const [inner, cols] = lastTwo(b.shape, transposeB);
    if (inner !== depth || (bias && tf.util.sizeFromShape(bias.shape) !== cols)) {
      return fallBack(name, call, `the shapes ${a.shape}, ${b.shape} and ${bias?.shape}`);
    }
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const out = makeOutput(tf, call.backend, [...batch, rows, cols], "float32");
    const heap = heapOf(call.backend, out);
    const [atA, atB, atOut] = [a, b, out].map((tensor) => offsetOf(call.backend, tensor)) as [number, number, number];
    const atBias = bias ? offsetOf(call.backend, bias) : null;
    const [stepsA, stepsB] = [batchSteps(a.shape, batch), batchSteps(b.shape, batch)];
    const count = tf.util.sizeFromShape(batch);
    withTranslation(() => {
      for (let i = 0; i < count; i++) {
        network.multiply(
          heap,
          atA + 4 * rows * depth * batchIndex(i, batch, stepsA),
          atB + 4 * depth * cols * batchIndex(i, batch, stepsB),
          atBias,
          atOut + 4 * rows * cols * i,
          rows,
          cols,
          depth,
          transposeA,
          transposeB,
          activation as Parameters<typeof network.multiply>[10],
          leakyreluAlpha ?? 0.2,
        );
      }
    });
    return out;
  };
  return {
    BatchMatMul: (call: Call<MatMulInputs, MatMulAttrs>) => multiply("BatchMatMul", call),
    _FusedMatMul: (call: Call<MatMulInputs, MatMulAttrs>) => multiply("_FusedMatMul", call),
  };
}

function lastTwo(shape: readonly number[], transposed: boolean): [number, number] {
  const [rows, cols] = shape.slice(-2) as [number, number];
  return transposed ? [cols, rows] : [rows, cols];
}

/**
 * For each dimension of the batch, the distance between two consecutive matrices of the tensor along this dimension,
 * counted in matrices; 0 for a dimension that is broadcast.
 */
function batchSteps(shape: readonly number[], batch: readonly number[]): number[] {
  const steps: number[] = new Array(batch.length).fill(0);
  let step = 1;
  for (let own = shape.length - 3, to = batch.length - 1; own >= 0; own--, to--) {
    const size = shape[own];
    if (size > 1) steps[to] = step;
    step *= size;
  }
  return steps;
}

/** Index, within the tensor, of the matrix that is used for matrix i of the batch. */
function batchIndex(i: number, batch: readonly number[], steps: readonly number[]): number {
  let index = 0;
  for (let d = batch.length - 1, rest = i; d >= 0; d--) {
    const size = batch[d];
    index += (rest % size) * steps[d];
    rest = Math.floor(rest / size);
  }
  return index;
}

interface ConvolutionAttrs {
  strides: [number, number] | number;
  pad: "valid" | "same" | number | [[number, number], [number, number], [number, number], [number, number]];
  dataFormat: "NHWC" | "NCHW";
  dilations?: [number, number] | number;
  dimRoundingMode?: "floor" | "round" | "ceil";
  inputShape?: [number, number, number, number];
  filterShape?: [number, number, number, number];
  activation?: string;
  leakyreluAlpha?: number;
}

type Shape4D = [number, number, number, number];

/**
 * The description of a convolution for the addon, and the shape of its result. Returns undefined if the addon does not
 * support the convolution.
 */
function describeConvolution(tf: Tf, input: readonly number[], filter: readonly number[], attrs: ConvolutionAttrs) {
  const { strides, pad, dataFormat, dilations = 1, dimRoundingMode } = attrs;
  const info = tf.backend_util.computeConv2DInfo(
    input as Shape4D,
    filter as Shape4D,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    false,
    tf.backend_util.convertConv2DDataFormat(dataFormat),
  );
  if (info.dataFormat !== "channelsLast" || info.dilationHeight !== 1 || info.dilationWidth !== 1) return undefined;
  const { batchSize, inHeight, inWidth, inChannels, filterHeight, filterWidth, strideHeight, strideWidth } = info;
  const { padInfo, outHeight, outWidth, outChannels } = info;
  return {
    outShape: info.outShape,
    shape: Int32Array.of(
      ...[batchSize, inHeight, inWidth, inChannels, filterHeight, filterWidth, strideHeight, strideWidth],
      ...[padInfo.top, padInfo.left, outHeight, outWidth, outChannels],
    ),
  };
}

const describeUnsupported = ({ dataFormat, dilations = 1 }: ConvolutionAttrs) =>
  `${dataFormat} dilated by ${dilations}`;

type ConvolutionCall = Call<{ x: TensorInfo; filter: TensorInfo; bias?: TensorInfo | null }, ConvolutionAttrs>;

function convolve(tf: Tf, network: NativeNetwork, name: string, call: ConvolutionCall): TensorInfo {
  const { x, filter, bias } = call.inputs;
  const { activation = "linear", leakyreluAlpha } = call.attrs;
  const convolution = describeConvolution(tf, x.shape, filter.shape, call.attrs);
  if (!convolution || !ACTIVATIONS.has(activation)) return fallBack(name, call, describeUnsupported(call.attrs));
  const out = makeOutput(tf, call.backend, convolution.outShape, "float32");
  withTranslation(() =>
    network.convolve(
      heapOf(call.backend, out),
      offsetOf(call.backend, x),
      offsetOf(call.backend, filter),
      bias ? offsetOf(call.backend, bias) : null,
      offsetOf(call.backend, out),
      convolution.shape,
      activation as Parameters<typeof network.convolve>[6],
      leakyreluAlpha ?? 0.2,
    ),
  );
  return out;
}

function convolutionKernels(tf: Tf, network: NativeNetwork) {
  return {
    Conv2D: (call: ConvolutionCall) => convolve(tf, network, "Conv2D", call),
    FusedConv2D: (call: ConvolutionCall) => convolve(tf, network, "FusedConv2D", call),
    Conv2DBackpropInput: (call: Call<{ dy: TensorInfo; filter: TensorInfo }, ConvolutionAttrs>) => {
      const { dy, filter } = call.inputs;
      const inputShape = call.attrs.inputShape as Shape4D;
      const convolution = describeConvolution(tf, inputShape, filter.shape, call.attrs);
      if (!convolution) return fallBack("Conv2DBackpropInput", call, describeUnsupported(call.attrs));
      const out = makeOutput(tf, call.backend, inputShape, "float32");
      const [atDy, atFilter, atOut] = [dy, filter, out].map((tensor) => offsetOf(call.backend, tensor)) as Offsets;
      withTranslation(() =>
        network.convolveBackToInput(heapOf(call.backend, out), atDy, atFilter, atOut, convolution.shape),
      );
      return out;
    },
    Conv2DBackpropFilter: (call: Call<{ x: TensorInfo; dy: TensorInfo }, ConvolutionAttrs>) => {
      const { x, dy } = call.inputs;
      const filterShape = call.attrs.filterShape as Shape4D;
      const convolution = describeConvolution(tf, x.shape, filterShape, call.attrs);
      if (!convolution) return fallBack("Conv2DBackpropFilter", call, describeUnsupported(call.attrs));
      const out = makeOutput(tf, call.backend, filterShape, "float32");
      const [atX, atDy, atOut] = [x, dy, out].map((tensor) => offsetOf(call.backend, tensor)) as Offsets;
      withTranslation(() =>
        network.convolveBackToFilter(heapOf(call.backend, out), atX, atDy, atOut, convolution.shape),
      );
      return out;
    },
  };
}

type Offsets = [number, number, number];

interface ReductionAttrs {
  axis: number | number[] | null;
  keepDims: boolean;
}

/**
 * Kernels for sums and means over the leading dimensions, which are needed for biases and batch statistics. The
 * backend's own kernels would transpose the tensor first.
 */
function reductionKernels(tf: Tf, network: NativeNetwork) {
  const reduce = (name: "Sum" | "Mean", call: Call<{ x: TensorInfo }, ReductionAttrs>): TensorInfo => {
    const { x } = call.inputs;
    const axes = tf.util.parseAxisParam(call.attrs.axis as number[], x.shape);
    const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const first = kept.findIndex((size) => size !== 1);
    const isLeading = first < 0 || axes.every((axis) => axis < first || x.shape[axis] === 1);
    const cols = tf.util.sizeFromShape(kept);
    const size = tf.util.sizeFromShape(x.shape);
    if (x.dtype !== "float32" || !isLeading || size === 0) return fallBack(name, call, "these axes or this data type");
    const shape = call.attrs.keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
    const out = makeOutput(tf, call.backend, shape, "float32");
    const rows = size / cols;
    const [atX, atOut] = [offsetOf(call.backend, x), offsetOf(call.backend, out)];
    const scale = name === "Mean" ? 1 / rows : 1;
    withTranslation(() => network.sumRows(heapOf(call.backend, out), atX, atOut, rows, cols, scale));
    return out;
  };
  return {
    Sum: (call: Call<{ x: TensorInfo }, ReductionAttrs>) => reduce("Sum", call),
    Mean: (call: Call<{ x: TensorInfo }, ReductionAttrs>) => reduce("Mean", call),
  };
}

/**
 * Returns the kernel that copies a piece of a tensor. The backend's own kernel would copy the whole tensor for this.
 */
function sliceKernel(tf: Tf) {
  return (call: Call<{ x: TensorInfo }, { begin: number | number[]; size: number | number[] }>): TensorInfo => {
    const { backend, inputs, attrs } = call;
    const { x } = inputs;
    const [begin, size] = tf.slice_util.parseSliceParams(x as TensorFlow.Tensor, attrs.begin, attrs.size) as [
      number[],
      number[],
    ];
    if (x.dtype === "string" || !tf.slice_util.isSliceContinous(x.shape, begin, size)) {
      return fallBack("Slice", call, "slices that are not contiguous");
    }
    const out = makeOutput(tf, backend, size, x.dtype);
    const first = tf.slice_util.computeFlatOffset(begin, tf.util.computeStrides(x.shape));
    const from = backend.typedArrayFromHeap(x).subarray(first, first + tf.util.sizeFromShape(size));
    backend.typedArrayFromHeap(out).set(from as Float32Array);
    return out;
  };
}
