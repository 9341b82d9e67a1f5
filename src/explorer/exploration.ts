import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import { throwIfAborted } from "../abort.js";
import { ArgumentError, DataError } from "../errors.js";
import type { ImageSource } from "../images/index.js";
import { assignToGrid, separateUniformly } from "../layout/index.js";
import { Matrix } from "../matrix.js";
import { nearest } from "../search/index.js";
import type { Tsne } from "../tsne/index.js";
import { ACTIVE_VARIANCE } from "../vae/without-tensorflow.js";
import { type Column, labelColumn, numberColumn, valueAt } from "./columns.js";
import { type Computation, failed, waiting } from "./computation.js";
import { describeLayouts, parseDerivedId, wallGrid, wallPositions } from "./layouts.js";
import { LruCache } from "./lru-cache.js";
import {
  type ComputationState,
  type ExplorationDescription,
  FILE_ROW,
  type ModelDescription,
  type PointDescription,
} from "./protocol.js";
import { describeRecomputation } from "./recomputation.js";
import { SavedSelections } from "./saved-selections.js";
import { TextValues } from "./text-values.js";
import { describeThumbnails, drawImage, drawThumbnails, indicesOfSheet } from "./thumbnails.js";

/** The points as Gaussians: n x d. */
export interface GaussianData {
  readonly means: Matrix;
  readonly sigma: Matrix | undefined;
}

/** The images of the points in two sizes. */
export interface ExploredImages {
  /** Images for thumbnails, already reduced in size if that is cheaper. */
  readonly small: ImageSource;
  /** Images in their original size. */
  readonly whole: ImageSource;
  /** Share of values cut off at either end of each image. */
  readonly stretch?: number | undefined;
}

/** The model that encoded the points. */
export interface ExploredModel {
  /** Folder of the training or of the model, from which `openRun` opens it. */
  readonly folder: string;
  readonly description: Omit<ModelDescription, "mean" | "standardDeviation" | "activeDimensions">;
}

/** A map of the points, either computed or read from a file. */
export interface ExploredMap {
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  /** n x 2 */
  readonly positions: Matrix;
  /** Opens the run that computed the map. It is read only when new points are placed. */
  readonly openRun?: (() => Promise<Tsne>) | undefined;
  /** Transforms coordinates of the run into coordinates of the map: `scale * (x - from) * rotation + to`. */
  readonly alignment?: PlaneAlignment | undefined;
}

/** The transformation that aligned a map with another map. */
export interface PlaneAlignment {
  readonly scale: number;
  readonly rotation: readonly (readonly number[])[];
  readonly from: readonly number[];
  readonly to: readonly number[];
}

const NEIGHBORS = 12;
/** Number of thumbnail sheets in the cache, and number of points whose neighbors are in the cache. */
const KEPT_SHEETS = 128;
const KEPT_NEIGHBORS = 1024;

interface ExplorationEvents {
  /** The description has changed. */
  change: [];
  /** The state of a computation has changed. */
  computation: [ComputationState];
}

/**
 * The explored points with their maps, columns and images. Derived results, such as layouts and thumbnails, are
 * computed when they are requested. Maps and columns may be added while the page is open.
 */
export class Exploration extends EventEmitter<ExplorationEvents> {
  /** Aborted when the exploration is closed. */
  readonly signal: AbortSignal;
  private readonly controller = new AbortController();
  private readonly id = randomUUID().slice(0, 8);
  private changes = 0;
  private readonly maps = new Map<string, ExploredMap>();
  private readonly covariances = new Map<string, Float32Array>();
  private readonly columns = new Map<string, Column>();
  private readonly encodedTexts = new WeakMap<TextValues, Uint8Array>();
  private readonly notices: string[] = [];
  private readonly computations = new Map<string, Computation>();
  private readonly derived = new Map<string, Promise<Matrix>>();
  private readonly sheets = new LruCache<number, Buffer>(KEPT_SHEETS);
  private readonly nearby = new LruCache<number, PointDescription["neighbors"]>(KEPT_NEIGHBORS);
  private searching: Promise<unknown> = Promise.resolve();
  private readonly openedRuns = new Map<string, Promise<Tsne>>();
  private readonly work = new Set<Promise<void>>();
  private readonly cleanups: (() => Promise<void>)[] = [];
  /** Files that were skipped in a folder of images. */
  skipped = 0;
  /** The folder beside the source in which results are saved; `undefined` if nothing is saved. */
  keptIn: string | undefined;
  /** How the columns of the source were used, in one line; `undefined` for sources without columns. */
  columnReport: string | undefined;
  /** Saved selections with their names. */
  selections = new SavedSelections();
  /** The rows of the files that have a position; `undefined` if all rows have one. */
  gaps: { readonly rows: number; readonly kept: Int32Array } | undefined;
  private statistics: Pick<ModelDescription, "mean" | "standardDeviation" | "activeDimensions"> | undefined;
  private ownImages: ExploredImages | undefined;
  private ownData: GaussianData | undefined;
  private ownModel: ExploredModel | undefined;

  constructor(
    readonly name: string,
    private count = 0,
  ) {
    super();
    this.setMaxListeners(0);
    this.signal = this.controller.signal;
  }

  /** Number of points; 0 while it is unknown. */
  get n(): number {
    return this.count;
  }

  get images(): ExploredImages | undefined {
    return this.ownImages;
  }

  get data(): GaussianData | undefined {
    return this.ownData;
  }

  get model(): ExploredModel | undefined {
    return this.ownModel;
  }

  setCount(n: number): void {
    this.count = n;
    this.changed();
  }

  /** Sets the number of rows in the files of the points, and the rows that are kept because they have a position. */
  setGaps(rows: number, kept: Int32Array | undefined): void {
    this.gaps = kept && { rows, kept };
    if (kept) this.addColumn(numberColumn({ id: FILE_ROW, title: "Row in the file", name: "row" }, kept));
  }

  setImages(images: ExploredImages): void {
    this.ownImages = images;
    this.changed();
  }

  setModel(model: ExploredModel): void {
    this.ownModel = model;
    this.changed();
  }

  setData(data: GaussianData): void {
    this.ownData = data;
    this.statistics = describeData(data.means);
    this.nearby.clear();
    this.changed();
  }

  addMap(map: ExploredMap): void {
    this.maps.set(map.id, map);
    for (const kind of ["separated", "wall"]) this.derived.delete(`${kind}:${map.id}`);
    this.openedRuns.delete(map.id);
    this.changed();
  }

  /** @param covariances n x 3, of the positions of the points in a layout */
  addCovariances(map: string, covariances: Float32Array): void {
    this.covariances.set(map, covariances);
    this.changed();
  }

  addColumn(column: Column): void {
    this.columns.set(column.description.id, column);
    this.changed();
  }

  /** @param name name of the label column in exported tables */
  addLabels(labels: readonly string[], name?: string): void {
    this.addColumn(labelColumn(labels, name));
  }

  /** Adds a notice: one sentence about data that are left out. */
  addNotice(notice: string): void {
    this.notices.push(notice);
    this.changed();
  }

  addComputation(computation: Computation): void {
    this.computations.set(computation.state.id, computation);
    this.changed();
  }

  /** Announces that the state of a computation has changed. */
  readonly report = (state: ComputationState): void => {
    this.emit("computation", state);
  };

  /**
   * Starts background work that continues while the page is open; {@link close} waits for it. If the work fails, a
   * failed computation reports the error.
   */
  startWork(work: () => Promise<void>): void {
    const promise = work()
      .catch((error: unknown) => {
        const failure = failed(error);
        const isTold = [...this.computations.values()].some(({ state }) => state.message === failure.message);
        if (isTold || this.signal.aborted) return;
        const state = waiting({
          id: `failure-${this.computations.size}`,
          kind: "preparation",
          title: "Exploring",
          ...failure,
        });
        this.addComputation({ state });
      })
      .finally(() => this.work.delete(promise));
    this.work.add(promise);
  }

  /** Registers a function that {@link close} calls. */
  onClose(cleanup: () => Promise<void>): void {
    this.cleanups.push(cleanup);
  }

  /** Stops all work and closes the files. */
  async close(): Promise<void> {
    this.controller.abort();
    await Promise.all(this.work);
    await Promise.allSettled(this.derived.values());
    for (const cleanup of this.cleanups.splice(0)) await cleanup();
  }

  describe(): ExplorationDescription {
    const { ownData, ownImages, ownModel, maps } = this;
    const canPlace = [...maps.values()].some(({ openRun }) => openRun);
    return {
      version: `${this.id}.${this.changes}`,
      name: this.name,
      n: this.count,
      withoutPosition: this.gaps ? this.gaps.rows - this.gaps.kept.length : 0,
      notices: [...this.notices],
      dimensions: ownData?.means.cols ?? null,
      layouts: [...maps.values()].flatMap((map) => describeLayouts(map, this.count, this.covariances.has(map.id))),
      columns: [...this.columns.values()].map(({ description }) => description),
      images: ownImages ? describeThumbnails(ownImages.small, ownImages.whole) : null,
      model: ownModel && this.statistics ? { ...ownModel.description, ...this.statistics } : null,
      computations: [...this.computations.values()].map(({ state }) => state),
      selections: this.selections.describe(this.count),
      abilities: {
        decode: ownModel !== undefined && ownData !== undefined,
        encode: ownModel !== undefined && ownData !== undefined,
        place: canPlace,
        search: ownData !== undefined,
        uncertainty: this.covariances.size > 0,
      },
      recomputation: ownData ? describeRecomputation(ownData.means, ownData.sigma) : null,
    };
  }

  /** Positions of a layout, n x 2; undefined if the layout does not exist. */
  layout(id: string): Promise<Matrix> | undefined {
    const map = this.maps.get(id);
    if (map) return Promise.resolve(map.positions);
    const derived = parseDerivedId(id);
    const origin = derived && this.maps.get(derived.map);
    if (!origin || !describeLayouts(origin, this.count, false).some((layout) => layout.id === id)) return undefined;
    const known = this.derived.get(id);
    if (known) return known;
    const made = derived.kind === "separated" ? this.separate(origin) : this.makeWall(origin);
    this.derived.set(id, made);
    made.catch(() => this.derived.delete(id));
    return made;
  }

  private async separate({ positions }: ExploredMap): Promise<Matrix> {
    const { points } = await separateUniformly(positions, { signal: this.signal });
    return new Matrix(Float32Array.from(points.data), points.rows, 2);
  }

  /** Positions in a grid with one image per cell, in units of the longer side of an image. */
  private async makeWall({ id }: ExploredMap): Promise<Matrix> {
    const even = (await this.layout(`separated:${id}`)) as Matrix;
    const cell = this.ownImages?.small ?? { width: 1, height: 1 };
    const grid = wallGrid(this.count, cell);
    const assignment = await assignToGrid(even, { ...grid, signal: this.signal });
    return new Matrix(wallPositions(assignment, grid.rows, cell), this.count, 2);
  }

  /** Covariances of the positions of a layout, n x 3; undefined if they are unknown. */
  layoutCovariances(id: string): Float32Array | undefined {
    return this.covariances.get(id);
  }

  column(id: string): Column | undefined {
    return this.columns.get(id);
  }

  /** The values of a column in the format that the page reads. Texts are encoded once, at the first request. */
  columnBytes({ values }: Column): Uint8Array | Float32Array | Float64Array | Uint16Array | Uint32Array {
    if (!(values instanceof TextValues)) return values;
    const known = this.encodedTexts.get(values) ?? values.encode();
    this.encodedTexts.set(values, known);
    return known;
  }

  allColumns(): Column[] {
    return [...this.columns.values()];
  }

  /** See {@link SavedSelections.save}. */
  async saveSelection(name: string, rows: Uint32Array): Promise<void> {
    await this.selections.save(name, rows, this.count);
    this.changed();
  }

  async deleteSelection(name: string): Promise<boolean> {
    const isDeleted = await this.selections.delete(name, this.count);
    if (isDeleted) this.changed();
    return isDeleted;
  }

  computation(id: string): Computation | undefined {
    return this.computations.get(id);
  }

  /** Maps that support placing new points. */
  placementMaps(): ExploredMap[] {
    return [...this.maps.values()].filter(({ openRun }) => openRun);
  }

  /**
   * Opens the run of a map. The run is read only once.
   *
   * @throws {FileError}
   */
  runOf({ id, openRun }: ExploredMap): Promise<Tsne> {
    const known = this.openedRuns.get(id);
    if (known) return known;
    if (!openRun)
      throw new ArgumentError("INVALID_ARGUMENT", {
        argument: "map",
        received: id,
        accepted: "the id of a map that was computed from a run",
      });
    const opened = openRun();
    this.openedRuns.set(id, opened);
    opened.catch(() => this.openedRuns.delete(id));
    return opened;
  }

  /** @returns a WebP file; undefined if the sheet does not exist */
  thumbnails(sheet: number): Promise<Buffer> | undefined {
    const { ownImages, signal } = this;
    if (!ownImages || !(sheet < describeThumbnails(ownImages.small).sheets)) return undefined;
    const { small, stretch } = ownImages;
    return this.sheets.get(sheet, () => drawThumbnails(small, indicesOfSheet(small, sheet), { stretch, signal }));
  }

  /**
   * @returns a WebP file with the thumbnails of these points; undefined without images, or if a point does not exist
   */
  thumbnailsOf(indices: Uint32Array, signal: AbortSignal): Promise<Buffer> | undefined {
    const { ownImages } = this;
    if (!ownImages || !indices.every((index) => index < ownImages.small.count)) return undefined;
    return drawThumbnails(ownImages.small, indices, { stretch: ownImages.stretch, signal });
  }

  /** @returns a PNG file; undefined if the image does not exist */
  image(index: number): Promise<Buffer> | undefined {
    const { ownImages } = this;
    if (!ownImages || !(index < ownImages.whole.count)) return undefined;
    return drawImage(ownImages.whole, index, ownImages.stretch);
  }

  /**
   * Describes a point; undefined if it does not exist.
   *
   * @param signal cancels the neighbor search if it has not begun
   */
  async point(index: number, signal?: AbortSignal): Promise<PointDescription | undefined> {
    if (!(index < this.count)) return undefined;
    const label = this.columns.get("label");
    const sigma = this.ownData?.sigma?.row(index);
    return {
      index,
      label: label ? (valueAt(label, index) as string | null) : null,
      values: Object.fromEntries([...this.columns].map(([id, column]) => [id, valueAt(column, index)])),
      sigma: sigma ? { mean: sum(sigma) / sigma.length, min: Math.min(...sigma), max: Math.max(...sigma) } : null,
      neighbors: await this.nearby.get(index, () => this.neighbors(index, signal)),
      neighborsIn: this.ownData ? "data" : "map",
    };
  }

  /** Runs one neighbor search at a time, because each search uses all processors. */
  private neighbors(index: number, signal: AbortSignal | undefined): Promise<PointDescription["neighbors"]> {
    const found = this.searching.then(() => {
      throwIfAborted(signal);
      return this.findNeighbors(index);
    });
    this.searching = found.catch(() => {});
    return found;
  }

  private async findNeighbors(index: number): Promise<PointDescription["neighbors"]> {
    const [map] = this.maps.values();
    const searched = this.ownData?.means ?? map?.positions;
    if (!searched || this.count < 2) return [];
    const k = Math.min(NEIGHBORS, this.count - 1);
    const { indices, distances } = await nearest(searched, index, {
      k,
      sigma: this.ownData?.sigma,
      signal: this.signal,
    });
    return Array.from(indices, (other, at) => ({ index: other, distance: distances.data[at] }));
  }

  private changed(): void {
    this.changes++;
    this.emit("change");
  }
}

/** @throws {DataError} NOT_FINITE with the row, if a position is not finite */
export function requireFinite(map: Matrix, argument: string): void {
  requireValues(map, argument, "NOT_FINITE", "finite numbers", Number.isFinite);
}

/** @throws {DataError} NOT_FINITE or NEGATIVE_SIGMA with the row, if a standard deviation is not valid */
export function requireSigma(sigma: Matrix, argument: string): void {
  const accepted = "finite standard deviations >= 0";
  requireValues(sigma, argument, "NOT_FINITE", accepted, Number.isFinite);
  requireValues(sigma, argument, "NEGATIVE_SIGMA", accepted, (value) => value >= 0);
}

function requireValues(
  { data, cols }: Matrix,
  argument: string,
  code: "NOT_FINITE" | "NEGATIVE_SIGMA",
  accepted: string,
  accepts: (value: number) => boolean,
): void {
  const bad = data.findIndex((value) => !accepts(value));
  if (bad < 0) return;
  throw new DataError(code, {
    argument,
    received: data[bad],
    accepted,
    row: Math.floor(bad / cols),
    column: bad % cols,
  });
}

const sum = (values: ArrayLike<number>): number => Array.prototype.reduce.call(values, (a, b) => a + b, 0) as number;

function describeData({ data, rows, cols }: Matrix) {
  const means = new Float64Array(cols);
  const variances = new Float64Array(cols);
  for (let at = 0; at < data.length; at++) means[at % cols] = means[at % cols] + data[at] / rows;
  for (let at = 0; at < data.length; at++) {
    const j = at % cols;
    variances[j] = variances[j] + (data[at] - means[j]) ** 2 / rows;
  }
  const activeDimensions = Array.from(variances.keys()).filter((j) => variances[j] > ACTIVE_VARIANCE);
  return { mean: Array.from(means), standardDeviation: Array.from(variances, Math.sqrt), activeDimensions };
}
