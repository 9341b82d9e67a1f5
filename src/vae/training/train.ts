import { rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { throwIfAborted } from "../../abort.js";
import { AbortError, ArgumentError, SigmaTsneError } from "../../errors.js";
import { makeFolder, writeFileAtomic } from "../../io/index.js";
import { Adam } from "../backends/adam.js";
import { augmentImages } from "../datasets/augmentation.js";
import type { Dataset, DatasetOrigin, Images } from "../datasets/dataset.js";
import { checkValues } from "../datasets/images.js";
import { evaluateClusters } from "../evaluation/clusters.js";
import { type CodeStatistics, describeCollapse, measureCodes } from "../evaluation/collapse.js";
import { range, toImages } from "../models/images.js";
import { type Model, type Phase, pause } from "../models/model.js";
import { LEAST_BATCH_WEIGHT, Pass, SERIES } from "../models/pass.js";
import type { NamedTensor } from "../models/safetensors.js";
import { Random } from "../random.js";
import {
  type CheckpointOwner,
  hasCheckpoint,
  ownerOf,
  readCheckpoint,
  removeBeginning,
  removeRemains,
  type TrainingState,
  withPrefix,
  writeCheckpoint,
} from "./checkpoint.js";
import { updateStopping } from "./early-stopping.js";
import { lockFolder } from "./lock.js";
import { type ResolvedOptions, resolveTrainOptions, type TrainOptions } from "./options.js";
import { measureStatistics } from "./population-statistics.js";
import type { EpochRecord, LossParts } from "./progress.js";
import { scheduleAt } from "./schedule.js";
import { addNoiseToBatch, binarize, shiftImages } from "./transformation.js";

/** Result of a training. */
export interface TrainingResult {
  /** All epochs, including the epochs before the training was resumed. */
  readonly history: readonly EpochRecord[];
  /** Number of finished steps. */
  readonly steps: number;
  /** Whether early stopping ended the training. */
  readonly isStoppedEarly: boolean;
  /** With early stopping, the best epoch, whose weights the model has now, and the validation loss of this epoch. */
  readonly best: { readonly epoch: number; readonly loss: number } | undefined;
  /** Warnings for the user, in sentences. */
  readonly warnings: readonly string[];
  /** Duration of this call, in seconds. */
  readonly seconds: number;
}

/**
 * Trains a model with Adam on the training images of a data set. The next batch of images is read while the current
 * batch is computed.
 *
 * If `folder` is given, the training writes a checkpoint to this folder after every epoch, and continues from a
 * checkpoint that it finds there. On the same backend, a continued training gives the same numbers as a training that
 * was never interrupted. Checkpoints are replaced atomically: if a checkpoint cannot be written, the previous
 * checkpoint still exists. A new training that fails before its second checkpoint removes all its files from the
 * folder.
 *
 * @throws {ArgumentError} for invalid options, images that do not suit the model, or the checkpoint of another training
 * @throws {DataError} NOT_FINITE or OUT_OF_RANGE for pixels outside 0 to 1, before the first step
 * @throws {FileError} for a damaged checkpoint, or if the folder cannot be written
 * @throws {SigmaTsneError} BUSY if another training is using the folder
 * @throws {SigmaTsneError} DIVERGED if the loss becomes NaN or infinite; the message names the part of the loss and the
 *   step
 * @throws {AbortError} if `options.signal` is aborted, after the current step and with a checkpoint
 */
export async function train(model: Model, dataset: Dataset, options: TrainOptions = {}): Promise<TrainingResult> {
  const images = toImages(dataset.train, model.configuration, "dataset.train");
  const resolved = resolveTrainOptions(model, options, Math.max(1, images.count));
  const validation = toImages(dataset.validation, model.configuration, "dataset.validation");
  if (images.count === 0) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "dataset.train",
      received: 0,
      accepted: "at least one image",
    });
  }
  if (resolved.earlyStopping && validation.count === 0) {
    const accepted = "false for a data set without validation images";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "earlyStopping", received: true, accepted });
  }
  await checkValues(images, "dataset.train", options.signal);
  await checkValues(validation, "dataset.validation", options.signal);
  const owner = ownerOf(model, { name: dataset.name, count: images.count }, resolved.course);
  const training = new Training(model, images, validation, resolved, options, owner, dataset.origin);
  try {
    return await training.run();
  } finally {
    training.dispose();
  }
}

/** Milliseconds between reports of progress. */
const REPORT_INTERVAL = 500;
/** Largest number of losses that are kept in the memory of the backend before they are read. */
const MOST_PENDING = 100;
const SCALARS_INTERVAL = 50;
const VALIDATION_BATCH = 256;
/** Largest number of images whose codes are measured after every epoch. */
const MEASURED_IMAGES = 500;

/** The parts of the loss of one step, which were not read from the backend yet. */
interface PendingLoss {
  readonly step: number;
  readonly names: readonly string[];
  readonly values: tf.Tensor1D;
}

/** The images of one step. */
interface Batch {
  /** Indices of the images within the training images. */
  readonly rows: Int32Array;
  readonly input: Float32Array;
  readonly target: Float32Array;
}

class Training {
  private state: TrainingState;
  private readonly phases: readonly { phase: Phase; adam: Adam }[];
  private readonly stepsPerEpoch: number;
  private readonly steps: number;
  private pending: PendingLoss[] = [];
  private best: ReadonlyMap<string, NamedTensor> | undefined;
  private readonly begin = performance.now();
  private firstStep = 0;
  private reported = 0;
  /** Number of checkpoints that this call has written. */
  private checkpoints = 0;

  constructor(
    private readonly model: Model,
    private readonly images: Images,
    private readonly validation: Images,
    private readonly resolved: ResolvedOptions,
    private readonly options: TrainOptions,
    private readonly owner: CheckpointOwner,
    private readonly origin: DatasetOrigin | undefined,
  ) {
    const { variables } = model;
    this.phases = model.phases().map((phase) => ({
      phase,
      adam: new Adam(new Map(phase.variables.map((key) => [key, variables.get(key) as tf.Variable]))),
    }));
    const { epochs, stepsPerEpoch } = resolved;
    this.stepsPerEpoch = stepsPerEpoch;
    this.steps = Math.min(resolved.maxSteps, epochs * stepsPerEpoch);
    this.state = {
      epoch: 0,
      length: { epochs, stepsPerEpoch },
      stepInEpoch: 0,
      isBegun: false,
      step: 0,
      sums: {},
      history: [],
      stopping: { best: undefined },
      isStopped: false,
      warnings: [],
    };
  }

  async run(): Promise<TrainingResult> {
    const { folder } = this.resolved;
    if (folder === undefined) return this.runFromCheckpoint();
    const wasThere = await stat(folder).then(Boolean, () => false);
    await makeFolder(join(folder, "checkpoint"));
    const unlock = await lockFolder(folder);
    const isNew = !(await hasCheckpoint(folder));
    let failedAtStart = false;
    try {
      return await this.runFromCheckpoint();
    } catch (error) {
      failedAtStart = isNew && this.checkpoints < 2 && !this.options.signal?.aborted;
      throw error;
    } finally {
      // A training that failed at its start cannot be continued, and its files would prevent the next try.
      if (failedAtStart) await removeBeginning(folder);
      await unlock();
      if (failedAtStart && !wasThere) await rmdir(folder).catch(() => {});
    }
  }

  private get partStarts(): readonly number[] {
    return this.model.partStarts(this.state.length);
  }

  private async runFromCheckpoint(): Promise<TrainingResult> {
    await this.prepareFolder();
    this.firstStep = this.state.step;
    await this.options.onStart?.({ epoch: this.state.epoch, step: this.state.step });
    try {
      // The last step may be finished although its epoch is not: a checkpoint may have been written in between.
      const isLeft = () => this.state.step < this.steps || this.state.stepInEpoch === this.stepsPerEpoch;
      while (isLeft() && !this.state.isStopped) await this.runEpoch();
      if (this.state.stepInEpoch > 0) await this.checkpoint();
    } catch (error) {
      if (!(error instanceof AbortError) || !this.options.signal?.aborted) throw error;
      await this.flush();
      await this.checkpoint();
      throw error;
    }
    if (this.best) this.model.setWeights(this.best);
    const { batchSize, seed } = this.resolved.course;
    await measureStatistics(this.model, this.images, { batchSize, seed, signal: this.options.signal });
    const seconds = (performance.now() - this.begin) / 1000;
    const { history, step, isStopped, stopping } = this.state;
    const warnings = [
      ...this.state.warnings,
      ...(await describeCollapse(this.model, this.images, this.options.signal)),
    ];
    const result = { history, steps: step, isStoppedEarly: isStopped, best: stopping.best, warnings, seconds };
    await this.writeResult(result);
    return result;
  }

  dispose(): void {
    for (const { adam } of this.phases) adam.dispose();
    for (const { values } of this.pending) values.dispose();
  }

  private async prepareFolder(): Promise<void> {
    const { folder, resume, course, epochs, maxSteps, earlyStopping } = this.resolved;
    if (folder === undefined) return;
    await removeRemains(folder);
    const found = resume ? await readCheckpoint(folder, this.owner) : undefined;
    const { model, configuration, dataset } = this.owner;
    // config.json contains options of `train`, so that the training can be resumed from it. The warm-up belongs to the
    // model.
    const { warmupSteps: _, ...courseOptions } = course;
    const training = {
      ...courseOptions,
      epochs,
      maxSteps: Math.min(maxSteps, this.steps),
      earlyStopping: earlyStopping ?? false,
    };
    const described = { ...dataset, origin: this.origin };
    await writeJson(join(folder, "config.json"), { model, configuration, dataset: described, training });
    if (!found) {
      await this.checkpoint();
      return;
    }
    const { state, adam: adamStates, tensors } = found;
    this.state = state;
    this.model.setWeights(withPrefix(tensors, "weights/"));
    for (const [key, tensor] of withPrefix(tensors, "training/")) this.model.trainingTensors.set(key, tensor);
    for (const { phase, adam } of this.phases) {
      const adamState = adamStates[phase.name];
      if (adamState) adam.restore(phase.name, withPrefix(tensors, "adam/"), adamState);
    }
    const best = withPrefix(tensors, "best/");
    if (best.size > 0) this.best = best;
  }

  private async runEpoch(): Promise<void> {
    const { signal } = this.options;
    const { course } = this.resolved;
    const { epoch, length } = this.state;
    if (!this.state.isBegun) {
      if (epoch > 0 && this.partStarts.includes(epoch)) for (const { adam } of this.phases) adam.reset();
      const warn = (sentence: string) => void this.state.warnings.push(sentence);
      await this.model.beginEpoch({ epoch, length, images: this.images, seed: course.seed, signal, warn });
      this.state.isBegun = true;
    }
    await this.runSteps();
    if (this.state.stepInEpoch < this.stepsPerEpoch) return;
    const validation = this.validation.count > 0 ? await this.validate() : undefined;
    const { sums, stepInEpoch, step } = this.state;
    const train = mapValues(sums, (sum) => sum / stepInEpoch);
    const { learningRate } = scheduleAt(step - 1, this.steps, course);
    const found = await evaluateClusters(this.model, this.validation, signal);
    const clusters = found && {
      accuracy: found.accuracy,
      normalizedMutualInformation: found.normalizedMutualInformation,
      empty: found.sizes.filter((size) => size === 0).length,
    };
    const codes = await this.measureCodes();
    const record: EpochRecord = {
      epoch: epoch + 1,
      step,
      learningRate,
      train,
      validation,
      ...(clusters && { clusters }),
      ...(codes && { codes }),
    };
    Object.assign(this.state, { epoch: epoch + 1, stepInEpoch: 0, isBegun: false, sums: {} });
    this.state.history.push(record);
    await this.considerStopping(record);
    const scalars = {
      ...prefixed("train", train),
      ...(validation && prefixed("validation", validation)),
      ...(clusters && prefixed("clusters", clusters)),
      ...(codes && prefixed("codes", codes)),
    };
    // The scalars are logged before the checkpoint. A training that is killed in between repeats the epoch, and
    // TensorBoard drops the first scalars.
    await this.options.onScalars?.(step, { ...scalars, learning_rate: learningRate });
    await this.checkpoint();
    await this.options.onEpoch?.(record);
  }

  /** Runs the remaining steps of the epoch. */
  private async runSteps(): Promise<void> {
    const { signal } = this.options;
    const { course, checkpointEvery } = this.resolved;
    const order = new Random(course.seed, SERIES.order, this.state.epoch).permutation(this.images.count);
    const symmetry = course.augmentation === "flips" ? "dihedral" : "none";
    const images = augmentImages(this.images, { symmetry, seed: course.seed, epoch: this.state.epoch });
    const first = this.state.stepInEpoch;
    const end = Math.min(this.stepsPerEpoch, first + this.steps - this.state.step);
    const read = async (stepInEpoch: number, step: number) => {
      const border = (i: number) => Math.floor((i * order.length) / this.stepsPerEpoch);
      const rows = order.subarray(border(stepInEpoch), border(stepInEpoch + 1));
      return { rows, ...(await this.transform(await images.read(rows), step)) };
    };
    let next = first < end ? read(first, this.state.step) : undefined;
    while (next) {
      throwIfAborted(signal);
      const batch = await next;
      const { stepInEpoch, step } = this.state;
      next = stepInEpoch + 1 < end ? read(stepInEpoch + 1, step + 1) : undefined;
      // Without this handler, Node.js would report an unhandled rejection. The `await` of the next round throws the
      // error.
      next?.catch(() => {});
      this.takeStep(batch);
      this.state.stepInEpoch++;
      this.state.step++;
      const isDue = performance.now() - this.reported > REPORT_INTERVAL;
      if (isDue || this.pending.length >= MOST_PENDING) await this.flush();
      if (this.state.step % checkpointEvery === 0) {
        await this.flush();
        await this.checkpoint();
      }
      await pause();
    }
    await this.flush();
  }

  private async transform(values: Float32Array, step: number): Promise<{ input: Float32Array; target: Float32Array }> {
    const { augmentation, noise, binarize: isBinary, seed } = this.resolved.course;
    const { configuration } = this.model;
    const random = new Random(seed, SERIES.transformation, step);
    const target = isBinary ? binarize(values, random) : values;
    // The image to be reconstructed is not shifted, so that codes learn to ignore the shift.
    const view = augmentation === "shifts" ? shiftImages(target, configuration, random) : target;
    return { target, input: noise > 0 ? await addNoiseToBatch(view, configuration, noise, seed, step) : view };
  }

  private takeStep({ rows, input, target }: Batch): void {
    const { course } = this.resolved;
    const { epoch, step } = this.state;
    const { height, width, channels } = this.model.configuration;
    const warmup = course.klWarmup * this.stepsPerEpoch;
    const pass = new Pass(new Random(course.seed, SERIES.training, step), {
      training: true,
      klWeight: step < warmup ? step / warmup : 1,
      trainingCount: this.images.count,
      rows,
      epoch,
      length: this.state.length,
      batchWeight: Math.max(LEAST_BATCH_WEIGHT, 1 / (step + 1)),
    });
    const start = this.partStarts.findLast((begin) => begin <= epoch) as number;
    const settings = scheduleAt(step, this.steps, course, start * this.stepsPerEpoch);
    tf.tidy(() => {
      const x = tf.tensor4d(input, [input.length / this.model.pixels, height, width, channels]);
      const y = input === target ? x : tf.tensor4d(target, x.shape);
      const names: string[] = ["loss"];
      const parts: tf.Scalar[] = [];
      for (const [i, { phase, adam }] of this.phases.entries()) {
        const { value, grads } = tf.variableGrads(() => {
          const loss = phase.loss(x, y, pass);
          for (const [name, part] of Object.entries(loss.parts)) {
            names.push(name);
            parts.push(tf.keep(tf.clone(part)));
          }
          return loss.total;
        }, adam.variables);
        if (i === 0) parts.unshift(tf.keep(value));
        adam.apply(grads, settings);
      }
      this.pending.push({ step: step + 1, names, values: tf.keep(tf.stack(parts) as tf.Tensor1D) });
      tf.dispose(parts);
    });
  }

  /** Reads the losses of the last steps from the backend. */
  private async flush(): Promise<void> {
    let last: LossParts | undefined;
    for (let first = this.pending[0]; first; first = this.pending[0]) {
      const { step, names, values } = first;
      const numbers = await values.data();
      values.dispose();
      this.pending.shift();
      last = Object.fromEntries(names.map((name, i) => [name, numbers[i]]));
      this.checkFinite(last, step);
      for (const [name, value] of Object.entries(last)) this.state.sums[name] = (this.state.sums[name] ?? 0) + value;
      if (step % SCALARS_INTERVAL === 0) await this.options.onScalars?.(step, prefixed("batch", last));
    }
    if (last) this.report(last);
  }

  private checkFinite(parts: LossParts, step: number): void {
    const entries = Object.entries(parts);
    const bad =
      entries.find(([name, value]) => name !== "loss" && !Number.isFinite(value)) ??
      entries.find(([, value]) => !Number.isFinite(value));
    if (!bad) return;
    const [name, value] = bad;
    const { learningRate } = scheduleAt(step - 1, this.steps, this.resolved.course);
    throw new SigmaTsneError(
      "DIVERGED",
      `the ${name === "loss" ? "loss" : `part "${name}" of the loss`} became ${value} at step ${step}; try a smaller learningRate (it was ${learningRate}) or a klWarmup, and make sure that the images are numbers from 0 to 1`,
    );
  }

  private report(loss: LossParts): void {
    this.reported = performance.now();
    const { step } = this.state;
    const seconds = (this.reported - this.begin) / 1000;
    this.options.onProgress?.({
      epoch: Math.ceil(step / this.stepsPerEpoch),
      epochs: Math.ceil(this.steps / this.stepsPerEpoch),
      step,
      steps: this.steps,
      loss,
      seconds,
      secondsLeft: ((this.steps - step) * seconds) / Math.max(1, step - this.firstStep),
    });
  }

  private async validate(): Promise<LossParts> {
    const { seed, noise, binarize: isBinary } = this.resolved.course;
    const { height, width, channels } = this.model.configuration;
    const sums: Record<string, number> = {};
    const { count } = this.validation;
    // The validation loss is computed with the loss of the current part of the training, so that it can be compared
    // with the training loss.
    const { epoch, length } = this.state;
    for (let start = 0; start < count; start += VALIDATION_BATCH) {
      throwIfAborted(this.options.signal);
      const end = Math.min(start + VALIDATION_BATCH, count);
      const values = await this.validation.read(range(start, end));
      // The same random numbers are used after every epoch, so that losses can be compared.
      const random = new Random(seed, SERIES.validation, start);
      const target = isBinary ? binarize(values, random) : values;
      const input = noise > 0 ? await addNoiseToBatch(target, this.model.configuration, noise, seed, start) : target;
      const names: string[] = ["loss"];
      const losses = tf.tidy(() => {
        const y = tf.tensor4d(target, [end - start, height, width, channels]);
        const x = input === target ? y : tf.tensor4d(input, y.shape);
        const pass = new Pass(random, { trainingCount: this.images.count, epoch, length });
        const { total, parts } = this.model.loss(x, y, pass);
        names.push(...Object.keys(parts));
        return tf.stack([total, ...Object.values(parts)]);
      });
      const numbers = await losses.data();
      losses.dispose();
      names.forEach((name, i) => {
        sums[name] = (sums[name] ?? 0) + numbers[i] * (end - start);
      });
      await pause();
    }
    const parts = mapValues(sums, (sum) => sum / count);
    this.checkFinite(parts, this.state.step);
    return parts;
  }

  /** Measures the codes. Returns undefined for models with Bayesian weights, whose codes need many draws. */
  private async measureCodes(): Promise<CodeStatistics | undefined> {
    if (this.model.parts.weightPosterior) return undefined;
    const images = this.validation.count > 0 ? this.validation : this.images;
    return measureCodes(this.model, images, MEASURED_IMAGES, this.options.signal);
  }

  private async considerStopping({ epoch, validation }: EpochRecord): Promise<void> {
    const { earlyStopping, course } = this.resolved;
    // While the loss is still warming up, its values cannot be compared.
    if (!earlyStopping || !validation || epoch <= Math.max(this.partStarts.at(-1) as number, course.klWarmup)) return;
    const { state, isImproved, isOver } = updateStopping(this.state.stopping, validation.loss, epoch, earlyStopping);
    this.state.stopping = state;
    this.state.isStopped = isOver;
    if (isImproved) this.best = await this.model.weights();
  }

  private async checkpoint(): Promise<void> {
    const { folder } = this.resolved;
    if (folder === undefined) return;
    const tensors = new Map<string, NamedTensor>();
    for (const [key, tensor] of await this.model.weights()) tensors.set(`weights/${key}`, tensor);
    for (const [key, tensor] of this.best ?? []) tensors.set(`best/${key}`, tensor);
    for (const [key, tensor] of this.model.trainingTensors) tensors.set(`training/${key}`, tensor);
    const states = [];
    for (const { phase, adam } of this.phases) {
      const { tensors: moments, state } = await adam.save(phase.name);
      for (const [key, tensor] of moments) tensors.set(`adam/${key}`, tensor);
      states.push([phase.name, state] as const);
    }
    await writeCheckpoint(folder, this.owner, { state: this.state, adam: Object.fromEntries(states), tensors });
    this.checkpoints++;
  }

  private async writeResult(result: TrainingResult): Promise<void> {
    const { folder } = this.resolved;
    if (folder === undefined) return;
    await this.model.save(join(folder, "model"));
    await writeJson(join(folder, "metrics.json"), result);
  }
}

const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);

const mapValues = (record: LossParts, map: (value: number) => number): LossParts =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));

const prefixed = (prefix: string, record: LossParts): LossParts =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [`${prefix}/${key}`, value]));
