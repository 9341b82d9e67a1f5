import { readLabels } from "../colors/index.js";
import { type GroupStability, measureStability, measureStaying } from "./stability.js";

/**
 * `"stable"`: the group stays together when the embedding is computed again. `"unstable"`: it falls apart, or mixes
 * with other points. `"no evidence"`: embeddings of data from one Gaussian, which have no groups, seem to show groups
 * that are as well separated.
 */
export type GroupVerdict = "stable" | "unstable" | "no evidence";

/** A group of points and the evidence for it. */
export interface TrustGroup {
  /** "group 1" and so on, from the largest to the smallest group; or the label. */
  name: string;
  /** Number of points in the group. */
  size: number;
  /**
   * Depth of the shallowest valley around the group, 0 to 1: 1 - the density at the highest saddle to another group,
   * divided by the density at the lower of the two peaks. It is 1 if the density falls to zero all around, or if there
   * is no other group. `undefined` for labels.
   */
  separation: number | undefined;
  /** How stable the group is over the reruns. */
  reruns: GroupStability;
  /** How stable the group is over the draws; `undefined` without sigma. */
  draws: GroupStability | undefined;
  verdict: GroupVerdict;
}

/** Assessment of the groups of an embedding; see {@link trust}. */
export interface TrustGroups {
  /** n: the index in `groups` of the group of each point, or -1 for a point without a group. */
  of: Int32Array;
  /** The groups of the map, from the largest to the smallest. */
  groups: TrustGroup[];
  /**
   * The classes of the option `labels`, in natural order. Empty if the option is not given, or if the labels are
   * numbers that count as a quantity.
   */
  labels: TrustGroup[];
  /**
   * n: for each point, the mean fraction of the other points of its group that are in one group with it again when the
   * embedding is repeated; NaN for points without a group.
   */
  staying: Float32Array;
  /** The largest separation of a group in each embedding of one Gaussian; 0 if it showed no groups. */
  nullSeparations: Float64Array;
  /** Numbers of reruns and draws. */
  reruns: number;
  draws: number;
}

/**
 * Number of embeddings of data from one Gaussian, which have no groups. If the run is like these 19 embeddings, its
 * separation is the largest of all 20 in 1 of 20 cases.
 */
export const NULLS = 19;
/**
 * A group is unstable if less than the first fraction of its pairs of points stays together, or if more than the second
 * fraction of its pairs mixes with other groups.
 */
export const LEAST_TOGETHER = 0.75;
export const MOST_MIXED = 0.25;
/**
 * For evidence of a group, the density in its valleys must be at most this fraction of the density in the deepest
 * valley of the embeddings of one Gaussian.
 */
const DEEPER = 0.8;
/** A group has no neighbors outside if its points give less than this fraction of their affinity to points outside. */
const NO_OUTFLOW = 1e-6;

/** Measurements of the core about the groups of an embedding. */
export interface MeasuredGroups {
  groups: Int32Array;
  separations: Float64Array;
  /** For each group, the fraction of the affinity of its points that goes to points outside. */
  outflows: Float64Array;
  nullSeparations: Float64Array;
  reruns: Int32Array;
  draws: Int32Array;
}

/**
 * Whether a group is better separated than the groups in embeddings of one Gaussian, or if its points have no neighbors
 * outside the group at all. A long Gaussian can fall into pieces in a map, but the ends of these pieces remain
 * neighbors. If the map has only one group, there is nothing that it could be separated from.
 */
export function isEvidence(
  { separation, outflow }: { separation: number; outflow: number },
  groups: number,
  nullSeparations: Float64Array,
): boolean {
  const deepest = 1 - nullSeparations.reduce((most, value) => Math.max(most, value), 0);
  return groups > 1 && (1 - separation < DEEPER * deepest || outflow < NO_OUTFLOW);
}

/** Judges the groups of the map and, if labels are given, their classes. */
export function judgeGroups(measured: MeasuredGroups, given: ArrayLike<string | number> | undefined): TrustGroups {
  const { groups: of, separations, outflows, nullSeparations, reruns, draws } = measured;
  const n = of.length;
  const isProven = Array.from(separations, (separation, g) =>
    isEvidence({ separation, outflow: outflows[g] }, separations.length, nullSeparations),
  );
  const measure = (partition: Int32Array, names: readonly string[]) => {
    const sizes = new Array<number>(names.length).fill(0);
    const proven = new Array<number>(names.length).fill(0);
    for (const [i, group] of partition.entries()) {
      if (group < 0) continue;
      sizes[group]++;
      proven[group] += Number(of[i] >= 0 && isProven[of[i]]);
    }
    const byReruns = measureStability(partition, names.length, reruns);
    const byDraws = draws.length > 0 ? measureStability(partition, names.length, draws) : undefined;
    return names.map((name, g) => {
      const stability = { reruns: byReruns[g], draws: byDraws?.[g] };
      const verdict = judge(proven[g] >= sizes[g] / 2, stability);
      return { name, size: sizes[g], separation: undefined, ...stability, verdict };
    });
  };
  const names = Array.from(separations, (_, g) => `group ${g + 1}`);
  const groups = measure(of, names).map((group, g) => ({ ...group, separation: separations[g] }));
  const sorted = readLabels(given, n);
  const labels = sorted.kind === "classes" ? measure(sorted.indices, sorted.names) : [];
  const staying = measureStaying(of, names.length, reruns);
  return { of, groups, labels, staying, nullSeparations, reruns: reruns.length / n, draws: draws.length / n };
}

/** A NaN, which means that nothing could be measured, does not count as stable. */
function judge(isProven: boolean, { reruns, draws }: Pick<TrustGroup, "reruns" | "draws">): GroupVerdict {
  if (!isProven) return "no evidence";
  const holds = ({ together, mixed }: GroupStability) => together >= LEAST_TOGETHER && mixed <= MOST_MIXED;
  return holds(reruns) && (draws === undefined || holds(draws)) ? "stable" : "unstable";
}

/** Returns one plain sentence about each group of the map, followed by one about each label. */
export function describeGroups({ groups, labels, reruns, draws, nullSeparations }: TrustGroups): string[] {
  const isOnly = groups.length === 1;
  return [...groups, ...labels].map((group) => {
    const name = group.separation === undefined ? `Label ${group.name}` : group.name.replace(/^g/, "G");
    const subject = `${name} (${count(group.size)} ${group.size === 1 ? "point" : "points"})`;
    if (group.verdict === "no evidence") return `${subject} ${describeNothing(group, isOnly, nullSeparations.length)}`;
    const held = `${describeStability(group.reruns, reruns, "rerun")}${group.draws ? `; ${describeStability(group.draws, draws, "draw")}` : ""}`;
    return `${subject} is ${group.verdict}: ${held}.`;
  });
}

function describeNothing({ separation }: TrustGroup, isOnly: boolean, nulls: number): string {
  if (isOnly && separation !== undefined) return "is the whole map: it shows no separate groups.";
  if (separation === undefined) return "lies mostly in parts of the map that are no evidence of groups.";
  return `is no evidence of a group in the data: among ${nulls} embeddings of one Gaussian with the same covariance, at least one shows a group that is about as well separated.`;
}

const describeStability = ({ together, mixed }: GroupStability, times: number, noun: string): string =>
  `in ${times} ${noun}s, ${percent(together)} of its pairs of points stay together, and ${percent(mixed)} of the pairs that its points form are with others`;

const count = (value: number): string => value.toLocaleString("en");
const percent = (value: number): string => (Number.isNaN(value) ? "none" : `${(100 * value).toFixed(1)} %`);
