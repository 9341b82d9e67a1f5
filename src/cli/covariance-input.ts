import { ArgumentError } from "../errors.js";
import { readStack } from "../io/index.js";
import { Matrix } from "../matrix.js";
import { flagsByName } from "../options/index.js";
import { COVARIANCE_OPTIONS, type CovarianceOption, TSNE_SETTINGS, type TsneOptions } from "../tsne/index.js";
import { type PointFacts, resolveRows } from "./inputs.js";
import type { RowRange } from "./values.js";

/** Paths of covariance files. A command reads at most one of them. */
export type CovarianceFlags = { [Name in CovarianceOption]?: string };

const FLAGS = flagsByName(TSNE_SETTINGS);

/** Returns the name of the option with which the user gave a covariance file. */
const givenOption = (flags: CovarianceFlags): CovarianceOption | undefined =>
  COVARIANCE_OPTIONS.find((name) => flags[name] !== undefined);

/** Whether the user gave a covariance file. */
export const givesCovariances = (flags: CovarianceFlags): boolean => givenOption(flags) !== undefined;

/** Returns the paths of covariance files by flag, for checks of paths. */
export const covariancePaths = (flags: CovarianceFlags): Record<string, string | undefined> =>
  Object.fromEntries(COVARIANCE_OPTIONS.map((name) => [FLAGS[name], flags[name]]));

/**
 * Rejects options that would change the data without changing their covariances.
 *
 * @throws {ArgumentError} INVALID_ARGUMENT
 */
export function checkCovarianceFlags(
  flags: CovarianceFlags & {
    readonly landmarks?: number | undefined;
    readonly standardize?: unknown;
    readonly log1p?: unknown;
    readonly missing?: unknown;
    readonly sigmaIs?: unknown;
    readonly sigma?: unknown;
    readonly pca?: unknown;
  },
): void {
  const option = givenOption(flags);
  if (option === undefined) return;
  const refuse = (argument: string, received: unknown, reason: string) => {
    if (received === undefined) return;
    const accepted = `to be left out with ${FLAGS[option]}, ${reason}`;
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
  };
  const second = COVARIANCE_OPTIONS.find((name) => name !== option && flags[name] !== undefined);
  if (second !== undefined)
    refuse(FLAGS[second] as string, flags[second], "because only one form of covariances can be used");
  if (option !== "covarianceFactors")
    refuse("--sigma", flags.sigma, "because the diagonals of the covariances are the variances");
  refuse("--pca", flags.pca, "because the covariances belong to the given columns, not to principal components");
  refuse("--landmarks", flags.landmarks, "because landmarks are means of points and use --sigma");
  refuse("--standardize", flags.standardize, "because the covariances have the units of the given columns");
  refuse("--log1p", flags.log1p, "because the covariances have the units of the given columns");
  refuse("--sigma-is", flags.sigmaIs, "because --sigma must then contain standard deviations");
  refuse(
    "--missing",
    flags.missing === "mean" ? "mean" : undefined,
    "because values that are filled in have no covariances",
  );
}

/**
 * Reads the covariances of the points that remain after rows were cut out or dropped.
 *
 * @throws {FileError} for a file that cannot be read, or does not hold an array of three dimensions
 */
export async function readCovariance(
  flags: CovarianceFlags & { readonly rows?: RowRange | undefined },
  { rows, kept }: PointFacts,
  signal: AbortSignal,
): Promise<Pick<TsneOptions, CovarianceOption>> {
  const option = givenOption(flags);
  const path = option && flags[option];
  if (option === undefined || path === undefined) return {};
  const { data, shape } = await readStack(path, { signal });
  const [n, a, b] = shape;
  const whole = new Matrix(data, n, a * b);
  const [start, end] = flags.rows && n !== rows ? resolveRows(flags.rows, n, path) : [0, n];
  const cut = whole.slice(start, end);
  const part = kept && cut.rows === rows ? cut.take(kept) : cut;
  return { [option]: { data: part.data, shape: [part.rows, a, b] } };
}
