import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { selectBackend } from "../../../src/vae/backends/index.js";
import { normalizeRelu } from "../../../src/vae/backends/normalization.js";
import { weightDivergence, weightVariance } from "../../../src/vae/backends/weight-distributions.js";

/** Computes the same with the plain JavaScript backend and with the native kernels, and compares all numbers. */
async function expectAsOnCpu(compute: () => tf.Tensor[], tolerance = 2e-5): Promise<void> {
  const results: { shape: number[]; values: number[] }[][] = [];
  for (const backend of ["cpu", "wasm"]) {
    await tf.setBackend(backend);
    results.push(
      tf.tidy(() => compute().map((tensor) => ({ shape: tensor.shape, values: Array.from(tensor.dataSync()) }))),
    );
  }
  const [expected, found] = results as [(typeof results)[0], (typeof results)[0]];
  expect(found.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  found.forEach(({ values }, t) => {
    const wanted = expected[t]?.values;
    const worst = Math.max(0, ...wanted.map((v, i) => Math.abs(v - values[i]) / (1 + Math.abs(v))));
    expect(worst, `result ${t}`).toBeLessThan(tolerance);
    expect(values.some(Number.isNaN)).toBe(false);
  });
}

let seed = 1;

/** Numbers that are the same on every backend. */
function normal<R extends tf.Rank>(shape: tf.ShapeMap[R]): tf.Tensor<R> {
  return tf.randomNormal<R>(shape, 0, 1, "float32", seed++);
}

/** The result of `compute`, and the gradients of its squared sum by all of `inputs`. */
function withGradients(compute: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]): tf.Tensor[] {
  return [compute(...inputs), ...tf.grads((...xs) => tf.sum(tf.square(compute(...xs))))(inputs)];
}

beforeAll(async () => {
  await selectBackend("cpu");
  await selectBackend("wasm", { threads: 3 });
});

describe("matrix products", () => {
  test.each([
    [[4, 3], [3, 5], false, false],
    [[3, 4], [3, 5], true, false],
    [[4, 3], [5, 3], false, true],
    [[3, 4], [5, 3], true, true],
    [[1, 700], [700, 1], false, false],
    [[150, 1], [1, 33], false, false],
    [[2, 0], [0, 3], false, false],
    [[0, 2], [2, 3], false, false],
    [[3, 4, 6], [3, 6, 2], false, false],
    [[3, 4, 6], [1, 6, 2], false, false],
    [[1, 4, 6], [3, 2, 6], false, true],
    [[0, 4, 6], [0, 6, 2], false, false],
    [[2, 3, 4, 6], [2, 3, 6, 2], false, false],
  ])("of %j and %j, transposed %s and %s, equal those of the plain backend", async (a, b, transposeA, transposeB) => {
    await expectAsOnCpu(() => {
      seed = 1;
      return [tf.matMul(normal(a as [number, number]), normal(b as [number, number]), transposeA, transposeB)];
    });
  });

  test("with batches that are broadcast along several dimensions equal the single products", async () => {
    await tf.setBackend("wasm");
    const [a, b] = [normal<tf.Rank.R4>([2, 1, 3, 4]), normal<tf.Rank.R4>([1, 3, 4, 5])];
    const whole = tf.matMul(a, b);
    expect(whole.shape).toEqual([2, 3, 3, 5]);
    for (const i of [0, 1]) {
      for (const j of [0, 1, 2]) {
        const one = tf.matMul(tf.slice(a, [i, 0, 0, 0], [1, 1, 3, 4]), tf.slice(b, [0, j, 0, 0], [1, 1, 4, 5]));
        expect(tf.slice(whole, [i, j, 0, 0], [1, 1, 3, 5]).dataSync()).toEqual(one.dataSync());
      }
    }
  });

  test.each(["linear", "relu", "relu6", "sigmoid", "elu", "leakyrelu", "prelu"] as const)(
    "with a bias and %s equal those of the plain backend, and so do their gradients",
    async (activation) => {
      const compute = () => {
        seed = 1;
        const [a, b, bias] = [normal<tf.Rank.R2>([7, 5]), normal<tf.Rank.R2>([5, 37]), normal<tf.Rank.R1>([37])];
        const preluActivationWeights = activation === "prelu" ? tf.scalar(0.3) : undefined;
        const fused = {
          activation,
          leakyreluAlpha: 0.3,
          ...(preluActivationWeights ? { preluActivationWeights } : {}),
        };
        const result = tf.fused.matMul({ a, b, bias, ...fused });
        if (activation === "relu6" || activation === "prelu" || activation === "leakyrelu" || activation === "sigmoid")
          return [result];
        return [
          result,
          ...withGradients(
            (x, y, z) =>
              tf.fused.matMul({ a: x as tf.Tensor2D, b: y as tf.Tensor2D, bias: z as tf.Tensor1D, activation }),
            [a, b, bias],
          ),
        ];
      };
      await expectAsOnCpu(compute);
    },
  );

  test("of integers are rejected, as by the backend without native kernels", async () => {
    await tf.setBackend("wasm");
    const call = { inputs: { a: tf.zeros([2, 2], "int32"), b: tf.zeros([2, 2], "int32") } };
    const attrs = { transposeA: false, transposeB: false };
    expect(() => tf.engine().runKernel("BatchMatMul", call.inputs, attrs)).toThrow("float32");
  });

  test("that do not fit into WebAssembly's memory are rejected with OUT_OF_MEMORY", async () => {
    await tf.setBackend("wasm");
    expect(() => tf.tidy(() => tf.matMul(tf.zeros([40000, 1]), tf.zeros([1, 40000])))).toThrow(
      expect.objectContaining({ code: "OUT_OF_MEMORY" }),
    );
  });
});

describe("convolutions and their gradients equal those of the plain backend", () => {
  test.each([
    { input: [2, 9, 8, 3], filter: [3, 3, 3, 5], strides: 1, pad: "same" },
    { input: [2, 9, 8, 3], filter: [5, 5, 3, 4], strides: 2, pad: "same" },
    { input: [1, 8, 8, 1], filter: [5, 5, 1, 2], strides: 2, pad: "same" },
    { input: [2, 7, 9, 2], filter: [2, 4, 2, 3], strides: [3, 1], pad: "valid" },
    { input: [2, 6, 6, 2], filter: [3, 3, 2, 1], strides: 1, pad: 1 },
    { input: [1, 5, 6, 2], filter: [3, 2, 2, 2], strides: 2, pad: [[0, 0], [2, 1], [0, 3], [0, 0]] }, // biome-ignore format: one case per line
    { input: [1, 6, 6, 2], filter: [1, 1, 2, 3], strides: 3, pad: "valid" },
    { input: [0, 6, 6, 2], filter: [3, 3, 2, 3], strides: 1, pad: "same" },
  ])("%j", async ({ input, filter, strides, pad }) => {
    type Pad = "same" | "valid" | number;
    await expectAsOnCpu(() => {
      seed = 1;
      const convolve = (x: tf.Tensor, w: tf.Tensor) =>
        tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides as [number, number], pad as Pad);
      return withGradients(convolve, [normal(input as [number]), normal(filter as [number])]);
    });
  });

  test.each([
    { input: [2, 4, 5, 3], filter: [5, 5, 2, 3], strides: 2, pad: "same", output: [2, 8, 10, 2] },
    { input: [1, 6, 6, 4], filter: [5, 5, 1, 4], strides: 1, pad: "same", output: [1, 6, 6, 1] },
    { input: [1, 3, 3, 2], filter: [2, 2, 3, 2], strides: 3, pad: "valid", output: [1, 8, 8, 3] },
  ])("transposed, %j", async ({ input, filter, strides, pad, output }) => {
    await expectAsOnCpu(() => {
      seed = 1;
      const convolve = (x: tf.Tensor, w: tf.Tensor) => {
        const [first, second] = [x as tf.Tensor4D, w as tf.Tensor4D];
        return tf.conv2dTranspose(first, second, output as [number, number, number, number], strides, pad as "same");
      };
      return withGradients(convolve, [normal(input as [number]), normal(filter as [number])]);
    });
  });

  test("with a bias and an activation", async () => {
    await expectAsOnCpu(() => {
      seed = 1;
      const [x, filter, bias] = [
        normal<tf.Rank.R4>([2, 6, 6, 3]),
        normal<tf.Rank.R4>([3, 3, 3, 20]),
        normal<tf.Rank.R1>([20]),
      ];
      return [tf.fused.conv2d({ x, filter, bias, strides: 2, pad: "same", activation: "relu" })];
    });
  });

  test("with dilation, which the backend's own kernel computes", async () => {
    await expectAsOnCpu(() => {
      seed = 1;
      return [tf.conv2d(normal<tf.Rank.R4>([1, 9, 9, 2]), normal<tf.Rank.R4>([3, 3, 2, 3]), 1, "valid", "NHWC", 2)];
    });
  });
});

describe("slices", () => {
  test("of numbers and booleans equal those of the plain backend", async () => {
    await expectAsOnCpu(() => {
      seed = 1;
      const [matrix, cube] = [normal<tf.Rank.R2>([6, 5]), normal<tf.Rank.R3>([3, 4, 5])];
      return [
        tf.slice(matrix, [2, 0], [3, 5]),
        tf.slice(matrix, [1, 2], [3, 2]),
        tf.slice(matrix, 4),
        tf.slice(cube, [1, 1, 0], [1, 2, 5]),
        tf.slice(cube, [0, 1, 1], [3, 2, 3]),
        tf.slice(matrix, [6, 0], [0, 5]),
        tf.slice(tf.tensor1d([1, 2, 3, 4], "int32"), 1, 2),
        tf.slice(tf.tensor1d([true, false, true], "bool"), 1, 2),
      ];
    });
  });

  test("of strings contain the requested strings", async () => {
    await tf.setBackend("wasm");
    expect(tf.slice(tf.tensor1d(["a", "b", "c"]), 1, 2).dataSync()).toEqual(["b", "c"]);
  });
});

test("sums and means along all kinds of axes equal those of the plain backend", async () => {
  await expectAsOnCpu(() => {
    seed = 1;
    const x = normal<tf.Rank.R4>([5, 4, 3, 7]);
    const odd = tf.reshape(normal<tf.Rank.R1>([12]), [1, 12, 1]);
    return [undefined, 0, 1, 3, -1, [0, 1], [0, 1, 2], [2, 3], [0, 3], [0, 1, 2, 3]]
      .flatMap((axes) => [tf.sum(x, axes), tf.mean(x, axes), tf.sum(x, axes, true), tf.mean(x, axes, true)])
      .concat([0, 1, [1, 2], [0, 2]].flatMap((axes) => [tf.sum(odd, axes), tf.mean(odd, axes, true)]))
      .concat([tf.sum(tf.zeros([0, 3]), 0), tf.sum(tf.tensor1d([1, 2], "int32")), tf.sum(tf.scalar(3))]);
  });
});

test("a batch normalization and its gradients equal those of the plain backend", async () => {
  await expectAsOnCpu(() => {
    seed = 1;
    const normalize = (x: tf.Tensor, offset: tf.Tensor, scale: tf.Tensor) => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, offset as tf.Tensor1D, scale as tf.Tensor1D);
    };
    return withGradients(normalize, [
      normal<tf.Rank.R4>([3, 4, 4, 5]),
      normal<tf.Rank.R1>([5]),
      normal<tf.Rank.R1>([5]),
    ]);
  }, 1e-4);
});

test("the number of threads does not change any bit of the results", async () => {
  const results: unknown[] = [];
  for (const threads of [1, 4]) {
    await selectBackend("wasm", { threads });
    seed = 1;
    const [x, filter] = [normal<tf.Rank.R4>([8, 20, 20, 16]), normal<tf.Rank.R4>([5, 5, 16, 24])];
    const all = withGradients((a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 2, "same"), [x, filter]);
    results.push(all.map((tensor) => tensor.dataSync()));
  }
  expect(results[0]).toEqual(results[1]);
});

test("no tensor remains in memory", async () => {
  await tf.setBackend("wasm");
  const before = tf.memory();
  const backend = tf.backend() as unknown as { numDataIds(): number };
  const ids = backend.numDataIds();
  tf.tidy(() => {
    seed = 1;
    withGradients(
      (a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, "same"),
      [normal<tf.Rank.R4>([1, 4, 4, 2]), normal<tf.Rank.R4>([3, 3, 2, 2])],
    );
    tf.matMul(normal<tf.Rank.R2>([3, 3]), normal<tf.Rank.R2>([3, 3]));
    tf.sum(normal<tf.Rank.R2>([3, 3]), 0);
  });
  expect(tf.memory().numTensors).toBe(before.numTensors);
  expect(backend.numDataIds()).toBe(ids);
});

describe("normalized batches with a ReLU, and their gradients,", () => {
  test.each([[[64, 6, 5, 33]], [[7, 3]], [[2, 1, 1, 16]]])("of %j equal those of the plain backend", async (shape) => {
    await expectAsOnCpu(() => {
      seed = 1;
      const channels = [shape.at(-1)] as [number];
      const x = tf.add(normal(shape as [number]), 3);
      const normalize = (input: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
        normalizeRelu(input, gamma as tf.Tensor1D, beta as tf.Tensor1D, 1e-3);
      const [gamma, beta] = [normal(channels), normal(channels)];
      const { mean, variance } = normalize(x, gamma, beta);
      return [mean, variance, ...withGradients((...inputs) => normalize(...(inputs as [tf.Tensor, tf.Tensor, tf.Tensor])).y, [x, gamma, beta])]; // biome-ignore format: one line
    }, 2e-4);
  });

  test("allocate few tensors of the size of the batch", async () => {
    await tf.setBackend("wasm");
    const x = tf.keep(normal<tf.Rank.R4>([64, 20, 20, 16]));
    const [gamma, beta] = [tf.keep(tf.ones([16])), tf.keep(tf.zeros([16]))] as [tf.Tensor1D, tf.Tensor1D];
    const { peakBytes } = await tf.profile(() =>
      tf.tidy(() => tf.grad((input) => tf.sum(normalizeRelu(input, gamma, beta, 1e-3).y))(x)),
    );
    const before = tf.memory().numBytes;
    // In addition to x: y, the incoming gradient, for which the sum needs two tensors, and the outgoing gradient.
    expect(peakBytes - before).toBeLessThan(4.1 * x.size * 4);
    tf.dispose([x, gamma, beta]);
  });
});

describe("weights that are distributions", () => {
  test("have the variances and the divergence of the formulas, and their gradients", async () => {
    await expectAsOnCpu(() => {
      seed = 1;
      const [mean, rho] = [normal([5, 7]), tf.sub(tf.mul(normal([5, 7]), 3), 3)];
      const divergence = (m: tf.Tensor, r: tf.Tensor) => tf.div(weightDivergence(m, r, 0.5), 100);
      return [...withGradients(weightVariance, [rho]), ...withGradients(divergence, [mean, rho])];
    });
  });
});
