import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { Adam } from "../../../src/vae/backends/adam.js";
import { selectBackend } from "../../../src/vae/backends/index.js";

const TARGET = [3, -1, 0.5, 2, -4];
const settings = { learningRate: 0.1, beta1: 0.8 };

const zeros = () => tf.variable(tf.zeros([TARGET.length]));
const loss = (variable: tf.Variable) => tf.sum(tf.square(tf.sub(variable, TARGET))) as tf.Scalar;

/** Returns the values after some steps toward a target. */
function takeSteps(adam: Adam, steps: number, variable: tf.Variable, given = settings): number[] {
  for (let i = 0; i < steps; i++) {
    tf.tidy(() => adam.apply(tf.variableGrads(() => loss(variable), [variable]).grads, given));
  }
  return Array.from(variable.dataSync());
}

describe.each(["wasm", "cpu"] as const)("on %s", (name) => {
  test("takes the steps of tf.train.adam", async () => {
    await selectBackend(name, { threads: 2 });
    const [ours, stock] = [zeros(), zeros()];
    const found = takeSteps(new Adam(new Map([["x", ours]])), 40, ours);
    const optimizer = tf.train.adam(settings.learningRate, settings.beta1, 0.999, 1e-8);
    for (let i = 0; i < 40; i++) optimizer.minimize(() => loss(stock), false, [stock]);
    const expected = Array.from(stock.dataSync());
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 4);
    });
  });

  test("continues exactly as if it had not been stopped", async () => {
    await selectBackend(name);
    const [whole, parts] = [zeros(), zeros()];
    const expected = takeSteps(new Adam(new Map([["x", whole]])), 12, whole);
    const before = new Adam(new Map([["x", parts]]));
    takeSteps(before, 5, parts);
    const { tensors, state } = await before.save("all");
    before.dispose();
    const after = new Adam(new Map([["x", parts]]));
    after.restore("all", new Map(tensors), JSON.parse(JSON.stringify(state)));
    expect(takeSteps(after, 7, parts)).toEqual(expected);
  });

  test("does not change copies of a variable, and leaves no tensor except its moments", async () => {
    await selectBackend(name);
    const variable = zeros();
    const copy = tf.clone(variable);
    const before = tf.memory().numTensors;
    const adam = new Adam(new Map([["x", variable]]));
    takeSteps(adam, 3, variable);
    expect(tf.memory().numTensors).toBe(before + 2);
    expect(Array.from(copy.dataSync())).toEqual([0, 0, 0, 0, 0]);
    adam.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("accepts other settings at every step", async () => {
    await selectBackend(name);
    const variable = zeros();
    const adam = new Adam(new Map([["x", variable]]));
    const first = takeSteps(adam, 1, variable);
    expect(takeSteps(adam, 1, variable, { learningRate: 1e-12, beta1: 0.5 })).toEqual(first);
  });
});
