import type { Trust } from "./trust.js";

/** The columns of trust tables, with explanations that apply to every run. */
export const TRUST_COLUMNS: Readonly<Record<string, string>> = {
  perturbation:
    "How far the point jumps when its data move a little. Above a quarter of the map's radius it lands in another part of the map.",
  singularity:
    "How loosely the point is held at its position. Points above ten times the median lie at a tear: a place where the map splits the data, although another run might split them elsewhere.",
  reliability: "Correlation of ordered distances in the data and in the map. Higher is better.",
  reliability_class:
    "Dubious: the neighborhood is kept no better than in data with permuted columns. Trustworthy: better than in 95 % of these.",
  doubts: "How many of the scores fail their thresholds.",
  map_group: "Regions of high density with valleys between them, from the largest to the smallest group.",
  map_group_verdict:
    "Stable: the group holds together when the embedding is made again. Unstable: it falls apart or mixes with others. No evidence: an embedding of a single Gaussian shows groups that are equally well separated.",
  staying:
    "Share of the other points of its group that share a group with the point again, in reruns on samples of the points.",
  displacement: "Mean distance of the draws from the position of the point.",
  share:
    "Share of the draws from the point's Gaussian that land near its position. Below a half, the measurement is too uncertain to determine the position.",
};

/** Whether a table with these columns is one of trust scores. */
export const isTrustTable = (names: readonly string[]): boolean =>
  ["singularity", "reliability", "doubts"].every((name) => names.includes(name));

/** Explains the columns of a report, including its thresholds. */
export function explainColumns(report: Trust): Record<string, string> {
  const { perturbation, singularity, reliability, measurement, groups } = report;
  const figure = (value: number) => value.toPrecision(3);
  return {
    ...TRUST_COLUMNS,
    ...(perturbation && {
      perturbation: `How far the point jumps when its data move by ${figure(perturbation.length)}. Above ${figure(perturbation.threshold)}, a quarter of the map's radius, it lands in another part of the map, so do not rely on its position.`,
    }),
    singularity: `How loosely the point is held at its position. Points above ${figure(singularity.threshold)}, ten times the median, lie at a tear: a place where the map splits the data, although another run might split them elsewhere.`,
    reliability: `Correlation of ordered distances in the data and in the map. Below ${figure(reliability.dubiousBelow)} a neighborhood is kept no better than in data with permuted columns; above ${figure(reliability.trustworthyAbove)} it is trustworthy.`,
    reliability_class: `Dubious: below ${figure(reliability.dubiousBelow)}, the 5th percentile of data with permuted columns. Trustworthy: above ${figure(reliability.trustworthyAbove)}, their 95th percentile.`,
    ...(groups && {
      map_group_verdict: `Stable: the group holds together in ${groups.reruns} reruns on samples of the points. Unstable: it falls apart or mixes with others. No evidence: embeddings of a single Gaussian show groups that are equally well separated.`,
      staying: `Share of the other points of its group that share a group with the point again, in ${groups.reruns} reruns. Points with low shares lie in a part that breaks off, or go to another group.`,
    }),
    ...(measurement && {
      share: `Share of ${measurement.draws} draws from the point's Gaussian that land near its position. Below a half, the measurement is too uncertain to determine the position.`,
    }),
  };
}
