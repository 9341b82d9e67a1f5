import { reject, rejectUnknown, requireInteger, requireOptions, requireSignal } from "../arguments.js";
import { ArgumentError } from "../errors.js";
import { covarianceOption, type NeighborSearch, resolveTsneOptions, type TsneOptions } from "../tsne/index.js";

/** The options that all maps of a comparison share. A variant cannot change them. */
const COMMON = ["sigma", "init", "seed", "outputDimensions", "threads", "signal", "onProgress", "verbose"] as const;

/** Options of t-SNE that may differ between the maps of a comparison. */
export type VariantOptions = Omit<TsneOptions, (typeof COMMON)[number] | "neighbors"> & {
  neighbors?: NeighborSearch | undefined;
};

/** One of the maps to compare. */
export interface CompareVariant {
  /** 1 to 60 characters, different for each variant. */
  readonly name: string;
  /** Options of this map. They take precedence over the options for all variants. */
  readonly options: VariantOptions;
}

/**
 * A progress report of {@link compare}: it computes a map, measures its quality under a distance, or compares two maps.
 */
export interface CompareProgress {
  step: "embedding" | "quality" | "neighborhoods";
  /** The name of the map in progress, or the names of the two maps that are compared. */
  name: string;
  stage: string;
  /** Completed fraction of this stage, 0 to 1. */
  fraction: number;
  /** While a map is computed: the number of completed iterations, and the total number of iterations. */
  iteration?: number;
  iterations?: number | undefined;
  kl?: number | undefined;
}

/**
 * Options of {@link compare}: options of t-SNE for all maps, and options of the comparison. All are optional, except
 * that the default variants need sigma.
 */
export interface CompareOptions
  extends VariantOptions,
    Pick<TsneOptions, "init" | "seed" | "outputDimensions" | "threads" | "signal"> {
  /**
   * Standard deviations of the data, of the same shape: n x d, each >= 0. Required unless all `variants` have distances
   * that do not use sigma.
   */
  sigma?: TsneOptions["sigma"];
  /**
   * The 2 to 8 maps to compare; all are aligned to the first. Default: `standard`, with the distance `"euclidean"`, and
   * `sigma-aware`, with the option `distance` or else `"inverse-variance"`.
   */
  variants?: readonly CompareVariant[] | undefined;
  /** n labels, to measure how well each map shows their classes. */
  labels?: ArrayLike<string | number> | undefined;
  /** Size of the compared neighborhoods: an integer from 1 to less than n / 2. Default 15, less for n < 31. */
  k?: number | undefined;
  /** Called about ten times per second. */
  onProgress?: ((progress: CompareProgress) => void) | undefined;
}

/** The resolved settings of a comparison. */
export interface CompareSettings {
  variants: { name: string; options: TsneOptions }[];
  k: number;
}

/** Maximum number of maps: with more maps, pictures would be unclear and the computation would take too long. */
const MOST_VARIANTS = 8;
const LONGEST_NAME = 60;
const DEFAULT_K = 15;

/**
 * Checks the options for `n` >= 3 points of `d` dimensions and fills in the defaults.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION, OUT_OF_RANGE or INVALID_ARGUMENT
 */
export function resolveCompareOptions(options: CompareOptions, n: number, d: number): CompareSettings {
  requireOptions(options);
  const { variants, labels: _, k, onProgress, signal, ...shared } = options;
  requireSignal(signal);
  if (typeof (onProgress ?? reject) !== "function") reject("onProgress", onProgress, "a function");
  const covariance = covarianceOption(shared);
  if (covariance) reject(covariance, shared[covariance], "to be left out in comparisons, which use sigma instead");
  if ("verbose" in shared)
    reject("verbose", shared.verbose, "to be left out in comparisons, which report their progress to onProgress");
  const largest = Math.floor((n - 1) / 2);
  const named = variants ?? defaultVariants(options);
  if (!Array.isArray(named) || named.length < 2 || named.length > MOST_VARIANTS) {
    reject("variants", variants, `2 to ${MOST_VARIANTS} variants, each {name, options}`);
  }
  const names = new Set<string>();
  const checked = named.map((variant: CompareVariant, i) => {
    const argument = `variants[${i}]`;
    if (typeof variant !== "object" || variant === null) reject(argument, variant, "an object {name, options}");
    rejectUnknown(variant, ["name", "options"], `${argument}.`);
    const { name, options: own = {} } = variant;
    const isName = typeof name === "string" && name.trim() !== "" && name.length <= LONGEST_NAME && !names.has(name);
    if (!isName)
      reject(`${argument}.name`, name, `a text of 1 to ${LONGEST_NAME} characters, different for each variant`);
    names.add(name);
    if (typeof own !== "object" || own === null) reject(`${argument}.options`, own, "an object");
    for (const key of COMMON) {
      if (key in own)
        reject(
          `${argument}.options.${key}`,
          own[key as keyof VariantOptions],
          "to be left out within a variant, because all variants use the same value: set it next to variants",
        );
    }
    const full = { ...shared, ...own } as TsneOptions;
    if (typeof (full.neighbors ?? "auto") !== "string") {
      reject(
        "neighbors",
        full.neighbors,
        '"auto", "exact" or "cells", because each variant searches its own neighbors',
      );
    }
    try {
      resolveTsneOptions(full, n, d);
    } catch (error) {
      throw error instanceof ArgumentError && error.argument in own ? withinVariant(error, argument) : error;
    }
    return { name, options: full };
  });
  return { variants: checked, k: k === undefined ? Math.min(DEFAULT_K, largest) : requireInteger(k, "k", 1, largest) };
}

function defaultVariants({ sigma, distance }: CompareOptions): CompareVariant[] {
  if (sigma === undefined)
    reject(
      "sigma",
      sigma,
      "standard deviations, because the default variants use them; or variants with distances that do not need sigma",
    );
  const aware = distance ?? "inverse-variance";
  if (aware === "euclidean")
    reject("distance", aware, 'a distance other than "euclidean", which the standard map uses');
  return [
    { name: "standard", options: { distance: "euclidean" } },
    { name: "sigma-aware", options: { distance: aware } },
  ];
}

/** Returns the same error, with the variant added to the name of the option. */
function withinVariant(cause: ArgumentError, variant: string): ArgumentError {
  const { code, received, accepted } = cause;
  return new ArgumentError(code, { argument: `${variant}.options.${cause.argument}`, received, accepted }, { cause });
}
