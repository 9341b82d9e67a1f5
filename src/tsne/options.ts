import { availableParallelism } from "node:os";
import { reject, requireInteger } from "../arguments.js";
import { binding, type NativeOptions } from "../binding.js";
import {
  type CheckedValues,
  checkOptions,
  nativeFields,
  type OptionValues,
  type ResolvedValues,
} from "../options/index.js";
import { type COVARIANCE_OPTIONS, checkCovarianceOptions, covarianceOption } from "./covariances.js";
import { type RUN_CONTROLS, TSNE_OPTIONS, TSNE_SETTINGS } from "./declarations.js";
import { DISTANCES, type DistanceName, usesCovariances, usesSigma } from "./distances.js";

/** Options of {@link runBhTsne} and {@link Tsne}. All are optional. */
export interface TsneOptions extends OptionValues<typeof TSNE_SETTINGS>, OptionValues<typeof RUN_CONTROLS> {}

/** The options of a run with every default filled in, as plain data. */
export interface ResolvedTsneOptions extends Omit<ResolvedValues<typeof TSNE_SETTINGS>, SometimesUnused> {
  iterations: "auto" | number;
  /** `undefined` unless `iterations` is `"auto"`. */
  tolerance: number | undefined;
  /** `undefined` unless `iterations` is `"auto"`. */
  maxIterations: number | undefined;
  /** `"given"` if neighbors were given with their distances and no distance was named. */
  distance: DistanceName | "given";
  /** The perplexity. Several values are in ascending order. */
  perplexity: number | readonly number[];
  /** Number of principal components to which the data were reduced; `undefined` if they were not reduced. */
  pca: number | undefined;
  outputDimensions: 1 | 2 | 3;
  /**
   * Learning rate during early exaggeration. This and the next three are `undefined` unless the optimizer is
   * `"momentum"`.
   */
  learningRate: number | undefined;
  /** Learning rate after early exaggeration. */
  finalLearningRate: number | undefined;
  momentum: number | undefined;
  finalMomentum: number | undefined;
}

/** Options that have no effect in combination with some other options. */
type SometimesUnused = "tolerance" | "maxIterations" | "learningRate" | "momentum" | "finalMomentum";

type CheckedOptions = CheckedValues<typeof TSNE_OPTIONS>;

/**
 * Checks the options for `n` points of `d` dimensions and fills in the defaults.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION (with the nearest name), OUT_OF_RANGE or INVALID_ARGUMENT
 */
export function resolveTsneOptions(options: TsneOptions, n: number, d: number): ResolvedTsneOptions {
  const {
    sigma,
    covariance,
    covarianceFactors,
    covarianceDraws,
    rescaleInit,
    verbose,
    onProgress,
    onSnapshot,
    snapshotEvery,
    signal,
    ...settings
  } = checkOptions(TSNE_OPTIONS, options);
  checkCovarianceOptions(options);
  const uncertainty = uncertaintyOption(options);
  if ((options.snapshotEvery ?? undefined) !== undefined && !onSnapshot) {
    reject(
      "snapshotEvery",
      snapshotEvery,
      "to be left out without onSnapshot (on the command line, --animate or --snapshots)",
    );
  }
  if (rescaleInit && typeof settings.init === "string") {
    reject("rescaleInit", rescaleInit, "to be left out unless init is a matrix (on the command line, a file)");
  }
  return {
    ...settings,
    ...resolveNeighborOptions(options, settings, uncertainty, d > 0),
    method: resolveMethod(options, settings),
    perplexity: resolvePerplexity(settings.perplexity, n),
    outputDimensions: settings.outputDimensions as 1 | 2 | 3,
    pca: resolvePca(settings.pca, uncertainty, Math.min(n, d)),
    init: resolveInit(options, settings.init, d > 0),
    ...resolveOptimization(settings, n),
    threads: Math.min(settings.threads ?? availableParallelism(), binding.mostThreads ?? Number.POSITIVE_INFINITY),
  };
}

/** Returns the fields that the core reads, under the names from the declarations. */
export const toNative = (options: ResolvedTsneOptions): NativeOptions => nativeFields(TSNE_SETTINGS, options);

/** The option that gives standard deviations or covariances. */
type UncertaintyOption = "sigma" | (typeof COVARIANCE_OPTIONS)[number];

const uncertaintyOption = (options: TsneOptions): UncertaintyOption | undefined =>
  covarianceOption(options) ?? (options.sigma === undefined ? undefined : "sigma");

const WITHOUT_DATA = "to be left out if neighbors are given without data";

/** Resolves the distance and the neighbor search, which depend on each other and on sigma. */
function resolveNeighborOptions(
  options: TsneOptions,
  settings: Pick<CheckedOptions, "neighbors" | "distance">,
  uncertainty: UncertaintyOption | undefined,
  hasData: boolean,
): Pick<ResolvedTsneOptions, "neighbors" | "distance"> {
  const neighbors = typeof settings.neighbors === "string" ? settings.neighbors : "given";
  const isNamed = settings.distance !== undefined;
  if (neighbors === "given" && uncertainty && !isNamed) {
    const accepted =
      "to be left out if neighbors are given with their distances, unless the option distance names the distance";
    reject(uncertainty, options[uncertainty], accepted);
  }
  if (!hasData) {
    if (uncertainty) reject(uncertainty, options[uncertainty], WITHOUT_DATA);
    if (isNamed) reject("distance", settings.distance, WITHOUT_DATA);
  }
  const distance = settings.distance ?? (uncertainty ? "inverse-variance" : "euclidean");
  if (uncertainty && uncertainty !== "sigma" && !usesCovariances(distance)) {
    const accepted = DISTANCES.filter(usesCovariances).join(", ");
    reject("distance", distance, `one of ${accepted}, because the other distances cannot be used with covariances`);
  }
  if (usesSigma(distance) && !uncertainty) {
    const accepted = DISTANCES.filter((name) => !usesSigma(name)).join(", ");
    reject("distance", distance, `one of ${accepted}, because the other distances need sigma`);
  }
  return { neighbors, distance: neighbors === "given" && !isNamed ? "given" : distance };
}

/** Resolves the initial embedding. Without data there are no principal components to start from. */
function resolveInit(
  options: TsneOptions,
  init: CheckedOptions["init"],
  hasData: boolean,
): ResolvedTsneOptions["init"] {
  if (typeof init !== "string") return "given";
  if (hasData || init !== "pca") return init;
  if ((options.init ?? undefined) !== undefined) {
    reject("init", init, '"spectral", "random" or a matrix, because neighbors are given without data');
  }
  return "spectral";
}

/** Resolves the method. A given theta selects Barnes-Hut. */
function resolveMethod(
  options: TsneOptions,
  { method: asked, outputDimensions }: Pick<CheckedOptions, "method" | "outputDimensions">,
): ResolvedTsneOptions["method"] {
  const method = asked === "auto" && (options.theta ?? undefined) !== undefined ? "barnes-hut" : asked;
  if (method === "fft" && outputDimensions !== 2) {
    reject(
      "method",
      method,
      `"barnes-hut", "exact" or "auto" for ${outputDimensions} output dimensions, because "fft" needs 2`,
    );
  }
  return method;
}

/** @throws {ArgumentError} for too many principal components, and for any with sigma or covariances */
function resolvePca(
  pca: number | boolean,
  uncertainty: UncertaintyOption | undefined,
  largest: number,
): number | undefined {
  if (pca === false) return undefined;
  if (largest === 0) reject("pca", pca, WITHOUT_DATA);
  if (uncertainty === "sigma") {
    reject(
      "pca",
      pca,
      "to be left out with sigma, because standard deviations belong to the given columns, not to principal components",
    );
  }
  if (uncertainty) {
    reject(
      "pca",
      pca,
      `to be left out with ${uncertainty}, because the covariances belong to the given columns, not to principal components`,
    );
  }
  return requireInteger(pca === true ? Math.min(50, largest) : pca, "pca", 1, largest);
}

const DEFAULT_TOLERANCE = 0.005;
const DEFAULT_MAX_ITERATIONS = 1000;
const OPTIMIZER_DEFAULTS = {
  momentum: { iterations: 1000, earlyExaggerationIterations: 250 },
  curvature: { iterations: "auto", earlyExaggerationIterations: 90 },
} as const;

type OptimizationNames =
  | SometimesUnused
  | "optimizer"
  | "iterations"
  | "earlyExaggeration"
  | "earlyExaggerationIterations"
  | "exaggeration";

/** Resolves the optimizer, its settings and the number of iterations, which depend on each other. */
function resolveOptimization(
  settings: Pick<CheckedOptions, OptimizationNames>,
  n: number,
): Pick<ResolvedTsneOptions, Exclude<OptimizationNames, "earlyExaggeration" | "exaggeration"> | "finalLearningRate"> {
  const optimizer = resolveOptimizer(settings);
  const defaults = OPTIMIZER_DEFAULTS[optimizer];
  const iterations = settings.iterations ?? defaults.iterations;
  const isAuto = iterations === "auto";
  const usesMomentum = optimizer === "momentum";
  if (!isAuto) rejectGiven(settings, ["tolerance", "maxIterations"], "to be left out if iterations is a number");
  if (!usesMomentum) {
    const unused = { ...settings, learningRate: settings.learningRate === "auto" ? undefined : settings.learningRate };
    rejectGiven(unused, ["learningRate", "momentum", "finalMomentum"], "to be left out with the curvature optimizer");
  }
  return {
    optimizer,
    iterations,
    tolerance: isAuto ? (settings.tolerance ?? DEFAULT_TOLERANCE) : undefined,
    maxIterations: isAuto ? (settings.maxIterations ?? DEFAULT_MAX_ITERATIONS) : undefined,
    earlyExaggerationIterations: settings.earlyExaggerationIterations ?? defaults.earlyExaggerationIterations,
    ...(usesMomentum ? resolveLearningRates(settings, n) : { learningRate: undefined, finalLearningRate: undefined }),
    momentum: usesMomentum ? (settings.momentum ?? 0.5) : undefined,
    finalMomentum: usesMomentum ? (settings.finalMomentum ?? 0.8) : undefined,
  };
}

/** Resolves the optimizer. A given setting of the momentum optimizer selects it. */
function resolveOptimizer({
  optimizer,
  learningRate,
  momentum,
  finalMomentum,
}: Pick<
  CheckedOptions,
  "optimizer" | "learningRate" | "momentum" | "finalMomentum"
>): ResolvedTsneOptions["optimizer"] {
  const usesMomentum = learningRate !== "auto" || momentum !== undefined || finalMomentum !== undefined;
  return optimizer ?? (usesMomentum ? "momentum" : "curvature");
}

/** Rejects the first of the options `names` that is given. */
function rejectGiven<Name extends string>(
  settings: Readonly<Partial<Record<Name, unknown>>>,
  names: readonly Name[],
  expected: string,
): void {
  for (const name of names) {
    if (settings[name] !== undefined) reject(name, settings[name], expected);
  }
}

/** Returns the learning rates of both phases; see {@link TsneOptions.learningRate}. */
function resolveLearningRates(
  {
    learningRate,
    earlyExaggeration,
    exaggeration,
  }: Pick<CheckedOptions, "learningRate" | "earlyExaggeration" | "exaggeration">,
  n: number,
): Pick<ResolvedTsneOptions, "learningRate" | "finalLearningRate"> {
  if (learningRate !== "auto") return { learningRate, finalLearningRate: learningRate };
  return {
    learningRate: Math.max(50, n / earlyExaggeration),
    finalLearningRate: Math.max(50, n / exaggeration),
  };
}

/** The default perplexity for `n` points. */
export const usualPerplexity = (n: number): number => Math.min(30, largestPerplexity(n));

const largestPerplexity = (n: number): number => Math.max(1, (n - 1) / 3);

/** @throws {ArgumentError} if a perplexity is out of range for `n` points */
export function resolvePerplexity(given: unknown, n: number): number | readonly number[] {
  const largest = largestPerplexity(n);
  const list = Array.isArray(given) ? Array.from(given) : [given ?? usualPerplexity(n)];
  for (const value of list) {
    if (typeof value !== "number") reject("perplexity", value, "a number, or an array of numbers");
    if (value >= 1 && value <= largest) continue;
    const limit = n < 4 ? "1" : `(n - 1) / 3 = ${round(largest)}`;
    reject("perplexity", value, `1 to ${limit} for ${n} points`, "OUT_OF_RANGE");
  }
  if (list.length === 0 || new Set(list).size < list.length) {
    reject("perplexity", given, "a number, or an array of at least one, all different");
  }
  return list.length === 1 ? list[0] : list.sort((a, b) => a - b);
}

const round = (value: number): number => Math.floor(value * 100) / 100;
