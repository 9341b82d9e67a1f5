import { reject, rejectUnknown, requireOptions, requireSignal } from "../arguments.js";
import { ArgumentError } from "../errors.js";
import type { ColumnOptions } from "../io/index.js";
import {
  boolean,
  type CheckedValues,
  checkOptions,
  choice,
  declare,
  integer,
  type OptionValues,
  pickOptions,
} from "../options/index.js";

/** Parts of a data set. */
export const PARTS = ["all", "train", "validation", "test"] as const;
/** One of {@link PARTS}. */
export type Part = (typeof PARTS)[number];

const AN_ORIGIN = "such as http://localhost:8888, without a path or a final slash";
const TYPED_ORIGINS = `origins of pages, separated by commas, ${AN_ORIGIN}`;
const ORIGINS = `an array of origins of pages, ${AN_ORIGIN}`;

/** Whether a value is the origin of a web page exactly as browsers write it. */
function isOrigin(value: unknown): value is string {
  if (typeof value !== "string" || !/^https?:/.test(value)) return false;
  try {
    // A semicolon or a star in an origin could change the meaning of the content security policy.
    return new URL(value).origin === value && !/[;,*]/.test(value);
  } catch {
    return false;
  }
}

/** Options of {@link explore} that are not data, each declared once. */
export const EXPLORE_OPTIONS = {
  /**
   * For a training: the part of its data set whose images are shown. Default `"test"`, or all if there are no test
   * images.
   */
  part: choice(PARTS, { defaultText: "test", help: "part of a training's data set: all, train, validation or test" }),
  /**
   * For a folder of images: reports an error for files that would otherwise be skipped, such as other files and broken
   * links.
   */
  strict: boolean({ flag: false, help: "report an error for files and columns that would otherwise be skipped" }),
  /**
   * For a saved run: computes its trust report, with the groups of the map, while the page already shows the map.
   * Default `false`.
   */
  trust: boolean({ help: "for a saved run: report which points and groups can be trusted" }),
  /**
   * For points: whether their embeddings, and the quantities measured on them, are saved in the folder
   * `<source>.explorer`. The next start then shows them at once. They are computed again when the points or their
   * standard deviations change. Default `true`.
   */
  cache: boolean({ default: true, flag: false, help: "keep the embeddings of points in <source>.explorer" }),
  /**
   * Address to listen on. Default `"127.0.0.1"`, which is only reachable from this machine. With any other address, the
   * address of the page contains a random token, and every request must send it.
   */
  host: declare<string>(
    {
      accepted: "a name or an address of this machine",
      range: "a name or an address",
      placeholder: "<address>",
      check(value, argument) {
        if (typeof value !== "string" || value === "") reject(argument, value, "a name or an address of this machine");
        return value;
      },
      parse: (text) => text,
    },
    { default: "127.0.0.1", help: "network address on which the explorer listens" },
  ),
  /** Port to listen on; 0 chooses a free port. */
  port: integer(
    { from: 0, to: 65_535 },
    { default: 0, defaultText: "0, any that is free", help: "port on which the explorer listens" },
  ),
  /**
   * Origins of pages that may show the explorer in a frame, such as `["http://localhost:8888"]` for a notebook. These
   * pages can read and set the selection. Default: none, so that browsers do not show the explorer in a frame of any
   * page.
   */
  frameOrigins: declare<readonly string[]>(
    {
      accepted: ORIGINS,
      range: "origins of pages",
      placeholder: "<origins>",
      check(value, argument) {
        if (!Array.isArray(value) || !value.every(isOrigin)) reject(argument, value, ORIGINS);
        return value;
      },
      parse(text, flag) {
        const origins = text.split(",");
        if (!origins.every(isOrigin)) reject(flag, text, TYPED_ORIGINS);
        return origins;
      },
    },
    { default: [], defaultText: "none", help: "pages that may show the explorer in a frame, such as notebooks" },
  ),
};

/** The files and settings that belong to a source. All are optional. */
export interface InputOptions
  extends ColumnOptions,
    Readonly<Pick<OptionValues<typeof EXPLORE_OPTIONS>, "part" | "strict" | "trust" | "cache">> {
  /**
   * For maps and points: a folder of images, or a .npy or IDX file, with one image per point. For a training: images to
   * use instead of the images of the training.
   */
  readonly images?: string | undefined;
  /** A file of labels, one per point. Default: the labels of the table that is explored. */
  readonly labels?: string | undefined;
  /**
   * A table with further columns, one row per point: .csv, .tsv, .parquet, .arrow or .jsonl. The points are colored,
   * searched and filtered by each of its columns. A column named like labels (label, class, species ...) becomes the
   * labels if no labels are given.
   */
  readonly metadata?: string | undefined;
  /** For maps and points: a file of standard deviations, n x d. Default: those of the table that is explored. */
  readonly sigma?: string | undefined;
  /**
   * For maps and comparisons: the file of the points behind the map, n x d. It is used to find neighbors and to measure
   * the quality of maps.
   */
  readonly input?: string | undefined;
  /** Share of the values cut off at either end of each image, 0 to below 0.5. Default: values are shown as they are. */
  readonly stretch?: number | undefined;
}

/** Options of {@link explore}. All are optional. */
export interface ExploreOptions
  extends InputOptions,
    Readonly<Pick<OptionValues<typeof EXPLORE_OPTIONS>, "host" | "port" | "frameOrigins">> {
  /** Cancels opening the source. A running server is closed with its `close` method instead. */
  readonly signal?: AbortSignal | undefined;
}

/** The options that choose the columns of tables. */
export const COLUMN_KEYS = ["columns", "exclude", "sigmaColumns", "idColumn", "labelColumns", "keep"] as const;

const SOURCE_KEYS = [
  "images",
  "labels",
  "metadata",
  "sigma",
  "input",
  "part",
  "stretch",
  "strict",
  "trust",
  "cache",
  ...COLUMN_KEYS,
] as const;

/** Picks the column options. */
export const columnOptions = (options: InputOptions): ColumnOptions =>
  Object.fromEntries(COLUMN_KEYS.map((key) => [key, options[key]]));

/**
 * Checks the options.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION, INVALID_ARGUMENT or OUT_OF_RANGE
 */
export function checkExploreOptions(
  options: ExploreOptions,
): Pick<CheckedValues<typeof EXPLORE_OPTIONS>, "host" | "port" | "frameOrigins"> {
  requireOptions(options);
  rejectUnknown(options, [...SOURCE_KEYS, "host", "port", "frameOrigins", "signal"]);
  requireSignal(options.signal);
  for (const key of ["images", "labels", "metadata", "sigma", "input"] as const) {
    const path = options[key];
    if (path !== undefined && (typeof path !== "string" || path === "")) throw invalid(key, path, "a path");
  }
  const { stretch } = options;
  if (stretch !== undefined && !(typeof stretch === "number" && stretch >= 0 && stretch < 0.5)) {
    const accepted = "a fraction from 0 to less than 0.5, the part of the values to cut off at each end";
    throw new ArgumentError("OUT_OF_RANGE", { argument: "stretch", received: stretch, accepted });
  }
  return checkOptions(EXPLORE_OPTIONS, pickOptions(EXPLORE_OPTIONS, options));
}

/** @throws {ArgumentError} INVALID_ARGUMENT for options that this kind of source does not support */
export function rejectUseless(options: InputOptions, useful: readonly (keyof InputOptions)[], kind: string): void {
  for (const key of SOURCE_KEYS) {
    if (options[key] === undefined || useful.includes(key)) continue;
    throw invalid(key, options[key], `to be left out with ${kind}`);
  }
}

const invalid = (argument: string, received: unknown, accepted: string): ArgumentError =>
  new ArgumentError("INVALID_ARGUMENT", { argument, received, accepted });
