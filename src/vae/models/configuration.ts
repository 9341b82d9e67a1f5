import { distance } from "fastest-levenshtein";
import { requireInteger } from "../../arguments.js";
import { ArgumentError } from "../../errors.js";
import {
  type Accepted,
  checkOptions,
  choice,
  type Declarations,
  type DefaultedOption,
  declare,
  integer,
  number,
  type Option,
  parseInteger,
} from "../../options/index.js";

/** A complete configuration: a value for each option in `D`. */
export type Resolved<D extends Declarations> = { readonly [Name in keyof D]: Accepted<D[Name]> };

/**
 * Checks options and fills in the defaults.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT or OUT_OF_RANGE
 */
export function resolve<D extends Declarations>(declarations: D, options: unknown): Resolved<D> {
  const checked: Record<string, unknown> = checkOptions(declarations, options as object);
  for (const [name, option] of Object.entries(declarations)) {
    // An option without a default is required. Its check reports what is expected.
    if (checked[name] === undefined) option.check(undefined, name);
  }
  return checked as Resolved<D>;
}

/** Returns the same option with another default. */
export function withDefault<T>(option: Option<T>, initial: T): DefaultedOption<T> {
  return { ...option, default: initial, defaultText: String(initial) };
}

/** Declares an option whose value is a list of up to 16 integers. */
function integers(from: number, to: number, initial: readonly number[], help: string) {
  const accepted = `a list of 1 to 16 integers from ${from} to ${to}`;
  return declare<readonly number[]>(
    {
      accepted,
      range: `1 to 16 integers from ${from} to ${to}`,
      placeholder: "<n,...>",
      check(value, argument) {
        if (!(Array.isArray(value) && value.length > 0 && value.length <= 16)) {
          throw new ArgumentError("INVALID_ARGUMENT", { argument, received: value, accepted });
        }
        return value.map((entry, i) => requireInteger(entry, `${argument}[${i}]`, from, to));
      },
      parse: (text, typed) => text.split(",").map((part) => parseInteger(part.trim(), typed, from)),
    },
    { default: initial, defaultText: initial.join(","), help },
  );
}

/** Names of models in other programs, in lower case, and the corresponding names in this package. */
const FORMER_NAMES: Readonly<Record<string, string>> = {
  "0": "vae",
  "1": "conv-vae",
  "2": "gmvae",
  "3": "conv-gmvae",
  gan: "aae",
  gmvaecnn: "conv-gmvae",
  vaecnn: "conv-vae",
  cae: "conv-ae",
};

/**
 * @throws {ArgumentError} INVALID_ARGUMENT if `value` is not one of `choices`; the error suggests the most similar
 *   choice
 */
export function requireChoice<T extends string>(value: unknown, argument: string, choices: readonly T[]): T {
  if (choices.includes(value as T)) return value as T;
  const list = choices.join(", ");
  const word = String(value).toLowerCase();
  const former = FORMER_NAMES[word];
  const strangeness = (name: T) => distance(word, name) + Math.abs(name.length - word.length) / 100;
  const near = choices.toSorted((a, b) => strangeness(a) - strangeness(b))[0];
  if (former !== undefined && choices.includes(former as T)) {
    const message = `unknown ${argument} "${value}"; use "${former}". Accepted are ${list}`;
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received: value, accepted: `one of ${list}`, message });
  }
  const isNear = typeof value === "string" && value !== "" && distance(word, near) <= Math.max(2, word.length / 3);
  throw new ArgumentError("INVALID_ARGUMENT", {
    argument,
    received: value,
    accepted: `one of ${list}`,
    ...(isNear ? { message: `unknown ${argument} "${value}"; did you mean "${near}"? Accepted are ${list}` } : {}),
  });
}

/** Size of the images. Height and width have no defaults; the command line uses the size of the data set's images. */
export const imageOptions = {
  /** Rows of an image. */
  height: integer({ from: 1, to: 4096 }, { flag: false, help: "rows of an image" }),
  /** Columns of an image. */
  width: integer({ from: 1, to: 4096 }, { flag: false, help: "columns of an image" }),
  /** Channels of an image. */
  channels: integer({ from: 1, to: 64 }, { default: 1, flag: false, help: "channels of an image" }),
};

/** Seed of the initial weights. The command line uses the seed of the training also for the initial weights. */
export const seed = integer(
  { from: 0, to: Number.MAX_SAFE_INTEGER },
  { default: 42, flag: false, help: "seed of the initial weights" },
);

/** Variance of a Gaussian likelihood. */
export const outputVariance = number(
  { above: 0 },
  {
    default: 0.01,
    help: "variance of a Gaussian likelihood",
    guide: "variance of the Gaussian likelihood; if it is learned, the variance at the start of the training",
  },
);

/** Options of the networks of all models except micrograph-vae. */
export const networkOptions = {
  ...imageOptions,
  /** Number of dimensions of the latent variable z, which is called the code. */
  zDim: integer({ from: 1, to: 4096 }, { default: 20, help: "dimensions of the code" }),
  /** Number of units in each dense layer. */
  hiddenDim: integer({ from: 1, to: 65536 }, { default: 400, help: "units of a dense layer" }),
  /** Number of dense layers in the encoder, and also in the decoder. */
  numLayers: integer({ from: 0, to: 32 }, { default: 1, help: "dense layers in each of encoder and decoder" }),
  /** Number of channels of each convolution in the conv- models. Each convolution has stride 2. */
  filters: integers(1, 4096, [32, 64], "channels of the convolutions"),
  /** Number of rows and number of columns of a convolution's kernel in the conv- models. */
  kernelSize: integer({ from: 1, to: 31 }, { default: 4, help: "rows and columns of a convolution's kernel" }),
  /** Dropout: fraction of the hidden units that are left out at random in each training step. */
  dropout: number(
    { from: 0, below: 1 },
    { default: 0, help: "fraction of the hidden units that a training step leaves out" },
  ),
  /**
   * Likelihood p(x|z): `"bernoulli"`, which treats values between 0 and 1 as probabilities; `"gaussian"` with variance
   * `outputVariance`; or `"learned-gaussian"`, which learns one variance for all pixels and starts from
   * `outputVariance`.
   */
  likelihood: choice(["bernoulli", "gaussian", "learned-gaussian"], {
    default: "bernoulli",
    help: "distribution of the pixels: bernoulli, gaussian or learned-gaussian",
    guide:
      "distribution of the pixels given a code; `bernoulli` suits black and white images, `learned-gaussian` gray ones",
  }),
  /** Variance of a Gaussian likelihood. */
  outputVariance,
  /** Seed of the initial weights. */
  seed,
};
export type NetworkConfiguration = Resolved<typeof networkOptions>;

/** Weight, in the loss, of the KL divergence of the latent variables from their prior. */
export const beta = number({ from: 0 }, { default: 1, help: "weight of the divergence from the prior" });
/** Standard deviation of the Gaussian prior over every weight of a Bayesian network. */
export const priorSigma = number(
  { above: 0 },
  { default: 0.1, help: "Bayesian weights: standard deviation of their prior" },
);
