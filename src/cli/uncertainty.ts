import { extname } from "node:path";
import { ArgumentError } from "../errors.js";
import type { MapOptions } from "../plot/index.js";
import { type UncertaintyMeasures, uncertaintyColumns, uncertaintyNames } from "../tsne/index.js";
import { givesCovariances } from "./covariance-input.js";
import type { PointFacts } from "./inputs.js";
import { joinColumns, writeEmbedding } from "./point-table.js";

/** Columns of the uncertainty file of a two-dimensional embedding. */
export const UNCERTAINTY_COLUMNS = uncertaintyNames(2);

/** @throws {ArgumentError} if `--uncertainty` is given without the inputs that it needs */
export function checkUncertaintyFlags(flags: {
  uncertainty?: number;
  sigma?: string;
  covariance?: string;
  covarianceFactors?: string;
  covarianceDraws?: string;
  degreesOfFreedom?: number | undefined;
}): void {
  const reject = (argument: string, received: unknown, accepted: string, code: "INVALID_ARGUMENT" | "OUT_OF_RANGE") => {
    throw new ArgumentError(code, { argument, received, accepted });
  };
  const draws = flags.uncertainty as number;
  if (!(draws >= 2 && draws <= 1000)) reject("--uncertainty", draws, "an integer from 2 to 1000", "OUT_OF_RANGE");
  if (flags.sigma === undefined && !givesCovariances(flags)) {
    reject(
      "--sigma",
      undefined,
      "a file of standard deviations, or covariances, because --uncertainty needs them",
      "INVALID_ARGUMENT",
    );
  }
  const { degreesOfFreedom = 1 } = flags;
  if (degreesOfFreedom !== 1) {
    const accepted = "1 with --uncertainty, because points can only be placed with 1 degree of freedom";
    reject("--degrees-of-freedom", degreesOfFreedom, accepted, "INVALID_ARGUMENT");
  }
}

/**
 * Returns the path of the uncertainty file of an embedding: `map_uncertainty.npy` for `map.npy`, in the same folder.
 */
export function uncertaintyPath(output: string): string {
  const extension = extname(output);
  return `${output.slice(0, output.length - extension.length)}_uncertainty${extension}`;
}

/** Writes the columns of uncertainties, one point per row. */
export async function writeUncertainty(
  path: string,
  uncertainty: UncertaintyMeasures,
  points: PointFacts | undefined,
  signal: AbortSignal,
): Promise<void> {
  const columns = uncertaintyColumns(uncertainty);
  await writeEmbedding(path, joinColumns(columns), points, { columns: columns.map(([name]) => name), signal });
}

/**
 * Selects the uncertainties that a picture shows. The color of a point shows its displacement, unless the color already
 * shows labels. In two dimensions, ellipses show the covariances.
 */
export function drawnUncertainty(
  { displacement, covariance, draws }: UncertaintyMeasures,
  isLabeled: boolean,
): Pick<MapOptions, "values" | "valuesTitle" | "ellipses"> {
  return {
    ...(isLabeled ? {} : { values: displacement, valuesTitle: "mean displacement" }),
    ...(covariance.cols === 3 ? { ellipses: { covariances: covariance, draws } } : {}),
  };
}
