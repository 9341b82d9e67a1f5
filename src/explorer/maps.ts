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

/** The facts that are saved with the positions of a map. */
interface MapFacts {
  readonly subtitle: string;
  readonly alignment: PlaneAlignment | null;
}

/** Number of neighbors per point that is used to measure the quality of a map. */
const NEIGHBORHOOD = 10;
/**
 * Up to this many points, quality and uncertainty are measured for each point. For more points, the quality is measured
 * on a random sample of `SAMPLE` points, and the uncertainty is not measured.
 */
const MAX_JUDGED = 100_000;
const SAMPLE = 5000;
/** Points per batch when uncertainty is measured. */
const MEASURED_TOGETHER = 250;
const START = "start.npy";

const plansOf = ({ sigma }: GaussianData): MapPlan[] => [
  { id: "standard", title: "Standard", options: { distance: "euclidean" } },
  ...(sigma
    ? [{ id: "sigma-aware", title: "Sigma-aware", options: { distance: "inverse-variance", sigma } } as const]
    : []),
];

/**
 * Computes the standard map and, for data with standard deviations, the sigma-aware map from the same initial
 * positions, while the page shows their progress. Afterwards it computes the columns for coloring: displacement,
 * quality, and uncertainty of the positions.
 *
 * @param cache provides results of earlier explorations and saves new ones
 * @param known the result of {@link showKnownMaps}; by default that function is called first
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
    // All other maps are aligned with the map that was finished first.
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
    // Do not wait longer than until this embedding is stopped, so that the next one can begin.
    await Promise.race([finished, one.embedding.stopped]).catch((error) => {
      // The other embeddings need the initial positions of this one.
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

/** Saved maps by their ids, and the initial positions that they share. */
export interface KnownMaps {
  readonly maps: Map<string, ExploredMap>;
  readonly start: Matrix | undefined;
}

/** Adds the maps that an earlier exploration saved. */
export async function showKnownMaps(
  exploration: Exploration,
  data: GaussianData,
  cache: ResultCache | undefined,
): Promise<KnownMaps> {
  const { rows: n } = data.means;
  const maps = new Map<string, ExploredMap>();
  const start = await cache?.read(START, n, 2);
  // Without the saved initial positions, further maps could not start from the same positions.
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

/** Aligns a computed map with the map that was computed first. */
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

/** Computes quality, displacement and uncertainty for each point. */
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
 * Adds the quality column of a map: the share of each point's neighbors that are also neighbors in the map.
 *
 * @param cache provides the saved column or saves the new one
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
    (await prepare(exploration, `quality:${id}`, `Evaluating the map: ${title.toLowerCase()}`, async (onProgress) => {
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

/**
 * A covariance that was estimated from a few draws is multiplied by this factor, so that its 95 % ellipse has the
 * radius that {@link ellipseRadius} returns for this number of draws.
 */
export const widening = (draws: number): number => (ellipseRadius(0.95, draws) / ellipseRadius(0.95)) ** 2;

/** Number of draws per point from which the uncertainty is measured. */
const DRAWS = 10;

/**
 * Adds the covariances of the positions in a sigma-aware embedding, and a column with the size of the positional
 * uncertainty.
 *
 * @param cache provides saved covariances or saves new ones
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
      // A run performs one task at a time. Small batches let searches run in between.
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

/** Transforms a covariance (xx, xy, yy) from the coordinates of a run to those of its map. */
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

/** Transforms a position from the coordinates of a run to those of its map. */
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

/** Runs work as a computation whose progress the page shows. */
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
