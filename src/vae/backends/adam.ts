import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensor } from "../models/safetensors.js";

/** Name of the kernel that computes a whole step of Adam. Not every backend has this kernel. */
export const ADAM_KERNEL = "AdamStep";

const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Settings that may change from step to step. */
export interface AdamSettings {
  /** Step length of Adam, > 0. */
  readonly learningRate: number;
  /** Decay rate of the running mean of the gradients, 0 to below 1. */
  readonly beta1: number;
}

/** The state of {@link Adam} without the moments (the running means of the gradients and of their squares). */
export interface AdamState {
  /** Product of the values that beta1 had in all steps so far. */
  beta1Product: number;
  /** Product of the values that beta2 had in all steps so far. */
  beta2Product: number;
}

/**
 * Adam (Kingma & Ba 2015, algorithm 1) with settings that may change from step to step. The state is saved without loss
 * of precision. If the backend has the kernel {@link ADAM_KERNEL}, this kernel computes a whole step.
 */
export class Adam {
  private readonly moments: ReadonlyMap<string, { variable: tf.Variable; first: tf.Variable; second: tf.Variable }>;
  private state: AdamState = { beta1Product: 1, beta2Product: 1 };

  constructor(variables: ReadonlyMap<string, tf.Variable>) {
    const zeros = (variable: tf.Variable) => tf.tidy(() => tf.variable(tf.zeros(variable.shape), false));
    this.moments = new Map(
      [...variables].map(([key, variable]) => [key, { variable, first: zeros(variable), second: zeros(variable) }]),
    );
  }

  /** The variables that are trained. */
  get variables(): tf.Variable[] {
    return [...this.moments.values()].map(({ variable }) => variable);
  }

  /** @param gradients the gradients by the names of the variables, as `tf.variableGrads` returns them */
  apply(gradients: tf.NamedTensorMap, { learningRate, beta1 }: AdamSettings): void {
    this.state = {
      beta1Product: this.state.beta1Product * beta1,
      beta2Product: this.state.beta2Product * BETA2,
    };
    const correction1 = 1 - this.state.beta1Product;
    const correction2 = 1 - this.state.beta2Product;
    const attributes = { learningRate, beta1, beta2: BETA2, epsilon: EPSILON, correction1, correction2 };
    const hasKernel = tf.getKernel(ADAM_KERNEL, tf.getBackend()) !== undefined;
    tf.tidy(() => {
      for (const { variable, first, second } of this.moments.values()) {
        const gradient = gradients[variable.name];
        if (!gradient) continue;
        if (hasKernel) {
          const inputs = { value: variable, first, second, gradient };
          const outputs = tf.engine().runKernel(ADAM_KERNEL, inputs, attributes) as tf.Tensor[];
          [variable, first, second].forEach((target, i) => {
            target.assign(outputs[i]);
          });
          continue;
        }
        first.assign(tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1)));
        second.assign(tf.add(tf.mul(second, BETA2), tf.mul(tf.square(gradient), 1 - BETA2)));
        const spread = tf.add(tf.sqrt(tf.div(second, correction2)), EPSILON);
        variable.assign(tf.sub(variable, tf.mul(tf.div(first, spread), learningRate / correction1)));
      }
    });
  }

  /** Returns the moments, as tensors whose names begin with `prefix`, and the rest of the state. */
  async save(prefix: string): Promise<{ tensors: [string, NamedTensor][]; state: AdamState }> {
    const tensors: [string, NamedTensor][] = [];
    for (const [key, { first, second }] of this.moments) {
      for (const [kind, moment] of [["first", first] as const, ["second", second] as const]) {
        const values = Float32Array.from(await moment.data());
        tensors.push([`${prefix}/${kind}/${key}`, { shape: moment.shape, values }]);
      }
    }
    return { tensors, state: this.state };
  }

  /** Restores a state that {@link save} returned. */
  restore(prefix: string, tensors: ReadonlyMap<string, NamedTensor>, state: AdamState): void {
    this.state = state;
    tf.tidy(() => {
      for (const [key, { first, second }] of this.moments) {
        for (const [kind, moment] of [["first", first] as const, ["second", second] as const]) {
          const { values, shape } = tensors.get(`${prefix}/${kind}/${key}`) as NamedTensor;
          moment.assign(tf.tensor(values, [...shape]));
        }
      }
    });
  }

  /**
   * Sets all moments to 0. Call this method when the loss has changed, or when anything other than {@link apply} has
   * changed the variables.
   */
  reset(): void {
    this.state = { beta1Product: 1, beta2Product: 1 };
    tf.tidy(() => {
      for (const { first, second } of this.moments.values()) {
        for (const moment of [first, second]) moment.assign(tf.zerosLike(moment));
      }
    });
  }

  dispose(): void {
    for (const { first, second } of this.moments.values()) {
      first.dispose();
      second.dispose();
    }
  }
}
