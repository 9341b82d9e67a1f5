import { ArgumentError } from "../errors.js";
import { isAnndataPath } from "../io/index.js";
import { flagsByName, type OptionValues, pickOptions } from "../options/index.js";
import { type NeighborSearch, TSNE_OPTIONS, type TSNE_SETTINGS, type TsneOptions } from "../tsne/index.js";
import { type ColumnFlags, DATASET_NAMES, type PreparationFlags } from "./dataset-flags.js";
import type { TypedNames } from "./failure.js";
import type { RowRange } from "./values.js";

/** The values of the flags of `sigma-tsne embed`: the options of a run, some of which are paths here, and the flags of the command. */
export interface EmbedFlags
  extends ColumnFlags,
    PreparationFlags,
    Omit<OptionValues<typeof TSNE_SETTINGS>, "sigma" | "init" | "neighbors"> {
  output: string;
  sigma?: string;
  rows?: RowRange;
  landmarks?: number;
  labels?: string;
  plot?: string;
  save?: string;
  table?: string;
  uncertainty?: number;
  animate?: string;
  snapshots?: string;
  snapshotEvery?: number;
  neighbors?: NeighborSearch;
  neighborIndices?: string;
  neighborDistances?: string;
  neighborTable?: string;
  squaredDistances?: true;
  init?: string;
  json?: true;
  quiet?: true;
}

/** The options as the library names them, without the matrices that are read from files. */
export function libraryOptions(flags: EmbedFlags): TsneOptions {
  const { sigma: _, init, ...others } = flags;
  return {
    ...pickOptions(TSNE_OPTIONS, others),
    ...(isNamedStart(init) && init !== undefined ? { init } : {}),
    ...(takesSnapshots(flags) ? { onSnapshot: () => {} } : {}),
  };
}

/** The same options with an empty matrix for each that is to come from a file: for the checks before files are read. */
export function expectedOptions(flags: EmbedFlags): TsneOptions {
  const options = libraryOptions(flags);
  return {
    ...options,
    sigma: flags.sigma === undefined ? undefined : [],
    init: isNamedStart(flags.init) ? options.init : [],
    neighbors: givesNeighbors(flags) ? { distances: [] } : options.neighbors,
  };
}

export const takesSnapshots = (flags: EmbedFlags): boolean =>
  flags.animate !== undefined || flags.snapshots !== undefined;

export const givesNeighbors = (flags: EmbedFlags): boolean =>
  flags.neighborIndices !== undefined ||
  flags.neighborDistances !== undefined ||
  flags.neighborTable !== undefined ||
  flags.squaredDistances !== undefined;

/** @throws {ArgumentError} INVALID_ARGUMENT for flags that do not go together */
export function checkNeighborFlags(flags: EmbedFlags): void {
  if (!givesNeighbors(flags)) return;
  const reject = (argument: string, received: unknown, accepted: string) => {
    throw new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
  };
  if (flags.neighborTable !== undefined) {
    for (const [flag, path] of [
      ["--neighbor-indices", flags.neighborIndices],
      ["--neighbor-distances", flags.neighborDistances],
    ] as const) {
      if (path !== undefined) reject(flag, path, "to be left out with --neighbor-table, which holds them");
    }
  } else if (flags.neighborDistances === undefined) {
    reject("--neighbor-distances", undefined, "a file, which --neighbor-indices and --squared-distances need");
  }
  for (const [flag, value] of [
    ["--neighbors", flags.neighbors],
    // With a distance it is for points that are placed later.
    ["--sigma", flags.distance === undefined ? flags.sigma : undefined],
  ] as const) {
    if (value !== undefined) reject(flag, value, "to be left out where neighbors are given with their distances");
  }
  if (flags.rows !== undefined) {
    reject("--rows", flags.rows.text, "to be left out with neighbors, which are rows of the whole");
  }
}

/** @throws {ArgumentError} INVALID_ARGUMENT for a run that cannot be used later, as new points could not be brought to its scale */
export function checkScaleFlags({ standardize, save }: EmbedFlags): void {
  if (standardize === undefined || save === undefined) return;
  const accepted =
    "to be left out with --standardize, since new points would have another scale. Standardize the data before, with known means and scales";
  throw new ArgumentError("INVALID_ARGUMENT", { argument: "--save", received: save, accepted });
}

/** @throws {ArgumentError} INVALID_ARGUMENT for a part of the cells, which a copy of an AnnData file cannot hold */
export function checkRowsOutput({ rows, output }: EmbedFlags): void {
  if (rows === undefined || !isAnndataPath(output)) return;
  const accepted = "to be left out with an output in .h5ad, which has a position for every cell";
  throw new ArgumentError("INVALID_ARGUMENT", { argument: "--rows", received: rows.text, accepted });
}

/** @throws {ArgumentError} INVALID_ARGUMENT for labels that nothing shows */
export function checkLabelFlag({ labels, plot, table, animate }: EmbedFlags): void {
  if (labels === undefined || [plot, table, animate].some((path) => path !== undefined)) return;
  const accepted = "--plot, --table or --animate as well, which the labels are for";
  throw new ArgumentError("INVALID_ARGUMENT", { argument: "--labels", received: labels, accepted });
}

/** Whether the initial embedding is computed instead of read from a file. */
export function isNamedStart(init: string | undefined): init is "pca" | "random" | undefined {
  return init === undefined || init === "pca" || init === "random";
}

/** What the user typed for each argument of the library. */
export function typedNames(data: string, flags: EmbedFlags): TypedNames {
  // The library counts rows within the cut.
  const cut = flags.rows ? ` with --rows ${flags.rows.text}` : "";
  return {
    ...flagsByName(TSNE_OPTIONS),
    ...DATASET_NAMES,
    data: data + cut,
    sigma: flags.sigma && flags.sigma + cut,
    init: flags.init && flags.init + cut,
    labels: flags.labels,
    neighbors: flags.neighborTable ?? flags.neighborIndices ?? flags.neighborDistances ?? "--neighbors",
    "neighbors.indices": flags.neighborTable ?? flags.neighborIndices,
    "neighbors.distances": flags.neighborTable ?? flags.neighborDistances,
    draws: "--uncertainty",
    landmarks: "--landmarks",
    onSnapshot: "--animate or --snapshots",
  };
}
