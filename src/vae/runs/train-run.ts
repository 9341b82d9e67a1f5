import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { FileError } from "../../errors.js";
import type { Dataset } from "../datasets/dataset.js";
import type { Model } from "../models/model.js";
import { hasCheckpoint } from "../training/checkpoint.js";
import { type TrainingResult, type TrainOptions, train } from "../training/index.js";
import { openTrainingLog, projectCodes, type TrainingLog } from "./training-log.js";

/** Options of {@link trainRun}. */
export interface TrainRunOptions extends TrainOptions {
  /** Folder of the run. */
  readonly folder: string;
  /** Whether files for TensorBoard are written into the folder `logs` of the run. Default true. */
  readonly summary?: boolean | undefined;
}

/**
 * Trains a model like `train`, and writes a log for TensorBoard: scalars, distributions of the weights and
 * reconstructions after every epoch, and at the end codes of test images for the projector.
 *
 * @throws the errors of `train`
 */
export async function trainRun(model: Model, dataset: Dataset, options: TrainRunOptions): Promise<TrainingResult> {
  const { summary = true, ...others } = options;
  if (!summary) return train(model, dataset, others);
  const { folder } = options;
  const logs = join(folder, "logs");
  const isThere = (path: string) => stat(path).then(Boolean, () => false);
  const [hadFolder, hadLogs] = [await isThere(folder), await isThere(logs)];
  let isBegun = false;
  let log: TrainingLog | undefined;
  let result: TrainingResult;
  try {
    result = await train(model, dataset, {
      ...others,
      onStart: async (start) => {
        isBegun = true;
        log = await openTrainingLog(logs, model, dataset, start.step);
        await others.onStart?.(start);
      },
      onScalars: async (step, scalars) => {
        await log?.scalars(step, scalars);
        await others.onScalars?.(step, scalars);
      },
      onEpoch: async (record) => {
        await log?.epoch(record.step);
        await others.onEpoch?.(record);
      },
    });
    await log?.close();
  } catch (error) {
    // If closing the log fails too, the error that stopped the training is reported, because it is more important.
    await log?.close().catch(() => {});
    if (isBegun && !hadLogs && !(await hasCheckpoint(folder))) {
      await rm(logs, { recursive: true, force: true });
      if (!hadFolder) await rmdir(folder).catch(() => {});
    }
    throw error;
  }
  await projectCodes(logs, model, dataset, options.signal);
  return result;
}

/**
 * Checks, before a long computation, that a new training can begin in `folder`: it must be missing or empty.
 *
 * @throws {FileError} FILE_WRITE if the folder contains files, or the path is not a folder
 */
export async function assertNoRun(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new FileError(
      "FILE_WRITE",
      folder,
      error.code === "ENOTDIR" ? "is a file: expected the path of a folder" : error.message,
      {
        cause: error,
      },
    );
  });
  if (names.length === 0) return;
  const what = (await hasCheckpoint(folder)) ? "already contains a training" : "contains other files";
  throw new FileError("FILE_WRITE", folder, `${what}, and was not changed`);
}
