import { extname } from "node:path";
import { ArgumentError } from "../errors.js";
import { writeMatrix } from "../io/index.js";
import { Matrix } from "../matrix.js";
import type { MapOptions } from "../plot/index.js";
import type { PositionUncertainty } from "../tsne/index.js";

/** Names of the columns of a covariance, by its dimensions. */
const COVARIANCE: readonly (readonly string[])[] = [
  [],
  ["var_x"],
  ["var_x", "cov_xy", "var_y"],
  ["var_x", "cov_xy", "cov_xz", "var_y", "cov_yz", "var_z"],
];

/** The columns that are written for a map of two dimensions. */
export const UNCERTAINTY_COLUMNS: readonly string[] = ["displacement", ...(COVARIANCE[2] as string[]), "share"];

/** @throws {ArgumentError} for `--uncertainty` without what it needs */
export function checkUncertaintyFlags(flags: { uncertainty?: number; sigma?: string }): void {
  const reject = (argument: string, received: unknown, accepted: string, code: "INVALID_ARGUMENT" | "OUT_OF_RANGE") => {
    throw new ArgumentError(code, { argument, received, accepted });
  };
  const samples = flags.uncertainty as number;
  if (!(samples >= 2 && samples <= 1000)) reject("--uncertainty", samples, "an integer from 2 to 1000", "OUT_OF_RANGE");
  if (flags.sigma === undefined) {
    reject("--sigma", undefined, "the standard deviations, which --uncertainty needs", "INVALID_ARGUMENT");
  }
}

/** Where the uncertainty of the map `output` goes: `map.npy` has its beside it in `map_uncertainty.npy`. */
export function uncertaintyPath(output: string): string {
  const extension = extname(output);
  return `${output.slice(0, output.length - extension.length)}_uncertainty${extension}`;
}

/** Writes the columns displacement, covariance (var_x, cov_xy, var_y in two dimensions) and share, a point a row. */
export async function writeUncertainty(
  path: string,
  { displacement, covariance, share }: PositionUncertainty,
  signal: AbortSignal,
): Promise<void> {
  const { rows, cols } = covariance;
  const table = new Matrix(new Float32Array(rows * (cols + 2)), rows, cols + 2);
  for (let i = 0; i < rows; i++) {
    const row = table.row(i);
    row[0] = displacement[i] as number;
    row.set(covariance.row(i), 1);
    row[cols + 1] = share[i] as number;
  }
  const dims = cols === 6 ? 3 : cols === 3 ? 2 : 1;
  await writeMatrix(path, table, { columns: ["displacement", ...(COVARIANCE[dims] as string[]), "share"], signal });
}

/** What a picture shows of it: displacement as colour, unless labels have the colours, and ellipses in two dimensions. */
export function drawnUncertainty(
  { displacement, covariance }: PositionUncertainty,
  isLabelled: boolean,
): Pick<MapOptions, "values" | "valuesTitle" | "ellipses"> {
  return {
    ...(isLabelled ? {} : { values: displacement, valuesTitle: "mean displacement" }),
    ...(covariance.cols === 3 ? { ellipses: { covariances: covariance } } : {}),
  };
}
