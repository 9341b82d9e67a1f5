import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { Adam } from "../../src/vae/backends/adam.js";
import { selectBackend } from "../../src/vae/backends/index.js";

test("tfjs-node loads, is chosen by auto, and shares its tfjs-core with this package", async () => {
  const backend = await selectBackend("auto", { threads: 2 });
  expect(backend.description).toMatch(/^TensorFlow\.js 4\.\S+ on the TensorFlow library \(tfjs-node\)$/);
  expect(backend.name).toBe("node");
  expect(backend.tf).toBe((await selectBackend("node")).tf);
  expect(tf.getBackend()).toBe("tensorflow");
});

test("a training step with convolutions gives the same result as in WebAssembly", async () => {
  const results: number[][] = [];
  for (const name of ["node", "wasm"] as const) {
    await selectBackend(name);
    const [x, filter] = [
      tf.randomNormal([2, 8, 8, 3], 0, 1, "float32", 1),
      tf.randomNormal([5, 5, 3, 4], 0, 1, "float32", 2),
    ];
    const [weights, bias] = [tf.variable(filter) as tf.Variable<tf.Rank.R4>, tf.variable(tf.zeros([4]))];
    const variables = { weights, bias };
    const adam = new Adam(new Map(Object.entries(variables)));
    for (let step = 0; step < 3; step++) {
      const { grads } = tf.variableGrads(() => {
        const y = tf.sigmoid(tf.add(tf.conv2d(x as tf.Tensor4D, weights, 2, "same"), bias));
        return tf.sum(tf.square(y)) as tf.Scalar;
      }, Object.values(variables));
      adam.apply(grads, { learningRate: 0.01, beta1: 0.9 });
    }
    results.push([...weights.dataSync(), ...bias.dataSync()]);
    tf.dispose([weights, bias]);
  }
  const [node, wasm] = results as [number[], number[]];
  expect(Math.max(...node.map((v, i) => Math.abs(v - wasm[i])))).toBeLessThan(1e-4);
});
