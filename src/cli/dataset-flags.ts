import type { Command } from "commander";
import { type DatasetOptions, findSigma } from "../io/index.js";
import { flagsByName, type OptionValues, pickOptions } from "../options/index.js";
import { PREPARATION } from "../preparation/index.js";
import { addDeclaredOptions } from "./declared-options.js";

/** The accepted data files, for help texts. */
export const DATA_FILES =
  ".csv, .tsv, .parquet, .arrow, .npy, .npz, .h5ad, .mat or .jsonl, also compressed, a folder of tables, or - for standard input";

/** Flags that choose the columns of a file and their roles. */
export interface ColumnFlags {
  columns?: string[] | undefined;
  exclude?: string[];
  sigmaColumns?: string[];
  idColumn?: string;
  labelColumn?: string[];
  keep?: string[];
  strict?: true;
  meanColumn?: string | undefined;
  sigmaColumn?: string | undefined;
}

/** Flags that prepare the data. */
export type PreparationFlags = OptionValues<typeof PREPARATION>;

const collect = (text: string, before: string[] = []): string[] => [...before, text];

/** Selects groups of column flags, for commands that have only some of them. */
interface ColumnFlagGroups {
  /** Whether the command reads standard deviations. */
  readonly sigma?: boolean;
  /** Whether the command reads columns of lists. */
  readonly lists?: boolean;
  /** Whether the command copies columns to its results. */
  readonly keep?: boolean;
  /** Whether to add `--strict`. False if the command has its own. */
  readonly strict?: boolean;
}

/** Adds the flags that choose the columns of tables. */
export function addColumnOptions(
  command: Command,
  { sigma = true, lists = true, keep = true, strict = true }: ColumnFlagGroups = {},
): Command {
  command
    .option(
      "--columns <list>",
      "columns of the data: names, ranges of positions (2:8) and patterns ('PC*') (default: all columns of numbers without another role)",
      collect,
    )
    .option("--exclude <list>", "columns that are not used", collect);
  if (sigma) {
    command.option(
      "--sigma-columns <list>",
      "columns of the standard deviations: names, or a pattern such as '*_err', in which * stands for the name of a data column (default: columns named x_err, x_sd, e_x ... for a data column x)",
      collect,
    );
  }
  command
    .option(
      "--id-column <name>",
      "column that identifies the rows (default: found by its name, or the index of pandas)",
    )
    .option("--label-column <name>", "column of labels, may be repeated (default: found by name)", collect);
  if (keep) command.option("--keep <list>", "further columns to copy into tables of results", collect);
  if (strict) command.option("--strict", "fail if a column cannot be used, instead of leaving it out");
  if (!lists) return command;
  return command
    .option(
      "--mean-column <name>",
      "column of lists, or array of a .npz, .h5ad or .mat file, that contains the data; the same as file.npz:name (default: the only one, or found by name)",
    )
    .option("--sigma-column <name>", "column of lists, or array, that contains the standard deviations");
}

/** Adds the flags that prepare the data. */
export const addPreparationOptions = (command: Command): Command =>
  addDeclaredOptions(command, PREPARATION, ["sigmaIs", "missing", "log1p", "standardize"]);

/** Command-line names of the library's options. */
export const DATASET_NAMES: Readonly<Record<string, string>> = {
  ...flagsByName(PREPARATION),
  columns: "--columns",
  exclude: "--exclude",
  sigmaColumns: "--sigma-columns",
  idColumn: "--id-column",
  labelColumns: "--label-column",
  keep: "--keep",
  strict: "--strict",
};

/** Converts the flags to options of the library. */
export function datasetOptions(flags: ColumnFlags): Omit<DatasetOptions, "rows" | "signal"> {
  const { columns, exclude, sigmaColumns, idColumn, labelColumn, keep, strict, meanColumn, sigmaColumn } = flags;
  return {
    columns,
    exclude,
    sigmaColumns,
    idColumn,
    labelColumns: labelColumn,
    keep,
    strict,
    column: meanColumn,
    sigmaColumn,
  };
}

export const preparationOptions = (flags: PreparationFlags): PreparationFlags => pickOptions(PREPARATION, flags);

/**
 * Sets `--sigma` to the data file if no other file is given and the columns of the data file include standard
 * deviations. Errors in the columns are ignored here, because reading the data reports them.
 */
export async function withSigmaPath<T extends ColumnFlags & { sigma?: string }>(data: string, flags: T): Promise<T> {
  if (flags.sigma !== undefined) return flags;
  if (flags.sigmaColumn !== undefined || flags.sigmaColumns !== undefined) return { ...flags, sigma: data };
  const hasSigma = await findSigma(data, datasetOptions(flags)).catch(() => false);
  return hasSigma ? { ...flags, sigma: data } : flags;
}
