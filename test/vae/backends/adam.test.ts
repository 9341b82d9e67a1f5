import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { selectBackend } from "../../../src/vae/backends/index.js";

const TARGET = [3, -1, 0.5, 2, -4];

/** The values after some steps towards a target, from zero. */
function descend(optimizer: tf.Optimizer, steps: number, variable: tf.Variable): number[] {
  for (let i = 0; i < steps; i++) {
    optimizer.minimize(() => tf.sum(tf.square(tf.sub(variable, TARGET))) as tf.Scalar, false, [variable]);
  }
  return Array.from(variable.dataSync());
}

function zeros(): tf.Variable {
  return tf.variable(tf.zeros([TARGET.length]));
}

describe.each(["wasm", "cpu"] as const)("on %s", (name) => {
  test("takes the steps of tf.train.adam", async () => {
    const backend = await selectBackend(name, { threads: 2 });
    const [ours, stock] = [zeros(), zeros()];
    const found = descend(backend.createAdam({ learningRate: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 1e-6 }), 40, ours);
    const expected = descend(tf.train.adam(0.1, 0.8, 0.9, 1e-6), 40, stock);
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 4);
    });
  });

  test("goes on as if it had not been stopped, from its weights", async () => {
    const backend = await selectBackend(name);
    const [whole, parts] = [zeros(), zeros()];
    const expected = descend(backend.createAdam({ learningRate: 0.1 }), 12, whole);
    const before = backend.createAdam({ learningRate: 0.1 });
    descend(before, 5, parts);
    const after = backend.createAdam({ learningRate: 0.1 });
    await after.setWeights(await before.getWeights());
    before.dispose();
    expect(after.iterations).toBe(5);
    descend(after, 7, parts).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 5);
    });
  });

  test("leaves copies of a variable as they were, and no tensor but its moments", async () => {
    const backend = await selectBackend(name);
    const variable = zeros();
    const copy = tf.clone(variable);
    const optimizer = backend.createAdam();
    const before = tf.memory().numTensors;
    descend(optimizer, 3, variable);
    expect(tf.memory().numTensors).toBe(before + 2);
    expect(Array.from(copy.dataSync())).toEqual([0, 0, 0, 0, 0]);
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("may be changed between steps", async () => {
    const backend = await selectBackend(name);
    const variable = zeros();
    const optimizer = backend.createAdam({ learningRate: 0.1 });
    const first = descend(optimizer, 1, variable);
    optimizer.learningRate = 1e-12;
    optimizer.beta1 = 0.5;
    expect(descend(optimizer, 1, variable)).toEqual(first);
  });
});

test("bad options are named, and weights of another kind", async () => {
  const backend = await selectBackend("wasm");
  expect(() => backend.createAdam({ learningRate: 0 })).toThrow(
    "learningRate: expected a number greater than 0, received 0",
  );
  expect(() => backend.createAdam({ beta1: 1 })).toThrow("beta1: expected a number from 0 to below 1, received 1");
  expect(() => backend.createAdam({ epsilon: Number.NaN })).toThrow("epsilon");
  expect(() => backend.createAdam({ beta: 1 } as never)).toThrow('did you mean "beta1"?');
  const stock = tf.train.adam(0.1);
  descend(stock, 1, zeros());
  await expect(backend.createAdam().setWeights(await stock.getWeights())).rejects.toMatchObject({
    argument: "weights",
  });
});
