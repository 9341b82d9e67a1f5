import { reject, tooFewPoints } from "../arguments.js";
import { Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import {
  type CheckedAffinities,
  checkAffinities,
  countPoints,
  type DistanceMatrix,
  isNeighborGraph,
  type NeighborGraph,
  type NeighborLists,
  shortestList,
} from "./given-neighbors.js";
import { type TsneOptions, usualPerplexity } from "./options.js";

/** Neighbors or affinities given by the caller, and the perplexity that they imply. */
export interface GivenGraph {
  readonly lists: NeighborLists | DistanceMatrix | undefined;
  readonly affinities: CheckedAffinities | undefined;
  /** The perplexity that given affinities imply; `undefined` if the perplexity in the options is used. */
  readonly perplexity: number | undefined;
  readonly warnings: readonly string[];
}

/** Converts data to the matrix that the core reads. If a graph replaces the data, the matrix has no columns. */
export function toPoints(data: MatrixLike | NeighborGraph): Matrix {
  const accepted = "at least 3 points of at least 1 dimension";
  if (isNeighborGraph(data)) {
    const points = new Matrix(new Float32Array(0), countPoints(data), 0);
    if (points.rows < 3) throw tooFewPoints("data", points, accepted);
    return points;
  }
  const matrix = toMatrix(data, "data");
  if (matrix.rows < 3 || matrix.cols < 1) throw tooFewPoints("data", matrix, accepted);
  return matrix;
}

/**
 * Returns the options of a run whose data may be a graph. If the data are a graph, they become the option `neighbors`.
 */
export function withGraph(data: MatrixLike | NeighborGraph, options: TsneOptions): TsneOptions {
  if (!isNeighborGraph(data)) return options;
  if (options.neighbors !== undefined) {
    reject("neighbors", options.neighbors, "to be left out if neighbors are given without data");
  }
  return { ...options, neighbors: data };
}

/**
 * Checks given neighbors or affinities. The default perplexity is at most a third of the length of the shortest list,
 * because the core uses three times as many neighbors.
 *
 * @throws the errors of {@link checkAffinities} and {@link shortestList}
 */
export function givenGraph({ neighbors, perplexity }: TsneOptions, rows: number): GivenGraph | undefined {
  if (!isNeighborGraph(neighbors)) return undefined;
  if ("affinities" in neighbors) return givenAffinities(checkAffinities(neighbors, rows), perplexity, rows);
  const graph = { lists: neighbors, affinities: undefined, perplexity: undefined, warnings: [] };
  if (perplexity !== undefined || countPoints(neighbors) !== rows) return graph;
  const usual = usualPerplexity(rows);
  const shortest = shortestList(neighbors);
  if (shortest < 3 || shortest >= Math.floor(3 * usual)) return graph;
  const used = shortest / 3;
  const warning = `Perplexity ${used.toFixed(2)} is used instead of ${usual.toFixed(2)}, because the shortest list has ${shortest} neighbors.`;
  return { ...graph, perplexity: used, warnings: [warning] };
}

function givenAffinities(affinities: CheckedAffinities, perplexity: unknown, rows: number): GivenGraph {
  if (perplexity !== undefined) reject("perplexity", perplexity, "to be left out if affinities are given");
  const most = Math.max(1, (rows - 1) / 3);
  const mean = Math.min(most, Math.max(1, affinities.perplexity));
  return { lists: undefined, affinities, perplexity: mean, warnings: [] };
}
