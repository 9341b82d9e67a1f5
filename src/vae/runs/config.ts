import { readFile } from "node:fs/promises";
import { ArgumentError, FileError } from "../../errors.js";
import type { Dataset, DatasetOptions, DatasetOrigin } from "../datasets/dataset.js";
import { openDataset } from "../datasets/index.js";

/** What a training writes down of itself at its beginning, in `config.json`; parts of it may be missing. */
export interface RunConfig {
  readonly model?: string;
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly dataset?: { readonly name?: string; readonly count?: number; readonly origin?: DatasetOrigin };
  readonly training?: { readonly epochs?: number; readonly maxSteps?: number } & Readonly<Record<string, unknown>>;
}

/**
 * Reads the `config.json` of a run; a folder without one gives an empty object.
 *
 * @throws {FileError} FILE_FORMAT
 */
export async function readRunConfig(path: string): Promise<RunConfig> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError("FILE_FORMAT", path, "is not JSON", { cause });
  }
}

/**
 * The data set that a run was trained on, or another one.
 *
 * @param run how its data set was opened; undefined where that is not known
 * @param nameOrPath of another data set
 * @param options override those of the run's data set, and are those of another one
 * @throws {ArgumentError} INVALID_ARGUMENT where the run's own is not known and no other is given
 */
export async function openRunDataset(
  { origin }: { readonly origin: DatasetOrigin | undefined },
  nameOrPath: string | undefined,
  options: DatasetOptions = {},
): Promise<Dataset> {
  if (nameOrPath !== undefined) return openDataset(nameOrPath, options);
  if (!origin) {
    const accepted = "the name or the path of a data set: the run does not say on which it was trained";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "dataset", received: nameOrPath, accepted });
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return openDataset(origin.nameOrPath, { ...origin.options, ...Object.fromEntries(given) });
}
