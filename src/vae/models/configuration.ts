import { distance } from "fastest-levenshtein";
import { rejectUnknown, requireInteger, requireOptions } from "../../arguments.js";
import { ArgumentError } from "../../errors.js";

/** One setting of a configuration: its default (none: it must be given) and its check. */
export interface Field<T> {
  readonly default?: T;
  /** `value`, if it is accepted. */
  check(value: unknown, argument: string): T;
}

/** The settings of a model by name. */
export type Fields = Readonly<Record<string, Field<unknown>>>;
/** A complete configuration with these settings. */
export type Resolved<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never;
};

/** An integer from `least` to `most`. */
export function integer(least: number, most: number, initial?: number): Field<number> {
  const check = (value: unknown, argument: string) => requireInteger(value, argument, least, most);
  return initial === undefined ? { check } : { default: initial, check };
}

/** A finite number that fulfils `isAccepted`, which `accepted` says in words. */
export function number(initial: number, accepted: string, isAccepted: (value: number) => boolean): Field<number> {
  return { default: initial, check: (value, argument) => requireNumber(value, argument, accepted, isAccepted) };
}

/** `true` or `false`. */
export function flag(initial: boolean): Field<boolean> {
  return {
    default: initial,
    check(value, argument) {
      if (typeof value === "boolean") return value;
      throw new ArgumentError("INVALID_ARGUMENT", { argument, received: value, accepted: "true or false" });
    },
  };
}

/** One of some words. */
export function choice<const T extends string>(choices: readonly T[], initial: T): Field<T> {
  return { default: initial, check: (value, argument) => requireChoice(value, argument, choices) };
}

/** A list of up to 16 integers, each from `least` to `most`. */
export function integers(least: number, most: number, initial: readonly number[]): Field<readonly number[]> {
  return {
    default: initial,
    check(value, argument) {
      if (!(Array.isArray(value) && value.length > 0 && value.length <= 16)) {
        const accepted = `a list of 1 to 16 integers from ${least} to ${most}`;
        throw new ArgumentError("INVALID_ARGUMENT", { argument, received: value, accepted });
      }
      return value.map((entry, i) => requireInteger(entry, `${argument}[${i}]`, least, most));
    },
  };
}

/**
 * The complete configuration that `options` ask for.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT or OUT_OF_RANGE
 */
export function resolve<F extends Fields>(fields: F, options: unknown): Resolved<F> {
  requireOptions(options);
  rejectUnknown(options, Object.keys(fields));
  const given = options as Readonly<Record<string, unknown>>;
  const entries = Object.entries(fields).map(([name, field]) => [
    name,
    field.check(given[name] === undefined ? field.default : given[name], name),
  ]);
  return Object.fromEntries(entries) as Resolved<F>;
}

/** @throws {ArgumentError} INVALID_ARGUMENT for what is no number, OUT_OF_RANGE for other numbers */
export function requireNumber(
  value: unknown,
  argument: string,
  accepted: string,
  isAccepted: (value: number) => boolean,
): number {
  if (typeof value !== "number") throw new ArgumentError("INVALID_ARGUMENT", { argument, received: value, accepted });
  if (!(Number.isFinite(value) && isAccepted(value))) {
    throw new ArgumentError("OUT_OF_RANGE", { argument, received: value, accepted });
  }
  return value;
}

/** @throws {ArgumentError} INVALID_ARGUMENT for another word, naming the nearest accepted one */
export function requireChoice<T extends string>(value: unknown, argument: string, choices: readonly T[]): T {
  if (choices.includes(value as T)) return value as T;
  const list = choices.join(", ");
  const word = String(value).toLowerCase();
  const strangeness = (name: T) => distance(word, name) + Math.abs(name.length - word.length) / 100;
  const near = choices.toSorted((a, b) => strangeness(a) - strangeness(b))[0];
  const isNear = typeof value === "string" && value !== "" && distance(word, near) <= Math.max(2, word.length / 3);
  throw new ArgumentError("INVALID_ARGUMENT", {
    argument,
    received: value,
    accepted: `one of ${list}`,
    ...(isNear ? { message: `unknown ${argument} "${value}"; did you mean "${near}"? Accepted are ${list}` } : {}),
  });
}

/** The size of the images, without defaults. */
export const imageFields = {
  /** Rows of an image, 1 to 4096. */
  height: integer(1, 4096),
  /** Columns of an image, 1 to 4096. */
  width: integer(1, 4096),
  /** Channels of an image, 1 to 64. Default 1. */
  channels: integer(1, 64, 1),
};

/** What the networks of all models but micrograph-vae are made of. */
export const networkFields = {
  ...imageFields,
  /** Dimensions of the latent variable z. Default 20. */
  zDim: integer(1, 4096, 20),
  /** Units of a dense layer. Default 400. */
  hiddenDim: integer(1, 65536, 400),
  /** Dense layers of encoder and decoder, each. Default 1. */
  numLayers: integer(0, 32, 1),
  /** Channels of the convolutions, each with stride 2; heeded by the conv- models. Default 32, 64. */
  filters: integers(1, 4096, [32, 64]),
  /** Pixels a side of a convolution's kernel; heeded by the conv- models. Default 4. */
  kernelSize: integer(1, 31, 4),
  /** Share of the hidden units that are left out in a training step, 0 <= share < 1. Default 0. */
  dropout: number(0, "a number >= 0 and < 1", (value) => value >= 0 && value < 1),
  /**
   * p(x|z): `"bernoulli"`, where values between 0 and 1 count as probabilities; `"gaussian"` with variance `outputVariance`; or
   * `"learned-gaussian"`, whose one variance for all pixels is learned, from `outputVariance` on. Default `"bernoulli"`.
   */
  likelihood: choice(["bernoulli", "gaussian", "learned-gaussian"], "bernoulli"),
  /** Variance of a Gaussian likelihood, > 0. Default 0.01. */
  outputVariance: number(0.01, "a number > 0", (value) => value > 0),
  /** Seed of the initial weights, an integer from 0 to 2^53 - 1. Default 42. */
  seed: integer(0, Number.MAX_SAFE_INTEGER, 42),
};
export type NetworkConfiguration = Resolved<typeof networkFields>;

/** The weight of the KL divergence of the latent variables. */
export const beta = number(1, "a number >= 0", (value) => value >= 0);
/** Standard deviation of the Gaussian prior over every weight of a Bayesian network, > 0. Default 0.1. */
export const priorSigma = number(0.1, "a number > 0", (value) => value > 0);
