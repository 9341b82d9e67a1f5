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
    // A semicolon or a star would be read as part of a content security policy.
    return new URL(value).origin === value && !/[;,*]/.test(value);
  } catch {
    return false;
  }
}

/** Options of {@link explore} that are not data, each declared once. */
export const EXPLORE_OPTIONS = {
  /** For a training: which images of its data set. Default `"test"`, or all if there are no test images. */
  part: choice(PARTS, { defaultText: "test", help: "part of a training's data set: all, train, validation or test" }),
  /** A folder of images: refuses files that would be skipped, such as other files and broken links. */
  strict: boolean({ flag: false, help: "refuse files and columns that would be skipped" }),
  /** For a saved run: computes its trust report, with the groups of the map, while the map is looked at. Default `false`. */
  trust: boolean({ help: "for a saved run: report which points and groups can be trusted" }),
  /**
   * For points: whether their embeddings, and what is measured of them, are kept in the folder `<source>.explorer`, so that the next start
   * shows them at once. They are computed again when the points or their standard deviations change. Default `true`.
   */
  cache: boolean({ default: true, flag: false, help: "keep the embeddings of points in <source>.explorer" }),
  /**
   * Address to listen on. Default `"127.0.0.1"`, which only this machine reaches; for others the address of the page carries a random
   * token that every request must show.
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
    { default: "127.0.0.1", help: "address to listen on" },
  ),
  /** Port to listen on; 0 is any that is free. */
  port: integer({ from: 0, to: 65_535 }, { default: 0, defaultText: "0, any that is free", help: "port to listen on" }),
  /**
   * Origins of pages that may show the explorer in a frame, such as `["http://localhost:8888"]` for a notebook. They can read and set the
   * selection. Default: none, so that browsers refuse to show it in a frame of any page.
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
  /** For maps and points: a folder of images, or a .npy or IDX file, one per point. For a training: other images than its own. */
  readonly images?: string | undefined;
  /** A file of labels, one per point. Default: the labels of the table that is explored. */
  readonly labels?: string | undefined;
  /**
   * A table with further columns, one row per point: .csv, .tsv, .parquet, .arrow or .jsonl. The points are colored, searched
   * and filtered by each of its columns. A column named like labels (label, class, species ...) becomes the labels if no labels are given.
   */
  readonly metadata?: string | undefined;
  /** For maps and points: a file of standard deviations, n x d. Default: those of the table that is explored. */
  readonly sigma?: string | undefined;
  /** For maps and comparisons: the file of the points that were mapped, n x d, by which neighbors are found and maps judged. */
  readonly input?: string | undefined;
  /** Share of the values cut off at either end of each image, 0 to below 0.5. Default: values are shown as they are. */
  readonly stretch?: number | undefined;
}

/** Options of {@link explore}. All are optional. */
export interface ExploreOptions
  extends InputOptions,
    Readonly<Pick<OptionValues<typeof EXPLORE_OPTIONS>, "host" | "port" | "frameOrigins">> {
  /** Stops what is done while the source is opened. A server that is up is ended by its `close`. */
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

/** The options of the columns among others. */
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
    const accepted = "a share from 0 to below 0.5, cut off at either end";
    throw new ArgumentError("OUT_OF_RANGE", { argument: "stretch", received: stretch, accepted });
  }
  return checkOptions(EXPLORE_OPTIONS, pickOptions(EXPLORE_OPTIONS, options));
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
