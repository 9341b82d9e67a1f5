import { procrustes } from "../compare/index.js";
import { Matrix } from "../matrix.js";
import { evaluate, type Neighborhood, type PointQuality } from "../quality/index.js";
import {
  describePerplexity,
  ellipseRadius,
  positionUncertainty,
  Tsne,
  type TsneOptions,
  type TsneResult,
} from "../tsne/index.js";
import { numberColumn } from "./columns.js";
import { type CreateTsne, EmbeddingComputation, Preparation } from "./computation.js";
import type { Exploration, ExploredMap, GaussianData, PlaneAlignment } from "./exploration.js";
import type { ResultCache } from "./result-cache.js";

interface MapPlan {
  readonly id: string;
  readonly title: string;
  readonly options: TsneOptions;
}

/** What is kept of a map beside its positions. */
interface MapFacts {
  readonly subtitle: string;
  readonly alignment: PlaneAlignment | null;
}

/** The neighborhoods by which maps are judged. */
const NEIGHBORHOOD = 10;
/** Up to so many points each is judged, and its uncertainty measured; of more, so many at random, and none. */
const MAX_JUDGED = 100_000;
const SAMPLE = 5000;
/** Points whose uncertainty is measured in one go. */
const MEASURED_TOGETHER = 250;
const START = "start.npy";

const plansOf = ({ sigma }: GaussianData): MapPlan[] => [
  { id: "standard", title: "Standard", options: { distance: "euclidean" } },
  ...(sigma
    ? [{ id: "sigma-aware", title: "Sigma-aware", options: { distance: "inverse-variance", sigma } } as const]
    : []),
];

/**
 * Computes the standard map of the data, and the sigma-aware one where they have standard deviations, from one start, while they are
 * looked at; then what colors them: displacement, quality, uncertainty of the positions.
 *
 * @param cache has what is known already, and keeps what is new
 * @param known what {@link showKnownMaps} has found; by default it is called first
 */
export async function exploreMaps(
  exploration: Exploration,
  data: GaussianData,
  cache: ResultCache | undefined,
  known?: KnownMaps,
): Promise<void> {
  const { signal } = exploration;
  const plans = plansOf(data);
  let { maps, start } = known ?? (await showKnownMaps(exploration, data, cache));
  const missing = plans.filter(({ id }) => !maps.has(id));
  const embeddings = missing.map((plan) => {
    const create: CreateTsne = (callbacks) =>
      new Tsne(data.means, { ...plan.options, ...(start && { init: start }), ...callbacks });
    const embedding = new EmbeddingComputation(plan.id, `${plan.title} map`, create, exploration.report);
    exploration.addComputation(embedding);
    return { plan, embedding };
  });
  const finish = async ({ plan, embedding }: (typeof embeddings)[number]) => {
    const { tsne, result } = await embedding.run(signal);
    // The map that was finished first is the one that others are laid onto.
    const [reference] = maps.values();
    const map = alignMap(plan, tsne, result, reference);
    maps.set(plan.id, map);
    exploration.addMap(map);
    await cache?.write(`${plan.id}.npy`, map.positions);
    await cache?.keep(() => tsne.save(cache.path(`${plan.id}.tsne`), { signal }));
    const facts: MapFacts = { subtitle: map.subtitle, alignment: map.alignment ?? null };
    await cache?.writeFacts(plan.id, facts);
  };
  const finishing: Promise<void>[] = [];
  for (const [i, one] of embeddings.entries()) {
    const finished = finish(one);
    finishing.push(finished);
    // An embedding that is stopped does not keep the next one waiting.
    await Promise.race([finished, one.embedding.stopped]).catch((error) => {
      // The others were to begin where this one began.
      for (const later of embeddings.slice(i + 1)) later.embedding.fail(error);
      throw error;
    });
    if (!start && one.embedding.start) {
      start = one.embedding.start;
      await cache?.write(START, start);
    }
  }
  await Promise.all(finishing);
  await colorMaps(exploration, data, [...maps.values()], cache);
}

/** Maps that were kept, by their ids, and the positions from which they began. */
export interface KnownMaps {
  readonly maps: Map<string, ExploredMap>;
  readonly start: Matrix | undefined;
}

/** Adds the maps that are known already. */
export async function showKnownMaps(
  exploration: Exploration,
  data: GaussianData,
  cache: ResultCache | undefined,
): Promise<KnownMaps> {
  const { rows: n } = data.means;
  const maps = new Map<string, ExploredMap>();
  const start = await cache?.read(START, n, 2);
  // Other maps need it to start from the same positions.
  if (!cache || !start) return { maps, start };
  for (const { id, title } of plansOf(data)) {
    const facts = cache.facts<MapFacts>(id);
    const positions = facts && (await cache.read(`${id}.npy`, n, 2));
    if (!facts || !positions) break;
    const { subtitle, alignment } = facts;
    const map = { id, title, subtitle, positions, alignment: alignment ?? undefined, openRun: runIn(cache, id) };
    maps.set(id, map);
    exploration.addMap(map);
  }
  return { maps, start };
}

const runIn = (cache: ResultCache, id: string) => () => Tsne.load(cache.path(`${id}.tsne`));

/** A computed map, laid onto one that was computed before. */
function alignMap(
  { id, title }: MapPlan,
  tsne: Tsne,
  { embedding, kl, options }: TsneResult,
  reference: ExploredMap | undefined,
): ExploredMap {
  const { distance, perplexity } = options;
  const subtitle = `${distance} distance, ${describePerplexity(perplexity)}, KL ${kl.toFixed(3)}`;
  const map = { id, title, subtitle, openRun: async () => tsne };
  if (!reference) return { ...map, positions: embedding };
  const { aligned, scale, rotation, from, to } = procrustes(reference.positions, embedding);
  return { ...map, positions: aligned, alignment: { scale, rotation, from, to } };
}

/** Measures the maps, point by point. */
async function colorMaps(
  exploration: Exploration,
  data: GaussianData,
  maps: readonly ExploredMap[],
  cache: ResultCache | undefined,
): Promise<void> {
  const [first, second] = maps;
  if (first && second) {
    const { displacement } = procrustes(first.positions, second.positions);
    exploration.addColumn(numberColumn({ id: "displacement", title: "Displacement between the maps" }, displacement));
  }
  for (const map of maps) await addQuality(exploration, data, map, cache);
  const uncertain = maps.find(({ id }) => id === "sigma-aware");
  if (uncertain && data.means.rows <= MAX_JUDGED) await addUncertainty(exploration, uncertain, cache);
}

/**
 * Adds the column of the share of each point's neighbors that a map has kept.
 *
 * @param cache has it, or keeps it
 */
export async function addQuality(
  exploration: Exploration,
  { means, sigma }: GaussianData,
  { id, title, positions }: ExploredMap,
  cache?: ResultCache,
): Promise<void> {
  const { rows: n } = means;
  const name = `${id}-kept.npy`;
  const kept =
    (await cache?.read(name, n, 1)) ??
    (await prepare(exploration, `quality:${id}`, `Judging the map: ${title.toLowerCase()}`, async (onProgress) => {
      const isStandard = id === "standard";
      const { perPoint } = await evaluate(means, positions, {
        ...(sigma && !isStandard && { sigma }),
        k: Math.min(NEIGHBORHOOD, Math.floor((n - 1) / 2)),
        perPoint: true,
        sample: n <= MAX_JUDGED ? n : SAMPLE,
        signal: exploration.signal,
        onProgress: ({ fraction }) => onProgress(fraction),
      });
      const [{ kept: shares }] = (perPoint as PointQuality).neighborhoods as [Neighborhood<Float32Array>];
      const matrix = new Matrix(shares, n, 1);
      await cache?.write(name, matrix);
      return matrix;
    }));
  exploration.addColumn(numberColumn({ id: `quality:${id}`, title: `Neighbors kept: ${title}` }, kept.data));
}

/** The factor by which a covariance from a few draws is enlarged, so that its ellipse of 95 % is that of {@link ellipseRadius}. */
export const widening = (draws: number): number => (ellipseRadius(0.95, draws) / ellipseRadius(0.95)) ** 2;

/** Draws of each point whose uncertainty is shown. */
const DRAWS = 10;

/**
 * Adds the covariances of the positions in the embedding of a run with sigma, and the column of how far they reach.
 *
 * @param cache has them, or keeps them
 */
export async function addUncertainty(exploration: Exploration, map: ExploredMap, cache?: ResultCache): Promise<void> {
  const { n } = exploration;
  const name = `${map.id}-uncertainty.npy`;
  const measured =
    (await cache?.read(name, n, 4)) ??
    (await prepare(exploration, "uncertainty", "Measuring the uncertainty of positions", async (onProgress) => {
      const run = await exploration.runOf(map);
      const scale = map.alignment?.scale ?? 1;
      const all = new Matrix(new Float32Array(n * 4), n, 4);
      // A run does one thing after the other: those who search have their turn between these few.
      for (let first = 0; first < n; first += MEASURED_TOGETHER) {
        const points = Uint32Array.from({ length: Math.min(MEASURED_TOGETHER, n - first) }, (_, i) => first + i);
        const { covariance, displacement } = await positionUncertainty(run, {
          points,
          draws: DRAWS,
          signal: exploration.signal,
        });
        for (const [i, point] of points.entries()) {
          const own = covariance.row(i) as ArrayLike<number> as [number, number, number];
          all.row(point).set([...alignCovariance(own, map.alignment), scale * displacement[i]]);
        }
        onProgress((first + points.length) / n);
      }
      await cache?.write(name, all);
      return all;
    }));
  const covariances = Float32Array.from(
    { length: 3 * n },
    (_, at) => widening(DRAWS) * measured.at(Math.floor(at / 3), at % 3),
  );
  const reach = Float32Array.from({ length: n }, (_, i) => measured.at(i, 3));
  exploration.addCovariances(map.id, covariances);
  exploration.addColumn(numberColumn({ id: "position-uncertainty", title: "Uncertainty of the position" }, reach));
}

/** A covariance xx, xy, yy of positions in a run's coordinates, in those of its map. */
export function alignCovariance(
  [xx, xy, yy]: readonly [number, number, number],
  alignment: PlaneAlignment | undefined,
): [number, number, number] {
  if (!alignment) return [xx, xy, yy];
  const { scale, rotation } = alignment;
  const [[a, b], [c, d]] = rotation as unknown as [[number, number], [number, number]];
  const squared = scale ** 2;
  return [
    squared * (a * a * xx + 2 * a * c * xy + c * c * yy),
    squared * (a * b * xx + (a * d + b * c) * xy + c * d * yy),
    squared * (b * b * xx + 2 * b * d * xy + d * d * yy),
  ];
}

/** A position in the coordinates of a run, in the coordinates of its map. */
export function alignPosition(
  [x, y]: readonly [number, number],
  alignment: PlaneAlignment | undefined,
): [number, number] {
  if (!alignment) return [x, y];
  const { scale, rotation, from, to } = alignment;
  const [[a, b], [c, d]] = rotation as unknown as [[number, number], [number, number]];
  const [u, v] = [x - from[0], y - from[1]];
  return [scale * (u * a + v * c) + to[0], scale * (u * b + v * d) + to[1]];
}

/** Does work of an exploration that those who look at it can follow. */
export async function prepare<T>(
  exploration: Exploration,
  id: string,
  title: string,
  work: (onProgress: (fraction: number) => void) => Promise<T>,
): Promise<T> {
  const preparation = new Preparation(id, title, exploration.report);
  exploration.addComputation(preparation);
  return preparation.run(work);
}
