/**
 * The maps of an offline file, and further maps that the page computes from the data in the file. This module answers
 * the requests that the explorer's server answers for a page that it has sent.
 */
import { assignToGrid, type Matrix, separateUniformly, Tsne, type TsneOptions } from "../../../browser/index.js";
import { procrustes } from "../../../compare/procrustes.js";
import { type Computation, EmbeddingComputation } from "../../computation.js";
import { freeName } from "../../free-name.js";
import { describeLayouts, parseDerivedId, wallGrid, wallPositions } from "../../layouts.js";
import {
  type ComputationState,
  type ExplorationDescription,
  ITERATION_HEADER,
  type LayoutDescription,
  type OfflineComputer,
  paths,
  type StoredMatrix,
} from "../../protocol.js";
import { type MapSettings, titleOf } from "./map-settings.js";
import { decodeBase64, offline } from "./offline-data.js";

interface OfflineMap {
  readonly layouts: readonly LayoutDescription[];
  /** n x 2 */
  readonly positions: Float32Array;
}

interface MapComputation {
  readonly computation: Computation;
  readonly controller: AbortController;
}

const { description: ofFile, answers = {}, computer = null } = offline ?? {};
const n = ofFile?.n ?? 0;

/** Maps that this page has computed, by their ids. */
const computed = new Map<string, OfflineMap>();
/** Computations of this page, by the ids of their maps, until the user removes them. */
const computations = new Map<string, MapComputation>();
/** Layouts that were derived from maps since the page was opened. */
const derived = new Map<string, Promise<Float32Array>>();
let changes = 0;

interface Listeners {
  /** The description has changed. */
  onChange: () => void;
  onComputation: (state: ComputationState) => void;
}
let listeners: Listeners = { onChange: () => {}, onComputation: () => {} };

/** Sets the functions that are called about the maps that this page computes. */
export function listenToOfflineMaps(given: Listeners): void {
  listeners = given;
}

export function describeOffline(file: ExplorationDescription): ExplorationDescription {
  return {
    ...file,
    version: `${file.version}+${changes}`,
    layouts: [...file.layouts, ...[...computed.values()].flatMap(({ layouts }) => layouts)],
    computations: [...computations.values()].map(({ computation }) => computation.state),
  };
}

/** Answers a request; undefined if the file does not contain the answer and the page cannot compute it. */
export async function answerOffline(path: string): Promise<Response | undefined> {
  const known = answers[path];
  if (known) return new Response(decodeBase64(known.base64), { headers: { "content-type": known.type } });
  const layout = await layoutAt(path);
  if (layout) return new Response(Float32Array.from(layout));
  for (const [id, { computation }] of computations) {
    if (path === paths.computationLayout(id) && computation.positions) {
      const headers = { [ITERATION_HEADER]: String(computation.state.iteration) };
      return new Response(Float32Array.from(computation.positions), { headers });
    }
    if (path === paths.stopComputation(id)) computation.stop?.();
    else if (path === paths.continueComputation(id)) computation.continue?.();
    else continue;
    return Response.json(computation.state);
  }
  return undefined;
}

function layoutAt(path: string): Promise<Float32Array> | undefined {
  if (!ofFile) return undefined;
  const layout = describeOffline(ofFile).layouts.find(({ id }) => path === paths.layout(id));
  return layout && positionsOf(layout.id);
}

/** Positions of a layout, n x 2. */
function positionsOf(id: string): Promise<Float32Array> {
  const inFile = answers[paths.layout(id)];
  if (inFile) return Promise.resolve(new Float32Array(decodeBase64(inFile.base64).buffer));
  const map = computed.get(id);
  if (map) return Promise.resolve(map.positions);
  const known = derived.get(id) ?? derive(id);
  derived.set(id, known);
  known.catch(() => derived.delete(id));
  return known;
}

/** Spreads a map evenly, or puts its points into the cells of a wall. */
async function derive(id: string): Promise<Float32Array> {
  const { kind, map } = parseDerivedId(id) as { kind: "separated" | "wall"; map: string };
  if (kind === "separated") {
    const { points } = await separateUniformly(asMatrix(await positionsOf(map), 2));
    return Float32Array.from(points.data);
  }
  const cell = ofFile?.images ?? { width: 1, height: 1 };
  const grid = wallGrid(n, cell);
  const assignment = await assignToGrid(asMatrix(await positionsOf(`separated:${map}`), 2), grid);
  return wallPositions(assignment, grid.rows, cell);
}

const asMatrix = (data: Float32Array | Float64Array, cols: number) => ({ data, rows: data.length / cols, cols });

function toMatrix({ type, cols, base64 }: StoredMatrix) {
  const { buffer } = decodeBase64(base64);
  return asMatrix(type === "float32" ? new Float32Array(buffer) : new Float64Array(buffer), cols);
}

/**
 * Computes a map in a worker of this page. Its state is reported like that of a computation of the server.
 *
 * @returns the id of the map
 */
export function computeMap(settings: MapSettings): string {
  const parts = computer as OfflineComputer;
  const taken = [...(ofFile?.layouts ?? []), ...[...computed.values()].flatMap(({ layouts }) => layouts)];
  const title = freeTitle(
    taken.map((layout) => layout.title),
    titleOf(settings, parts.settings, parts.sigma !== null),
  );
  const id = freeName(
    taken.map((layout) => layout.id),
    title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-"),
  );
  const controller = new AbortController();
  const computation = new EmbeddingComputation<Tsne>(
    id,
    title,
    (callbacks) => {
      const tsne = new Tsne(toMatrix(parts.means), { ...optionsOf(settings, parts), ...callbacks, snapshotEvery: 10 });
      // Ending the worker also interrupts the search for neighbors, and frees its memory.
      controller.signal.addEventListener("abort", () => tsne.end());
      return tsne;
    },
    (state) => {
      if (isCurrent(id, controller)) report(state);
    },
  );
  computations.set(id, { computation, controller });
  changed();
  void finish(computation, controller);
  return id;
}

/** Whether a computation was neither canceled nor removed. The same settings may have been computed again since then. */
const isCurrent = (id: string, controller: AbortController): boolean => computations.get(id)?.controller === controller;

async function finish(computation: EmbeddingComputation<Tsne>, controller: AbortController): Promise<void> {
  const { id, title } = computation.state;
  try {
    const { result } = await computation.run(controller.signal);
    const { embedding, kl, options } = result;
    const subtitle = `${options.distance} distance, perplexity ${options.perplexity}, KL ${kl.toFixed(3)}`;
    const positions = await align(embedding);
    if (!isCurrent(id, controller)) return;
    computed.set(id, { layouts: describeLayouts({ id, title, subtitle }, n, false), positions });
  } catch {
    // The state of the computation reports the error.
    if (!isCurrent(id, controller)) return;
  } finally {
    controller.abort();
  }
  // Only the state is kept, because the run holds a copy of the data.
  computations.set(id, { computation: { state: computation.state }, controller });
  changed();
}

/** Turns a map so that it can be compared with the first map of the file. */
async function align(embedding: Matrix): Promise<Float32Array> {
  const [first] = ofFile?.layouts ?? [];
  if (!first) return Float32Array.from(embedding.data);
  const { aligned } = procrustes(asMatrix(await positionsOf(first.id), 2), embedding);
  return aligned.data as Float32Array;
}

function optionsOf(settings: MapSettings, { sigma }: OfflineComputer): TsneOptions {
  const { perplexity, usesSigma, distance, iterations, earlyExaggeration, seed, start } = settings;
  return {
    perplexity,
    distance: distance as NonNullable<TsneOptions["distance"]>,
    ...(usesSigma && sigma && { sigma: toMatrix(sigma) }),
    iterations,
    earlyExaggeration,
    seed,
    init: start as NonNullable<TsneOptions["init"]>,
  };
}

/** Removes a map that this page has computed, or cancels its computation. */
export function forgetMap(id: string): void {
  for (const { id: layout } of computed.get(id)?.layouts ?? []) derived.delete(layout);
  computed.delete(id);
  const { controller } = computations.get(id) ?? {};
  computations.delete(id);
  unreported.delete(id);
  controller?.abort();
  changed();
}

/** The layouts that the page has computed, for a file that contains them. */
export async function computedLayouts(): Promise<Map<string, Float32Array>> {
  const ids = [...computed.keys(), ...derived.keys()];
  return new Map(await Promise.all(ids.map(async (id) => [id, await positionsOf(id)] as const)));
}

/** Milliseconds for which states are collected, because a small map takes a thousand iterations per second. */
const COLLECTING = 100;
const unreported = new Map<string, ComputationState>();

function report(state: ComputationState): void {
  if (unreported.size === 0) setTimeout(reportAll, COLLECTING);
  unreported.set(state.id, state);
}

function reportAll(): void {
  for (const state of unreported.values()) listeners.onComputation(state);
  unreported.clear();
}

function changed(): void {
  changes++;
  listeners.onChange();
}

/** A title that no other layout has. */
function freeTitle(titles: readonly string[], title: string): string {
  let free = title;
  for (let copy = 2; titles.includes(free); copy++) free = `${title} (${copy})`;
  return free;
}
