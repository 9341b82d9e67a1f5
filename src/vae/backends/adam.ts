import * as tf from "@tensorflow/tfjs-core";
import { rejectUnknown, requireOptions } from "../../arguments.js";
import { ArgumentError } from "../../errors.js";

/** Name of the kernel that does a whole step at once, where a backend has it. */
export const ADAM_KERNEL = "AdamStep";

/** Settings of {@link Adam}. */
export interface AdamOptions {
  /** Greater than 0. Default 0.001. */
  learningRate?: number | undefined;
  /** Decay of the mean of the gradients, from 0 to below 1. Default 0.9. */
  beta1?: number | undefined;
  /** Decay of the mean of their squares, from 0 to below 1. Default 0.999. */
  beta2?: number | undefined;
  /** Greater than 0. Default 1e-7. */
  epsilon?: number | undefined;
}

interface Moments {
  first: tf.Variable;
  second: tf.Variable;
}

const OPTIONS = ["learningRate", "beta1", "beta2", "epsilon"] as const;

/**
 * Adam (Kingma & Ba 2015, algorithm 1). Does what `tf.train.adam` does in one kernel where the backend has it, may be changed
 * between steps (`learningRate`, `beta1`, ...), and keeps the moments by the variables' names.
 */
export class Adam extends tf.Optimizer {
  static readonly className: string = "SigmaAdam";
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  private readonly moments = new Map<string, Moments>();
  /** Products of all steps' betas so far. */
  private decay1 = 1;
  private decay2 = 1;

  /** @throws {ArgumentError} for a bad option */
  constructor(options: AdamOptions = {}) {
    super();
    requireOptions(options);
    rejectUnknown(options, OPTIONS);
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
    requirePositive("learningRate", learningRate);
    requireDecay("beta1", beta1);
    requireDecay("beta2", beta2);
    requirePositive("epsilon", epsilon);
    this.learningRate = learningRate;
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
  }

  override applyGradients(gradients: tf.NamedTensorMap | { name: string; tensor: tf.Tensor }[]): void {
    const entries: [string, tf.Tensor | null][] = Array.isArray(gradients)
      ? gradients.map(({ name, tensor }) => [name, tensor])
      : Object.entries(gradients);
    this.decay1 *= this.beta1;
    this.decay2 *= this.beta2;
    const hasKernel = Boolean(tf.getKernel(ADAM_KERNEL, tf.getBackend()));
    tf.tidy(() => {
      for (const [name, gradient] of entries) {
        const variable = tf.engine().registeredVariables[name];
        if (!variable || !gradient) continue;
        const moments = this.momentsOf(variable);
        const [value, first, second] = hasKernel
          ? this.step(variable, moments, gradient)
          : this.stepByOperations(variable, moments, gradient);
        variable.assign(value);
        moments.first.assign(first);
        moments.second.assign(second);
      }
    });
    this.incrementIterations();
  }

  private momentsOf(variable: tf.Variable): Moments {
    let moments = this.moments.get(variable.name);
    if (!moments) {
      const zeros = () => tf.tidy(() => tf.variable(tf.zerosLike(variable), false));
      moments = { first: zeros(), second: zeros() };
      this.moments.set(variable.name, moments);
    }
    return moments;
  }

  private step(value: tf.Tensor, { first, second }: Moments, gradient: tf.Tensor): Step {
    const { learningRate, beta1, beta2, epsilon, decay1, decay2 } = this;
    return tf
      .engine()
      .runKernel(
        ADAM_KERNEL,
        { value, first, second, gradient },
        { learningRate, beta1, beta2, epsilon, correction1: 1 - decay1, correction2: 1 - decay2 },
      ) as Step;
  }

  private stepByOperations(value: tf.Tensor, moments: Moments, gradient: tf.Tensor): Step {
    const first = tf.add(tf.mul(moments.first, this.beta1), tf.mul(gradient, 1 - this.beta1));
    const second = tf.add(tf.mul(moments.second, this.beta2), tf.mul(tf.square(gradient), 1 - this.beta2));
    const spread = tf.add(tf.sqrt(tf.div(second, 1 - this.decay2)), this.epsilon);
    const change = tf.mul(tf.div(first, spread), this.learningRate / (1 - this.decay1));
    return [tf.sub(value, change), first, second];
  }

  /** All that a later {@link setWeights} needs to go on: the count of steps, the decays, and the moments. */
  override async getWeights(): Promise<{ name: string; tensor: tf.Tensor }[]> {
    const moments = [...this.moments].flatMap(([name, { first, second }]) => [
      { name: `${name}/m`, tensor: first },
      { name: `${name}/v`, tensor: second },
    ]);
    const decays = { name: "decays", tensor: tf.tensor1d([this.decay1, this.decay2]) };
    return [await this.saveIterations(), decays, ...moments];
  }

  override async setWeights(weights: { name: string; tensor: tf.Tensor }[]): Promise<void> {
    const [decays, ...moments] = await this.extractIterations(weights);
    const isWhole =
      decays?.name === "decays" &&
      moments.length % 2 === 0 &&
      moments.every(({ name }, i) => name.endsWith(i % 2 === 0 ? "/m" : "/v"));
    if (!isWhole) {
      const names = weights.map(({ name }) => name);
      throw new ArgumentError("INVALID_ARGUMENT", {
        argument: "weights",
        received: names,
        accepted: "its getWeights()",
      });
    }
    [this.decay1, this.decay2] = (await decays.tensor.data()) as unknown as [number, number];
    this.disposeMoments();
    for (let i = 0; i < moments.length; i += 2) {
      const [first, second] = moments.slice(i, i + 2).map(({ tensor }) => tf.variable(tensor, false));
      this.moments.set((moments[i] as { name: string }).name.slice(0, -2), { first, second } as Moments);
    }
  }

  override getConfig(): { [option in (typeof OPTIONS)[number]]: number } {
    const { learningRate, beta1, beta2, epsilon } = this;
    return { learningRate, beta1, beta2, epsilon };
  }

  override dispose(): void {
    this.disposeMoments();
  }

  private disposeMoments(): void {
    for (const { first, second } of this.moments.values()) tf.dispose([first, second]);
    this.moments.clear();
  }
}

/** Value and moments after a step. */
type Step = [tf.Tensor, tf.Tensor, tf.Tensor];

function requirePositive(argument: string, received: number): void {
  if (Number.isFinite(received) && received > 0) return;
  throw new ArgumentError("OUT_OF_RANGE", { argument, received, accepted: "a number greater than 0" });
}

function requireDecay(argument: string, received: number): void {
  if (received >= 0 && received < 1) return;
  throw new ArgumentError("OUT_OF_RANGE", { argument, received, accepted: "a number from 0 to below 1" });
}
