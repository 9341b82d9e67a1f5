import { extname } from "node:path";
import { ArgumentError } from "../errors.js";
import { isAnndataPath } from "../io/index.js";
import { flagsByName, type OptionValues, pickOptions } from "../options/index.js";
import {
  COVARIANCE_OPTIONS,
  type CovarianceOption,
  NAMED_STARTS,
  type NamedStart,
  NEIGHBOR_SEARCHES,
  type NeighborSearch,
  type PriorName,
  TSNE_OPTIONS,
  type TSNE_SETTINGS,
  type TsneOptions,
} from "../tsne/index.js";
import type { CovarianceFlags } from "./covariance-input.js";
import { type ColumnFlags, DATASET_NAMES, type PreparationFlags } from "./dataset-flags.js";
import type { TypedNames } from "./failure.js";
import type { RowRange } from "./values.js";

/**
 * The flags of `sigma-tsne embed`: the options of a run and further flags of the command. Options that hold matrices in
 * the library hold paths here.
 */
export interface EmbedFlags
  extends ColumnFlags,
    PreparationFlags,
    CovarianceFlags,
    Omit<OptionValues<typeof TSNE_SETTINGS>, "sigma" | "init" | "neighbors" | CovarianceOption> {
  output: string;
  sigma?: string;
  rows?: RowRange;
  landmarks?: number;
  labels?: string;
  plot?: string;
  save?: string;
  table?: string;
  uncertainty?: number;
  prior?: PriorName;
  animate?: string;
  snapshots?: string;
  snapshotEvery?: number;
  neighbors?: NeighborSearch;
  neighborIndices?: string;
  neighborDistances?: string;
  neighborTable?: string;
  squaredDistances?: true;
  distances?: string;
  affinities?: string;
  init?: string;
  json?: true;
  quiet?: true;
}

/** Flags that name files of neighbors, distances or affinities. A run uses only one of the first four flags. */
const GRAPH_FLAGS = {
  distances: "--distances",
  affinities: "--affinities",
  neighborTable: "--neighbor-table",
  neighborDistances: "--neighbor-distances",
} as const;

/** Returns the file of neighbors, distances or affinities, or `undefined` if none is given. */
export const graphPath = (flags: EmbedFlags): string | undefined =>
  flags.distances ?? flags.affinities ?? flags.neighborTable ?? flags.neighborDistances;

/**
 * Allows a path as the value of `--neighbors`. The flag is then replaced by `--neighbor-table` if the file is a table,
 * and by `--distances` otherwise.
 */
export function withNeighborFile<T extends EmbedFlags>(flags: T): T {
  const file: string | undefined = flags.neighbors;
  if (file === undefined || NEIGHBOR_SEARCHES.includes(file as NeighborSearch) || !/[./\\]/.test(file)) return flags;
  const isTable = [".parquet", ".arrow", ".feather", ".ipc"].includes(extname(file).toLowerCase());
  return { ...flags, neighbors: undefined, ...(isTable ? { neighborTable: file } : { distances: file }) };
}

/** @throws {ArgumentError} INVALID_ARGUMENT if two files of neighbors are given */
export function checkGraphFlags(flags: EmbedFlags): void {
  const names = Object.keys(GRAPH_FLAGS) as (keyof typeof GRAPH_FLAGS)[];
  const [first, second] = names.filter((name) => flags[name] !== undefined);
  if (second === undefined) return;
  const accepted = `to be left out with ${GRAPH_FLAGS[first]}`;
  throw new ArgumentError("INVALID_ARGUMENT", { argument: GRAPH_FLAGS[second], received: flags[second], accepted });
}

/** Converts the flags to options of the library, without the matrices that are read from files. */
export function libraryOptions(flags: EmbedFlags): TsneOptions {
  const { sigma: _, covariance: _c, covarianceFactors: _f, covarianceDraws: _d, init, ...others } = flags;
  return {
    ...pickOptions(TSNE_OPTIONS, others),
    ...(isNamedStart(init) && init !== undefined ? { init } : {}),
    ...(takesSnapshots(flags) ? { onSnapshot: () => {} } : {}),
  };
}

/**
 * Returns the options of the library for checks before any file is read. An empty matrix replaces each matrix that is
 * read from a file later.
 */
export function expectedOptions(flags: EmbedFlags): TsneOptions {
  const options = libraryOptions(flags);
  return {
    ...options,
    sigma: flags.sigma === undefined ? undefined : [],
    ...Object.fromEntries(COVARIANCE_OPTIONS.filter((name) => flags[name] !== undefined).map((name) => [name, []])),
    init: isNamedStart(flags.init) ? options.init : [],
    neighbors: givesNeighbors(flags)
      ? flags.affinities === undefined
        ? { distances: [] }
        : { affinities: [] }
      : options.neighbors,
  };
}

export const takesSnapshots = (flags: EmbedFlags): boolean =>
  flags.animate !== undefined || flags.snapshots !== undefined;

export const givesNeighbors = (flags: EmbedFlags): boolean =>
  flags.neighborIndices !== undefined ||
  flags.neighborDistances !== undefined ||
  flags.neighborTable !== undefined ||
  flags.distances !== undefined ||
  flags.affinities !== undefined ||
  flags.squaredDistances !== undefined;

/** @throws {ArgumentError} INVALID_ARGUMENT for flags that cannot be combined */
export function checkNeighborFlags(flags: EmbedFlags): void {
  if (!givesNeighbors(flags)) return;
  const reject = (argument: string, received: unknown, accepted: string) => {
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
  };
  checkGraphFlags(flags);
  if (flags.affinities !== undefined && flags.squaredDistances) {
    reject("--squared-distances", true, "to be left out with --affinities, which are not distances");
  }
  if (flags.neighborTable !== undefined) {
    for (const [flag, path] of [
      ["--neighbor-indices", flags.neighborIndices],
      ["--neighbor-distances", flags.neighborDistances],
    ] as const) {
      if (path !== undefined)
        reject(flag, path, "to be left out with --neighbor-table, which contains indices and distances");
    }
  } else if (graphPath(flags) === undefined || (flags.neighborIndices !== undefined && !flags.neighborDistances)) {
    reject(
      "--neighbor-distances",
      undefined,
      "a file of distances, because --neighbor-indices and --squared-distances need one",
    );
  }
  for (const [flag, value] of [
    ["--neighbors", flags.neighbors],
    // If a distance is named, --sigma is used to place points later.
    ["--sigma", flags.distance === undefined ? flags.sigma : undefined],
  ] as const) {
    const unless = flag === "--sigma" ? ", unless --distance names the distance" : "";
    if (value !== undefined) reject(flag, value, `to be left out if neighbors are given with their distances${unless}`);
  }
  if (flags.rows !== undefined) {
    reject("--rows", flags.rows.text, "to be left out with neighbors, which refer to all rows of the data");
  }
}

/**
 * @throws {ArgumentError} INVALID_ARGUMENT for --rows with an output in .h5ad, because the copy of an AnnData file must
 *   contain all cells
 */
export function checkRowsOutput({ rows, output }: EmbedFlags): void {
  if (rows === undefined || !isAnndataPath(output)) return;
  const accepted = "to be left out with an output in .h5ad, which has a position for every cell";
  throw new ArgumentError("INVALID_ARGUMENT", { argument: "--rows", received: rows.text, accepted });
}

/** @throws {ArgumentError} INVALID_ARGUMENT for labels without an output that shows them */
export function checkLabelFlag({ labels, plot, table, animate }: EmbedFlags): void {
  if (labels === undefined || [plot, table, animate].some((path) => path !== undefined)) return;
  const accepted = "to be left out without --plot, --table and --animate, because only these outputs show labels";
  throw new ArgumentError("INVALID_ARGUMENT", { argument: "--labels", received: labels, accepted });
}

/** Whether the initial embedding is computed, not read from a file. */
export function isNamedStart(init: string | undefined): init is NamedStart | undefined {
  return init === undefined || NAMED_STARTS.includes(init as NamedStart);
}

/** Returns the command-line name of each argument of the library. */
export function typedNames(data: string | undefined, flags: EmbedFlags): TypedNames {
  // The library counts rows after the cut by --rows.
  const cut = flags.rows ? ` with --rows ${flags.rows.text}` : "";
  return {
    ...flagsByName(TSNE_OPTIONS),
    ...DATASET_NAMES,
    data: data === undefined ? graphPath(flags) : data + cut,
    sigma: flags.sigma && flags.sigma + cut,
    init: isNamedStart(flags.init) ? "--init" : flags.init + cut,
    labels: flags.labels,
    neighbors: flags.neighborIndices ?? graphPath(flags) ?? "--neighbors",
    "neighbors.indices": flags.neighborTable ?? flags.neighborIndices,
    "neighbors.distances": graphPath(flags),
    affinities: flags.affinities,
    draws: "--uncertainty",
    landmarks: "--landmarks",
    onSnapshot: "--animate or --snapshots",
  };
}
