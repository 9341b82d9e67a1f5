import { Matrix } from "../matrix.js";
import { applyPreparation } from "../preparation/index.js";
import type { DistanceName, Tsne } from "../tsne/index.js";

/** The points to search, and how their distances are measured. */
export interface SearchedPoints {
  /** n x d, or n x the number of principal components to which a run has reduced its data. */
  readonly mean: Matrix;
  readonly sigma: Matrix | undefined;
  /** Number of columns of the data before any reduction. */
  readonly width: number;
  /**
   * Converts vectors with `width` columns, and their standard deviations, to the columns of the points to search, which
   * may be principal components.
   */
  bring(vectors: Matrix, sigma: Matrix | undefined): { readonly mean: Matrix; readonly sigma: Matrix | undefined };
  readonly distance: DistanceName;
  readonly varianceFloor: "auto" | number;
  readonly threads: number;
}

/**
 * Returns the points of a run in the units of its data, with the float32 precision of its computations, and the
 * variance floor of its distance.
 */
export function unpackRun(
  run: Tsne,
  signal: AbortSignal | undefined,
): Promise<Pick<SearchedPoints, "mean" | "sigma" | "width" | "bring"> & { knownFloor: number | undefined }> {
  return run.exclusively({ signal }, async (native, _report, shape) => {
    const { rows, cols, hasSigma, scale, sigmaScale, varianceFloor: knownFloor } = shape;
    const center = native.readState({ name: "center", first: 0, last: cols });
    const components = run.options.pca;
    const axes = components === undefined ? undefined : native.readState({ name: "axes", first: 0, last: cols });
    const width = components ?? cols;
    const inUnits = (name: "means" | "deviations", unit: number, origin: (column: number) => number) =>
      new Matrix(
        Float64Array.from(
          native.readState({ name, first: 0, last: rows }),
          (value, at) => value * unit + origin(at % width),
        ),
        rows,
        width,
      );
    return {
      mean: inUnits("means", scale, axes ? () => 0 : (column) => center[column]),
      sigma: hasSigma ? inUnits("deviations", sigmaScale, () => 0) : undefined,
      width: cols,
      knownFloor,
      bring(vectors: Matrix, given: Matrix | undefined) {
        const { means, sigma } = run.preparation
          ? applyPreparation(run.preparation, { means: vectors, sigma: given })
          : { means: vectors, sigma: given };
        return { mean: axes && components !== undefined ? project(means, center, axes, components) : means, sigma };
      },
    };
  });
}

/** Subtracts the center from the rows and projects them onto the axes: d x components. */
function project(vectors: Matrix, center: ArrayLike<number>, axes: ArrayLike<number>, components: number): Matrix {
  const scores = new Matrix(new Float64Array(vectors.rows * components), vectors.rows, components);
  for (let i = 0; i < vectors.rows; i++) {
    const [row, out] = [vectors.row(i), scores.row(i)];
    for (let j = 0; j < row.length; j++) {
      const deviation = row[j] - center[j];
      for (let c = 0; c < components; c++) out[c] = out[c] + deviation * axes[j * components + c];
    }
  }
  return scores;
}
