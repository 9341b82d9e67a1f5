import { type GroupVerdict, LEAST_TOGETHER, MOST_MIXED, type TrustGroups } from "./groups.js";
import { describePerplexities, type PerplexityComparison } from "./perplexities.js";
import { quantile } from "./quantile.js";
import { LEAST_SHARE, type Trust } from "./trust.js";

/** The result of one score for the whole embedding. */
export interface TrustFinding {
  score: "perturbation" | "singularity" | "reliability" | "measurement" | "doubts" | "groups" | "perplexities";
  /** Number of points that fail the threshold; `undefined` if the score could not be computed. */
  flagged: number | undefined;
  /** The threshold in the unit of the score. */
  threshold: number | undefined;
  /** One or two plain sentences that state the threshold. */
  sentence: string;
}

/** Returns one finding per score: how many points fail the threshold, and what that means. */
export function describeTrust(report: Trust): TrustFinding[] {
  return [
    describePerturbation(report),
    describeSingularity(report),
    describeReliability(report),
    describeMeasurement(report),
    describeDoubts(report),
    ...(report.groups ? [describeAllGroups(report.groups, report.embedding.rows)] : []),
    ...(report.perplexities ? [toFinding(report.perplexities)] : []),
  ];
}

function describePerturbation({ perturbation, radius, embedding }: Trust): TrustFinding {
  if (!perturbation) {
    const sentence =
      "Perturbation: not measured, because points can be placed only into embeddings with one degree of freedom.";
    return { score: "perturbation", flagged: undefined, threshold: undefined, sentence };
  }
  const { scores, threshold, length, directions } = perturbation;
  const flagged = countAbove(scores, threshold);
  const typical = quantile(scores, 0.5) / radius;
  const sentence = `Perturbation: ${share(flagged, embedding.rows)} of the points jump more than a quarter of the embedding's radius (${figure(threshold)}) when their data move by ${figure(length)} along one of ${count(directions, "principal component")}; the median jump is ${percent(typical)} of the radius.`;
  return { score: "perturbation", flagged, threshold, sentence };
}

function describeSingularity({ singularity: { scores, threshold, repulsion }, embedding }: Trust): TrustFinding {
  const flagged = countAbove(scores, threshold);
  const unheld = scores.reduce((sum, score) => sum + Number(score === Number.POSITIVE_INFINITY), 0);
  const free =
    unheld > 0
      ? ` ${share(unheld, embedding.rows)} are not at a minimum of their cost${unheld > embedding.rows / 100 ? ", so the embedding may need more iterations" : ""}.`
      : "";
  const mesh = repulsion === "mesh" ? " The repulsion was interpolated from a mesh." : "";
  const sentence = `Singularity: ${share(flagged, embedding.rows)} of the points are held loosely, with a score above ten times the median (${figure(threshold)}).${free}${mesh}`;
  return { score: "singularity", flagged, threshold, sentence };
}

function describeReliability({ reliability, embedding }: Trust): TrustFinding {
  const { classes, dubiousBelow, trustworthyAbove } = reliability;
  const counted = (name: string) => classes.reduce((sum, one) => sum + Number(one === name), 0);
  const flagged = counted("dubious");
  const sentence = `Reliability: the neighborhoods of ${share(flagged, embedding.rows)} of the points are dubious (correlation below ${figure(dubiousBelow)}) and those of ${share(counted("trustworthy"), embedding.rows)} are trustworthy (above ${figure(trustworthyAbove)}); the thresholds are the 5th and 95th percentile of data with permuted columns.`;
  return { score: "reliability", flagged, threshold: dubiousBelow, sentence };
}

function describeMeasurement({ measurement, perturbation, embedding }: Trust): TrustFinding {
  if (!measurement) {
    const reason = perturbation
      ? "the run has no standard deviations"
      : "points can be placed only into embeddings with one degree of freedom";
    const sentence = `Measurement: not assessed, because ${reason}.`;
    return { score: "measurement", flagged: undefined, threshold: undefined, sentence };
  }
  const flagged = measurement.share.reduce((sum, value) => sum + Number(value < LEAST_SHARE), 0);
  const sentence = `Measurement: the data of ${share(flagged, embedding.rows)} of the points are too uncertain to determine their positions: fewer than half of their ${measurement.draws} draws land within the distance to the ${ordinal(measurement.neighbors)} nearest point of the embedding.`;
  return { score: "measurement", flagged, threshold: LEAST_SHARE, sentence };
}

function describeDoubts({ doubts, embedding }: Trust): TrustFinding {
  const flagged = doubts.reduce((sum, value) => sum + Number(value > 0), 0);
  const several = doubts.reduce((sum, value) => sum + Number(value > 1), 0);
  const sentence = `Together: ${share(flagged, embedding.rows)} of the points fail at least one of these thresholds, and ${share(several, embedding.rows)} fail two or more.`;
  return { score: "doubts", flagged, threshold: 0, sentence };
}

const toFinding = (compared: PerplexityComparison): TrustFinding => ({
  score: "perplexities",
  flagged: undefined,
  threshold: undefined,
  sentence: `Perplexities: ${describePerplexities(compared).replace(/^T/, "t")}`,
});

function describeAllGroups({ of, groups, reruns, nullSeparations }: TrustGroups, n: number): TrustFinding {
  const isStable = groups.map(({ verdict }) => verdict === "stable");
  const flagged = of.reduce((sum, group) => sum + Number(group < 0 || !isStable[group]), 0);
  const finding = { score: "groups" as const, flagged, threshold: LEAST_TOGETHER };
  const nulls = `${nullSeparations.length} embeddings of one Gaussian with the same covariance`;
  if (groups.length < 2) {
    return { ...finding, sentence: `Groups: the map shows no separate groups (compared with ${nulls}).` };
  }
  const counted = (verdict: GroupVerdict) => groups.filter((group) => group.verdict === verdict).length;
  const sentence = `Groups: ${counted("stable")} of the ${groups.length} groups of the map are stable: at least ${100 * LEAST_TOGETHER} % of their pairs of points stay together in ${reruns} reruns, at most ${100 * MOST_MIXED} % of their pairs mix with others, and they are better separated than all groups in ${nulls}. Unstable: ${counted("unstable")}. No evidence of a group: ${counted("no evidence")}. ${share(flagged, n)} of the points are in no stable group.`;
  return { ...finding, sentence };
}

const countAbove = (scores: Float32Array, threshold: number): number =>
  scores.reduce((sum, score) => sum + Number(score > threshold), 0);
const share = (some: number, all: number): string => `${some.toLocaleString("en")} (${percent(some / all)})`;
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
const figure = (value: number): string =>
  Number.isFinite(value) ? Number(value.toPrecision(3)).toString() : "unlimited";
const ordinal = (k: number): string => {
  const ending = k % 100 >= 11 && k % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][k % 10] ?? "th");
  return `${k}${ending}`;
};
