import { throwIfAborted } from "../../abort.js";
import { requireInteger } from "../../arguments.js";
import { ArgumentError, DataError, SigmaTsneError } from "../../errors.js";
import { decodeImage } from "../../io/index.js";
import { Matrix } from "../../matrix.js";
import { nearest } from "../../search/index.js";
import { positionUncertainty } from "../../tsne/index.js";
import { imagesInMemory, stretchContrast } from "../../vae/datasets/index.js";
import { INTERPOLATIONS, interpolateCodes, Random, scaleImages } from "../../vae/without-tensorflow.js";
import type { Exploration, ExploredMap, GaussianData } from "../exploration.js";
import { alignCovariance, alignPosition, widening } from "../maps.js";
import {
  type DrawsRequest,
  type InterpolationRequest,
  type LatentReference,
  type LatentVector,
  MANIFOLD_REACH,
  MAX_CELLS,
  MAX_DECODED,
  type PlacedPosition,
  type SearchResult,
} from "../protocol.js";
import { Decoder, type TaskOptions } from "./decoder.js";
import type { DecoderModel, DecoderOptions } from "./decoder-tasks.js";

/** The parts of an exploration that the latent space depends on. Data, model and further maps may be added later. */
export type LatentSubject = Pick<
  Exploration,
  "data" | "model" | "images" | "point" | "placementMaps" | "runOf" | "layoutCovariances"
>;

/** Number of neighbors in a search result. */
const NEIGHBORS = 12;
/** Largest number of running and waiting searches; further searches are rejected. */
const MAX_SEARCHES = 16;
/** Number of random draws from which the positional uncertainty of an example is estimated. */
const PLACED_DRAWS = 32;
/** Milliseconds per frame of an animation. */
const DELAY = 40;
/** Ids of the random number streams of this file, different from the streams of trainings. */
const DRAWS = { images: 1, positions: 2 };

/**
 * The latent space behind a map. It decodes codes, draws and interpolations, and finds the nearest points and the
 * position of a new example.
 */
export class LatentSpace {
  readonly #subject: LatentSubject;
  readonly #settings: Omit<DecoderOptions, "path">;
  #decoder: Decoder | undefined;
  /** Settles when all requested searches are finished. */
  #searching: Promise<unknown> = Promise.resolve();
  #searches = 0;

  /** @param settings backend and threads of the model */
  constructor(subject: LatentSubject, settings: Omit<DecoderOptions, "path"> = {}) {
    this.#subject = subject;
    this.#settings = settings;
  }

  /** Opens the model if it already exists, so that the first request does not wait for it. */
  prepare(): void {
    const { model } = this.#subject;
    if (model) this.#decoder ??= new Decoder({ path: model.folder, ...this.#settings });
  }

  /** Stops running and waiting tasks. */
  async close(): Promise<void> {
    await this.#decoder?.close();
  }

  /** @throws {ArgumentError} OUT_OF_RANGE for a point that does not exist */
  latentVector(index: unknown): LatentVector {
    const { means, sigma } = this.#requireData();
    const row = requireInteger(index, "index", 0, means.rows - 1);
    return { mean: Array.from(means.row(row)), standardDeviation: sigma ? Array.from(sigma.row(row)) : null };
  }

  /**
   * Decodes codes to images side by side, as a PNG.
   *
   * @param codes m x latent, 1 <= m <= {@link MAX_DECODED}
   * @throws {ArgumentError} SHAPE_MISMATCH for any other shape; {@link DataError} NOT_FINITE
   */
  async decode(codes: Float32Array, options: TaskOptions = {}): Promise<Uint8Array> {
    const dimensions = this.#requireData().means.cols;
    const count = codes.length / dimensions;
    if (!(Number.isInteger(count) && count >= 1 && count <= MAX_DECODED)) {
      const accepted = `1 to ${MAX_DECODED} codes of ${dimensions} float32 numbers`;
      throw new ArgumentError("SHAPE_MISMATCH", { argument: "codes", received: codes, accepted });
    }
    const at = codes.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) {
      const place = { row: Math.floor(at / dimensions), column: at % dimensions };
      const facts = { argument: "codes", received: codes[at], accepted: "finite numbers" };
      throw new DataError("NOT_FINITE", { ...facts, ...place });
    }
    return this.#drawImages(codes, count, options);
  }

  /** Decodes an {@link InterpolationRequest}: frames between two codes, side by side as a PNG. */
  async interpolate(request: unknown, options: TaskOptions = {}): Promise<Uint8Array> {
    const codes = this.#interpolationOf(request);
    return this.#drawImages(codes.data as Float32Array, codes.rows, options);
  }

  /** Decodes an {@link InterpolationRequest} to a GIF that repeats endlessly. */
  async animate(request: unknown, options: TaskOptions = {}): Promise<Uint8Array> {
    const codes = this.#interpolationOf(request).data as Float32Array;
    return this.#requireDecoder().perform("drawGif", { codes, options: { delay: DELAY } }, options);
  }

  /** The model's reconstruction of a point from its code, as a PNG. */
  async reconstruct(index: unknown, options: TaskOptions = {}): Promise<Uint8Array> {
    return this.#drawImages(Float32Array.from(this.latentVector(index).mean), 1, options);
  }

  /**
   * Draws codes from the Gaussian of a point, as a {@link DrawsRequest} describes, and decodes them to images side by
   * side.
   */
  async draw(request: unknown, options: TaskOptions = {}): Promise<Uint8Array> {
    const wanted = requireObject<DrawsRequest>(request, "{ index, count, seed }");
    const code = this.latentVector(wanted.index);
    const count = requireInteger(wanted.count, "count", 1, MAX_DECODED);
    const seed = requireInteger(wanted.seed ?? 42, "seed", 0, Number.MAX_SAFE_INTEGER);
    const codes = this.#drawAround(code, count, new Random(seed, wanted.index as number, DRAWS.images));
    return this.#drawImages(codes.data as Float32Array, count, options);
  }

  /**
   * Decodes a grid of `cells` x `cells` codes. The codes are equally spaced. Each dimension increases from its mean -
   * {@link MANIFOLD_REACH} standard deviations to its mean + {@link MANIFOLD_REACH} standard deviations: the first
   * dimension from left to right, the second from bottom to top.
   *
   * @throws {ArgumentError} INVALID_ARGUMENT if the codes do not have two dimensions
   */
  async drawManifold(cells: unknown, options: TaskOptions = {}): Promise<Uint8Array> {
    const size = requireInteger(cells, "cells", 2, MAX_CELLS);
    const { means } = this.#requireData();
    if (means.cols !== 2) {
      const accepted = "codes of two dimensions, because a picture has two";
      throw new ArgumentError("INVALID_ARGUMENT", { argument: "codes", received: means.cols, accepted });
    }
    const [across, up] = momentsOf(means) as [Moments, Moments];
    const place = ({ mean, standardDeviation }: Moments, step: number) =>
      mean + MANIFOLD_REACH * standardDeviation * ((2 * step) / (size - 1) - 1);
    const codes = new Float32Array(2 * size * size);
    for (let cell = 0; cell < size * size; cell++) {
      codes[2 * cell] = place(across, cell % size);
      codes[2 * cell + 1] = place(up, size - 1 - Math.floor(cell / size));
    }
    return this.#drawImages(codes, size, options);
  }

  /**
   * Finds the nearest points of a point and its position in the maps.
   *
   * @throws {SigmaTsneError} BUSY if too many searches are waiting
   */
  async searchPoint(index: unknown, signal?: AbortSignal): Promise<SearchResult> {
    const code = this.latentVector(index);
    return this.#oneAtATime(signal, () => this.#searchPoint(index as number, code, signal));
  }

  async #searchPoint(row: number, code: LatentVector, signal: AbortSignal | undefined): Promise<SearchResult> {
    const positions: Record<string, PlacedPosition> = {};
    for (const map of this.#subject.placementMaps()) {
      const [x, y] = map.positions.row(row) as unknown as [number, number];
      const known = this.#subject.layoutCovariances(map.id)?.subarray(3 * row, 3 * row + 3);
      const covariance = known?.every(Number.isFinite) ? known : await this.#measureCovariance(map, row, signal);
      positions[map.id] = { x, y, covariance: covariance ? toCovariance(covariance) : null };
    }
    const point = await this.#subject.point(row, signal);
    return { latent: code, positions, neighbors: point?.neighbors ?? [], preview: null };
  }

  /**
   * Finds the nearest points of an image and its position in the maps.
   *
   * @param bytes a file, see {@link decodeImage}; it is converted to the size and color mode of the training images,
   *   and its contrast is stretched if the contrast of those images was stretched
   * @param isInverted whether the brightness is inverted first, for example for ink on paper if the model was trained
   *   on light figures on a dark background
   * @throws {FileError} FILE_FORMAT if the file is not an image; {@link DataError} for floating-point values outside 0
   *   to 1; {@link SigmaTsneError} BUSY if too many searches are waiting
   */
  async searchImage(bytes: Uint8Array, isInverted: boolean, signal?: AbortSignal): Promise<SearchResult> {
    return this.#oneAtATime(signal, () => this.#searchImage(bytes, isInverted, signal));
  }

  async #searchImage(bytes: Uint8Array, isInverted: boolean, signal: AbortSignal | undefined): Promise<SearchResult> {
    const decoder = this.#requireDecoder();
    const model = await decoder.model();
    const image = await this.#fit(bytes, model, isInverted);
    const encoded = await decoder.perform("encode", { images: image }, { signal });
    const code: LatentVector = {
      mean: Array.from(encoded.means),
      standardDeviation: encoded.sigma ? Array.from(encoded.sigma) : null,
    };
    const layout = { columns: 2, before: image };
    const preview = await decoder.perform("drawSheet", { codes: encoded.means, layout }, { signal });
    return {
      latent: code,
      positions: await this.#place(code, signal),
      neighbors: await this.#nearest(encoded.means, encoded.sigma, signal),
      preview: Buffer.from(preview).toString("base64"),
    };
  }

  async #measureCovariance(map: ExploredMap, row: number, signal: AbortSignal | undefined) {
    const run = await this.#subject.runOf(map);
    if (!run.hasSigma) return undefined;
    const { covariance } = await positionUncertainty(run, { points: [row], draws: PLACED_DRAWS, signal });
    const enlarged = covariance.row(0).map((value) => widening(PLACED_DRAWS) * value);
    return alignCovariance(toCovariance(enlarged), map.alignment);
  }

  /** Places a code into each map, and estimates the covariance of its position from draws of its Gaussian. */
  async #place({ mean, standardDeviation }: LatentVector, signal: AbortSignal | undefined) {
    const positions: Record<string, PlacedPosition> = {};
    const [cols, random] = [mean.length, new Random(42, 0, DRAWS.positions)];
    const draws = standardDeviation ? this.#drawAround({ mean, standardDeviation }, PLACED_DRAWS, random).data : [];
    const points = new Matrix(Float32Array.from([...mean, ...draws]), 1 + draws.length / cols, cols);
    const sigma =
      standardDeviation &&
      new Matrix(
        points.data.map((_, at) => standardDeviation[at % cols]),
        points.rows,
        cols,
      );
    for (const map of this.#subject.placementMaps()) {
      const run = await this.#subject.runOf(map);
      // A run with standard deviations cannot place a code without them.
      if (run.hasSigma && !sigma) continue;
      const { embedding } = await run.place(points, { sigma: run.hasSigma && sigma ? sigma : undefined, signal });
      const [x, y] = alignPosition(embedding.row(0) as unknown as [number, number], map.alignment);
      const covariance = sigma ? alignCovariance(covarianceOf(embedding.slice(1, points.rows)), map.alignment) : null;
      positions[map.id] = { x, y, covariance: covariance && toCovariance(covariance) };
    }
    return positions;
  }

  async #nearest(query: Float32Array, querySigma: Float32Array | undefined, signal: AbortSignal | undefined) {
    const { means, sigma } = this.#requireData();
    const k = Math.min(NEIGHBORS, means.rows);
    const { indices, distances } = await nearest(means, query, { k, sigma, querySigma, signal });
    return Array.from(indices, (index, rank) => ({ index, distance: distances.at(0, rank) }));
  }

  /** Runs one search at a time, because each search uses all processors and copies the codes. */
  async #oneAtATime<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    if (this.#searches >= MAX_SEARCHES) {
      throw new SigmaTsneError("BUSY", `${MAX_SEARCHES} searches are waiting. Try again later`);
    }
    this.#searches++;
    const turn = this.#searching.then(() => {
      throwIfAborted(signal);
      return work();
    });
    this.#searching = turn.catch(() => {}).finally(() => this.#searches--);
    return turn;
  }

  async #fit(
    bytes: Uint8Array,
    { height, width, channels, ...model }: DecoderModel,
    isInverted: boolean,
  ): Promise<Float32Array> {
    if (channels !== 1 && channels !== 3) {
      const accepted = "a model of images with 1 or 3 channels, because image files have no other numbers of channels";
      throw new ArgumentError("INVALID_ARGUMENT", { argument: "image", received: channels, accepted });
    }
    const pixels = await decodeImage(bytes, { height, width, channels }, "the image");
    const images = imagesInMemory(isInverted ? pixels.map((value) => 1 - value) : pixels, [height, width, channels]);
    const stretch = this.#subject.images?.stretch ?? model.stretch;
    return (stretch === undefined ? scaleImages(images, 0, 1, "image") : stretchContrast(images, stretch)).read([0]);
  }

  async #drawImages(codes: Float32Array, columns: number, options: TaskOptions): Promise<Uint8Array> {
    return this.#requireDecoder().perform("drawSheet", { codes, layout: { columns } }, options);
  }

  #requireData(): GaussianData {
    const { data } = this.#subject;
    if (data) return data;
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "codes",
      received: undefined,
      accepted: "a source with codes",
      message: "the codes of the points are not known yet, or the source has no codes",
    });
  }

  #requireDecoder(): Decoder {
    this.prepare();
    if (this.#decoder) return this.#decoder;
    const accepted = "a source with a model: the folder of a training";
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "model",
      received: undefined,
      accepted,
      message: "this source has no model to decode codes. Explore the folder of a training",
    });
  }

  #interpolationOf(request: unknown): Matrix {
    const shape = "{ from, to, kind, frames }";
    const { from, to, kind, ...wanted } = requireObject<InterpolationRequest>(request, shape);
    const frames = requireInteger(wanted.frames, "frames", 2, MAX_DECODED);
    const known = INTERPOLATIONS.find((one) => one === kind);
    if (!known) {
      const accepted = `one of ${INTERPOLATIONS.join(", ")}`;
      throw new ArgumentError("INVALID_ARGUMENT", { argument: "kind", received: kind, accepted });
    }
    return interpolateCodes(this.#resolve(from, "from"), this.#resolve(to, "to"), frames, known);
  }

  #resolve(reference: LatentReference | undefined, argument: string): readonly number[] {
    if (typeof reference === "number") {
      const { means } = this.#requireData();
      return Array.from(means.row(requireInteger(reference, argument, 0, means.rows - 1)));
    }
    const dimensions = this.#requireData().means.cols;
    const accepted = `the number of a point, or a code of ${dimensions} numbers`;
    if (!Array.isArray(reference)) {
      throw new ArgumentError("INVALID_ARGUMENT", { argument, received: reference, accepted });
    }
    if (reference.length !== dimensions) {
      throw new ArgumentError("SHAPE_MISMATCH", { argument, received: reference, accepted });
    }
    const wrong = reference.findIndex((value) => typeof value !== "number" || !Number.isFinite(Math.fround(value)));
    if (wrong >= 0) {
      const facts = {
        argument,
        received: reference[wrong] as unknown,
        accepted: "finite numbers",
        row: 0,
        column: wrong,
      };
      throw new DataError("NOT_FINITE", facts);
    }
    return reference;
  }

  #drawAround({ mean, standardDeviation }: LatentVector, count: number, random: Random): Matrix {
    if (!standardDeviation) {
      throw new ArgumentError("INVALID_ARGUMENT", {
        argument: "model",
        received: undefined,
        accepted: "codes with standard deviations, which models such as ae do not have",
      });
    }
    const codes = new Float32Array(count * mean.length);
    const draws = random.normals(codes.length);
    for (let at = 0; at < codes.length; at++) {
      const j = at % mean.length;
      codes[at] = mean[j] + standardDeviation[j] * draws[at];
    }
    return new Matrix(codes, count, mean.length);
  }
}

interface Moments {
  readonly mean: number;
  readonly standardDeviation: number;
}

/** Mean and standard deviation of each dimension, with the divisor n. */
function momentsOf(means: Matrix): Moments[] {
  return Array.from({ length: means.cols }, (_, j) => {
    let [mean, squares] = [0, 0];
    // Welford's algorithm (1962).
    for (let i = 0; i < means.rows; i++) {
      const difference = means.at(i, j) - mean;
      mean += difference / (i + 1);
      squares += difference * (means.at(i, j) - mean);
    }
    return { mean, standardDeviation: Math.sqrt(squares / means.rows) };
  });
}

/** Covariance of positions about their mean, with the divisor n - 1: xx, xy, yy. */
function covarianceOf(positions: Matrix): [number, number, number] {
  const [across, up] = momentsOf(positions) as [Moments, Moments];
  const sum: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < positions.rows; i++) {
    const [x, y] = [positions.at(i, 0) - across.mean, positions.at(i, 1) - up.mean];
    sum[0] += x * x;
    sum[1] += x * y;
    sum[2] += y * y;
  }
  return sum.map((value) => value / (positions.rows - 1)) as [number, number, number];
}

const toCovariance = (row: ArrayLike<number>) => Array.from(row) as [number, number, number];

function requireObject<T>(value: unknown, accepted: string): Partial<T> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new ArgumentError("INVALID_ARGUMENT", { argument: "body", received: value, accepted: `JSON, ${accepted}` });
}
