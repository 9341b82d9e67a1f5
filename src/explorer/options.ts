import { rejectUnknown, requireInteger, requireOptions, requireSignal } from "../arguments.js";
import { ArgumentError } from "../errors.js";
import type { ColumnOptions } from "../io/index.js";

/** Parts of a data set. */
export const PARTS = ["all", "train", "validation", "test"] as const;
/** One of {@link PARTS}. */
export type Part = (typeof PARTS)[number];

/** What belongs to a source. All are optional. */
export interface InputOptions extends ColumnOptions {
  /** For maps and points: a folder of images, or a .npy or IDX file, one a point. For a training: other images than its own. */
  readonly images?: string | undefined;
  /** A file of labels, one per point. Default: the labels of the table that is explored. */
  readonly labels?: string | undefined;
  /** For maps and points: a file of standard deviations, n x d. Default: those of the table that is explored. */
  readonly sigma?: string | undefined;
  /** For maps and comparisons: the file of the points that were mapped, n x d, by which neighbors are found and maps judged. */
  readonly input?: string | undefined;
  /** For a training: which images of its data set. Default `"test"`, or all where there are no such. */
  readonly part?: Part | undefined;
  /** Share of the values cut off at either end of each image, 0 to below 0.5. Default: values are shown as they are. */
  readonly stretch?: number | undefined;
  /** A folder of images: refuses files that would be skipped, such as other files and broken links. */
  readonly strict?: boolean | undefined;
}

/** Options of {@link explore}. All are optional. */
export interface ExploreOptions extends InputOptions {
  /**
   * Address to listen on. Default `"127.0.0.1"`, which only this machine reaches; for others the page's address carries a random token that
   * every request must show.
   */
  readonly host?: string | undefined;
  /** Port to listen on, 0 to 65535; 0 is any that is free. Default 0. */
  readonly port?: number | undefined;
  /** Stops what is done while the source is opened. A server that is up is ended by its `close`. */
  readonly signal?: AbortSignal | undefined;
}

/** The options that choose the columns of tables. */
export const COLUMN_KEYS = ["columns", "exclude", "sigmaColumns", "idColumn", "labelColumns", "keep"] as const;

const SOURCE_KEYS = ["images", "labels", "sigma", "input", "part", "stretch", "strict", ...COLUMN_KEYS] as const;

/** The options of the columns among others. */
export const columnOptions = (options: InputOptions): ColumnOptions =>
  Object.fromEntries(COLUMN_KEYS.map((key) => [key, options[key]]));

/**
 * Checks the options.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT or OUT_OF_RANGE
 */
export function checkExploreOptions(options: ExploreOptions): { host: string; port: number } {
  requireOptions(options);
  rejectUnknown(options, [...SOURCE_KEYS, "host", "port", "signal"]);
  requireSignal(options.signal);
  for (const key of ["images", "labels", "sigma", "input"] as const) {
    const path = options[key];
    if (path !== undefined && (typeof path !== "string" || path === "")) throw invalid(key, path, "a path");
  }
  const { part, stretch, strict, host = "127.0.0.1" } = options;
  if (part !== undefined && !PARTS.includes(part)) throw invalid("part", part, `one of ${PARTS.join(", ")}`);
  if (stretch !== undefined && !(typeof stretch === "number" && stretch >= 0 && stretch < 0.5)) {
    const accepted = "a share from 0 to below 0.5, cut off at either end";
    throw new ArgumentError("OUT_OF_RANGE", { argument: "stretch", received: stretch, accepted });
  }
  if (strict !== undefined && typeof strict !== "boolean") throw invalid("strict", strict, "true or false");
  if (typeof host !== "string" || host === "") throw invalid("host", host, "a name or an address of this machine");
  return { host, port: requireInteger(options.port ?? 0, "port", 0, 65535) };
}

/** @throws {ArgumentError} INVALID_ARGUMENT for options that a kind of source has no use for */
export function rejectUseless(options: InputOptions, useful: readonly (keyof InputOptions)[], kind: string): void {
  for (const key of SOURCE_KEYS) {
    if (options[key] === undefined || useful.includes(key)) continue;
    throw invalid(key, options[key], `to be left out with ${kind}`);
  }
}

const invalid = (argument: string, received: unknown, accepted: string): ArgumentError =>
  new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
