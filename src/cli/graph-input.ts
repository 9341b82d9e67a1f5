import { ArgumentError } from "../errors.js";
import { readMatrix, readNeighborTable, readSparseMatrix } from "../io/index.js";
import { Matrix } from "../matrix.js";
import type { SparseMatrix } from "../sparse-matrix.js";
import { countPoints, type NeighborGraph } from "../tsne/index.js";
import { DATASET_NAMES } from "./dataset-flags.js";
import { type EmbedFlags, graphPath } from "./embed-flags.js";
import { type Inputs, readPointLabels } from "./inputs.js";

/** @throws {ArgumentError} INVALID_ARGUMENT if neither data nor a graph is given, and for flags that need data */
export function checkFlagsWithoutData(flags: EmbedFlags): void {
  if (graphPath(flags) === undefined) {
    const accepted = "a file of data, or --distances, --neighbors or --affinities instead";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "<data>", received: undefined, accepted });
  }
  const { sigma, rows, landmarks, pca, uncertainty } = flags;
  const others = {
    "--sigma": sigma,
    "--rows": rows?.text,
    "--landmarks": landmarks,
    "--pca": pca,
    "--uncertainty": uncertainty,
    ...Object.fromEntries(
      Object.entries(DATASET_NAMES).map(([name, flag]) => [flag, flags[name as keyof EmbedFlags] as unknown]),
    ),
    "--label-column": flags.labelColumn,
    "--mean-column": flags.meanColumn,
    "--sigma-column": flags.sigmaColumn,
  };
  for (const [argument, received] of Object.entries(others)) {
    if (received === undefined || received === false) continue;
    const accepted = "to be left out if neighbors, distances or affinities are given without data";
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
  }
}

/** Reads neighbors, distances or affinities; `undefined` if no file is named. */
export async function readGraph(flags: EmbedFlags, signal: AbortSignal): Promise<NeighborGraph | undefined> {
  const squared = flags.squaredDistances ?? false;
  if (flags.affinities !== undefined) return { affinities: await readSparseOrDense(flags.affinities, signal) };
  if (flags.distances !== undefined) return { distances: await readSparseOrDense(flags.distances, signal), squared };
  if (flags.neighborTable !== undefined)
    return { ...(await readNeighborTable(flags.neighborTable, { signal })), squared };
  if (flags.neighborDistances === undefined) return undefined;
  const distances = await readMatrix(flags.neighborDistances, { signal });
  if (flags.neighborIndices === undefined) return { distances, squared };
  return { indices: await readMatrix(flags.neighborIndices, { signal }), distances, squared };
}

const readSparseOrDense = async (path: string, signal: AbortSignal): Promise<SparseMatrix | Matrix> =>
  (await readSparseMatrix(path, { signal })) ?? readMatrix(path, { signal });

/** Reads the other inputs of a run whose graph replaces the data. */
export async function readInputsOfGraph(
  graph: NeighborGraph,
  { labels: labelPath, init }: EmbedFlags,
  initPath: string | undefined,
  signal: AbortSignal,
): Promise<Inputs> {
  const rows = countPoints(graph);
  const labels = labelPath === undefined ? undefined : await readPointLabels(labelPath, rows, signal);
  const what = "affinities" in graph ? "Affinities" : graph.indices !== undefined ? "Neighbor lists" : "Distances";
  return {
    data: new Matrix(new Float32Array(0), rows, 0),
    sigma: undefined,
    init: initPath === undefined || init === undefined ? undefined : await readMatrix(initPath, { signal }),
    embedding: undefined,
    preparation: undefined,
    labels,
    points: {
      rows,
      kept: undefined,
      facts: { identifier: undefined, labels: new Map(), metadata: new Map() },
      labels,
    },
    report: `${what} of ${rows} points, without data.`,
    notes: [],
  };
}
