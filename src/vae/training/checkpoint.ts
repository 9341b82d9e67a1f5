import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ArgumentError, describe, FileError } from "../../errors.js";
import type { AdamState } from "../backends/adam.js";
import type { Model } from "../models/model.js";
import { type NamedTensor, readTensorFile, writeTensorFile } from "../models/safetensors.js";
import type { TrainingLength } from "../models/training-length.js";
import type { StoppingState } from "./early-stopping.js";
import type { Course } from "./options.js";
import type { EpochRecord } from "./progress.js";

/** State of a training, without its tensors. */
export interface TrainingState {
  /** Number of finished epochs. */
  epoch: number;
  /** Length of the training at its beginning. The parts of a mixture's training are computed from it. */
  length: TrainingLength;
  /** Number of finished steps of the current epoch. */
  stepInEpoch: number;
  /** Whether the model has begun the current epoch (`Model.beginEpoch`). */
  isBegun: boolean;
  /** Total number of finished steps. */
  step: number;
  /** Sums of the loss's parts over the steps of the current epoch. */
  sums: Record<string, number>;
  history: EpochRecord[];
  stopping: StoppingState;
  /** Whether early stopping has ended the training. */
  isStopped: boolean;
  /** Warnings for the user. */
  warnings: string[];
}

/** The training that a checkpoint belongs to. */
export interface CheckpointOwner {
  readonly model: string;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly dataset: { readonly name: string; readonly count: number };
  readonly course: Course;
}

/**
 * The complete state of a training. A training that continues from it gives the same results as one that was not
 * interrupted.
 */
export interface Checkpoint {
  readonly state: TrainingState;
  readonly adam: Readonly<Record<string, AdamState>>;
  readonly tensors: ReadonlyMap<string, NamedTensor>;
}

export const checkpointPath = (folder: string): string => join(folder, "checkpoint", "checkpoint.safetensors");

export const hasCheckpoint = (folder: string): Promise<boolean> =>
  stat(checkpointPath(folder)).then(
    () => true,
    () => false,
  );

/**
 * Describes a training of `model`. The description is stored in its checkpoints, and a checkpoint is continued only if
 * the description is the same.
 */
export function ownerOf(model: Model, dataset: CheckpointOwner["dataset"], course: Course): CheckpointOwner {
  return { model: model.name, configuration: { ...model.configuration }, dataset, course };
}

/** Replaces the checkpoint atomically. */
export async function writeCheckpoint(folder: string, owner: CheckpointOwner, checkpoint: Checkpoint): Promise<void> {
  const { state, adam, tensors } = checkpoint;
  await writeTensorFile(checkpointPath(folder), { facts: { kind: "checkpoint", owner, state, adam }, tensors });
}

/**
 * Reads the checkpoint of a run's folder, if there is one.
 *
 * @throws {FileError} FILE_FORMAT for a damaged file, FILE_VERSION for a file of another version
 * @throws {ArgumentError} INVALID_ARGUMENT for the checkpoint of another training; the message names the difference
 */
export async function readCheckpoint(folder: string, owner: CheckpointOwner): Promise<Checkpoint | undefined> {
  const path = checkpointPath(folder);
  if (!(await stat(path).catch(() => undefined))) return undefined;
  const { found, checkpoint } = await readAnyCheckpoint(path);
  const difference = findDifference(found, owner);
  if (difference !== undefined) {
    const [argument, found, wanted] = difference;
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument,
      received: wanted,
      accepted: describe(found),
      message: `${argument}: the checkpoint ${path} was made with ${describe(found)}, this training has ${describe(wanted)}; use another folder, or start again without resuming`,
    });
  }
  return checkpoint;
}

/**
 * Reads the checkpoint of any training, and the description of this training.
 *
 * @throws {FileError} FILE_FORMAT for a damaged file, FILE_VERSION for a file of another version
 */
export async function readAnyCheckpoint(path: string): Promise<{ found: CheckpointOwner; checkpoint: Checkpoint }> {
  const { facts, tensors } = await readTensorFile(path).catch((error) => {
    if (!(error instanceof FileError) || error.code !== "FILE_FORMAT") throw error;
    throw new FileError(
      error.code,
      path,
      "the checkpoint is damaged (its checksum does not match its content); restore the file, or start again without resuming",
      { cause: error },
    );
  });
  if (facts.kind !== "checkpoint")
    throw new FileError("FILE_FORMAT", path, `is a ${String(facts.kind)}: expected a checkpoint, as train writes it`);
  const checkpoint = { state: facts.state as TrainingState, adam: facts.adam as Checkpoint["adam"], tensors };
  return { found: facts.owner as CheckpointOwner, checkpoint };
}

/** Returns the tensors whose names begin with `prefix`, which is removed from the names. */
export function withPrefix(tensors: ReadonlyMap<string, NamedTensor>, prefix: string): Map<string, NamedTensor> {
  return new Map(
    [...tensors].flatMap(([key, tensor]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), tensor] as const] : [],
    ),
  );
}

/** Returns the name of the first field in which two JSON values differ, and both values of the field. */
function findDifference(found: unknown, wanted: unknown, name = "checkpoint"): [string, unknown, unknown] | undefined {
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
  if (!(isObject(found) && isObject(wanted))) return found === wanted ? undefined : [name, found, wanted];
  for (const key of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
    // Fields of the data set get the prefix `dataset.`, because `count` is also the name of an option of simulated data
    // sets.
    const difference = findDifference(found[key], wanted[key], name === "dataset" ? `dataset.${key}` : key);
    if (difference) return difference;
  }
  return undefined;
}

/** Removes the files that a training writes at its beginning: `config.json` and the first checkpoint. */
export async function removeBeginning(folder: string): Promise<void> {
  await rm(checkpointPath(folder), { force: true });
  await rmdir(join(folder, "checkpoint")).catch(() => {});
  await rm(join(folder, "config.json"), { force: true });
}

/** Removes the temporary files of a process that was killed while writing to a run's folder. */
export async function removeRemains(folder: string): Promise<void> {
  for (const directory of [folder, join(folder, "checkpoint")]) {
    const names = await readdir(directory).catch(() => []);
    for (const name of names) {
      if (/^\.[0-9a-f-]{36}\.tmp$/.test(name)) await rm(join(directory, name), { force: true });
    }
  }
}
