import { type Command, Option } from "commander";
import { ArgumentError } from "../errors.js";
import type { Backend, BackendChoice, Dataset, DatasetOptions, Images, Run } from "../vae/index.js";
import type { TypedNames } from "./failure.js";
import { describeSkipped, type ImageFlags, imageOptions, stretchShare } from "./point-images.js";
import { createProgressDisplay, type ProgressDisplay } from "./progress.js";
import { integerParser, numberParser } from "./values.js";

/** Flags for the computation of networks. */
export interface BackendFlags {
  backend?: BackendChoice;
  threads?: number;
}

/** Flags that choose the images. */
export interface DatasetFlags {
  dataDir?: string;
  download?: boolean;
  labels?: string;
  class?: string;
  validation?: number;
  test?: number;
  limit?: number;
  count?: number;
  size?: number;
  channels?: 1 | 3;
  stretch?: ImageFlags["stretch"];
  strict?: true;
}

/** Part of a data set. */
export type Part = "all" | "train" | "validation" | "test";

export function addBackendOptions(command: Command): Command {
  return command
    .optionsGroup("Computing:")
    .option("--backend <name>", "auto, node (tfjs-node, if it is installed), wasm or cpu (slow) (default: auto)")
    .option("--threads <n>", "threads to use (default: all processors)", integerParser("--threads"));
}

export function addDatasetOptions(command: Command): Command {
  return command
    .option("--data-dir <folder>", "folder that is searched first for the files of a named data set")
    .option("--no-download", "do not download the files of a named data set, and fail if they are missing")
    .option("--labels <file>", "labels of the images of a path, one per line (default: the names of subfolders)")
    .option("--class <name>", "images of one class only, by its name or number")
    .option(
      "--validation <x>",
      "images set aside for validation: a fraction below 1, or a number of images",
      numberParser("--validation"),
    )
    .option(
      "--test <x>",
      "images set aside for testing: a fraction below 1, or a number of images",
      numberParser("--test"),
    )
    .option("--limit <n>", "largest number of images of each part", integerParser("--limit"))
    .option("--count <n>", "micrographs: number of images to simulate (default: 2000)", integerParser("--count"))
    .option(
      "--size <pixels>",
      "side of the micrographs in pixels, or side to which images are cropped and scaled",
      integerParser("--size"),
    )
    .option("--channels <1|3>", "for a folder of images: 1 for gray values, 3 for colors", integerParser("--channels"))
    .option(...imageOptions.stretch)
    .option(...imageOptions.strict);
}

export function partOption(initial: Part): Option {
  return new Option("--part <name>", "all, train, validation or test").default(initial, initial);
}

/** Reports the files of a folder that are not images of the data set. */
export function noteSkipped(dataset: Dataset, display: ProgressDisplay): void {
  const skipped = describeSkipped(dataset);
  if (skipped) display.note(`${dataset.name}:${skipped}`);
}

/** The options of `openDataset` for these flags. */
export function datasetOptions(
  flags: DatasetFlags,
  { signal, display }: { signal: AbortSignal; display?: ProgressDisplay | undefined },
): DatasetOptions {
  const { dataDir, labels, limit, count, size, channels, stretch, strict, validation, test } = flags;
  const split = validation === undefined && test === undefined ? undefined : { validation, test };
  return {
    dataDir,
    download: flags.download === false ? false : undefined,
    labels,
    class: flags.class,
    limit,
    count,
    size,
    channels,
    stretch: stretchShare(stretch),
    strict,
    split,
    signal,
    onProgress: ({ stage, fraction, file }) =>
      display?.update({ stage: `${stage} data`, fraction, facts: file === undefined ? [] : [file] }),
  };
}

/** @throws {ArgumentError} for a part that does not exist or contains no images */
export function choosePart(dataset: Dataset, part: string): Images {
  const parts = ["all", "train", "validation", "test"] as const;
  const known = parts.find((name) => name === part);
  if (!known) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "--part",
      received: part,
      accepted: `one of ${parts.join(", ")}`,
    });
  }
  const images = dataset[known];
  if (images.count > 0) return images;
  const holding = parts.filter((name) => dataset[name].count > 0).join(", ");
  throw new ArgumentError("INVALID_ARGUMENT", {
    argument: "--part",
    received: part,
    accepted: `a part with images: ${holding}`,
  });
}

/** Loads the backend for neural networks, and shows its name on the display. */
export async function startBackend(
  flags: BackendFlags,
  quiet = false,
): Promise<{ backend: Backend; display: ProgressDisplay }> {
  const { selectBackend } = await import("../vae/index.js");
  const backend = await selectBackend(flags.backend ?? "auto", { threads: flags.threads });
  return { backend, display: createProgressDisplay(quiet, () => backend.description) };
}

/** A model opened by a command, with the objects needed to use it. */
export interface OpenedRun {
  readonly vae: typeof import("../vae/index.js");
  readonly run: Run;
  readonly display: ProgressDisplay;
}

/** Opens the run, or the model, in a folder and passes it to `work`. */
export async function withRun<T>(
  path: string,
  flags: BackendFlags & { quiet?: true },
  work: (opened: OpenedRun) => Promise<T>,
): Promise<T> {
  const vae = await import("../vae/index.js");
  const { display } = await startBackend(flags, flags.quiet);
  try {
    const run = await vae.openRun(path);
    noteUnfinished(run, display);
    return await work({ vae, run, display });
  } finally {
    display.stop();
  }
}

/** Notes that the model comes from a checkpoint of an unfinished training. */
export function noteUnfinished({ folder, checkpoint }: Run, display: { note(line: string): unknown }): void {
  if (!checkpoint) return;
  const { epoch, step } = checkpoint;
  display.note(`The training in ${folder} is not done; its checkpoint after epoch ${epoch}, step ${step} is used.`);
}

/** Opens the data set of the run, or `nameOrPath`, and passes it to `work`. */
export async function withDataset<T>(
  { vae, run, display }: OpenedRun,
  nameOrPath: string | undefined,
  flags: DatasetFlags,
  signal: AbortSignal,
  work: (dataset: Dataset) => Promise<T>,
): Promise<T> {
  const dataset = await vae.openRunDataset(run, nameOrPath, datasetOptions(flags, { signal, display }));
  noteSkipped(dataset, display);
  try {
    return await work(dataset);
  } finally {
    await dataset.close();
  }
}

/** Returns the command-line name of every option by its library name: `--z-dim` for `zDim`. */
export function namesOf(command: Command, others: TypedNames = {}): TypedNames {
  const own = command.options.map((option) => [option.attributeName(), option.long as string]);
  const split = { split: "--validation and --test", "split.validation": "--validation", "split.test": "--test" };
  return { ...Object.fromEntries(own), ...split, ...others };
}
