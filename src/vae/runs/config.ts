import { readFile } from "node:fs/promises";
import { ArgumentError, FileError } from "../../errors.js";
import type { Dataset, DatasetOptions, DatasetOrigin } from "../datasets/dataset.js";
import { openDataset } from "../datasets/index.js";

/** Content of `config.json`, which a training writes at its beginning. Any part may be missing. */
export interface RunConfig {
  readonly model?: string;
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly dataset?: { readonly name?: string; readonly count?: number; readonly origin?: DatasetOrigin };
  readonly training?: { readonly epochs?: number; readonly maxSteps?: number } & Readonly<Record<string, unknown>>;
}

/**
 * Reads the `config.json` of a run. If the file is missing, the result is an empty object.
 *
 * @throws {FileError} FILE_FORMAT
 */
export async function readRunConfig(path: string): Promise<RunConfig> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError(
      "FILE_FORMAT",
      path,
      "is not JSON: expected a file that train has written. Restore the file, or train the model again",
      { cause },
    );
  }
}

/**
 * Opens the data set that a run was trained on, or another one.
 *
 * @param run how the run's data set was opened; undefined if unknown
 * @param nameOrPath name or path of another data set
 * @param options options of the other data set; or options that override those of the run's data set
 * @throws {ArgumentError} INVALID_ARGUMENT if the run's data set is unknown and no other one is given
 */
export async function openRunDataset(
  { origin }: { readonly origin: DatasetOrigin | undefined },
  nameOrPath: string | undefined,
  options: DatasetOptions = {},
): Promise<Dataset> {
  if (nameOrPath !== undefined) return openDataset(nameOrPath, options);
  if (!origin) {
    const accepted = "the name or the path of a data set, because the run does not record which one it was trained on";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "dataset", received: nameOrPath, accepted });
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return openDataset(origin.nameOrPath, { ...origin.options, ...Object.fromEntries(given) });
}
