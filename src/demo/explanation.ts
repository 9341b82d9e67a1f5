import type { Difference } from "./scores.js";
import type { AcquisitionsSummary, CodesSummary, Halves } from "./summary.js";

type Findings = Omit<AcquisitionsSummary, "seconds" | "explanation">;

/** Describes the results of the repeated acquisitions in sentences, whether they are positive or negative. */
export function explainAcquisitions(findings: Findings): string[] {
  const { n, d, acquisitions, dose, sigma, maps, gain, noiseFreeAccuracy, agreement } = findings;
  return [
    `${n} simulated micrographs, ${acquisitions} acquisitions of each at one dose, from ${round(dose.least)} to ${round(dose.most)} electrons per pixel; means and standard errors of ${d} principal components of their diffractograms. The typical standard error is ${round(sigma.lowDose)} in the low-dose half and ${round(sigma.highDose)} in the high-dose half, where the first component has a standard deviation of 1.`,
    `comparison.png: the same means, embedded without (left) and with (right) their standard errors. The two maps have ${percent(agreement)} of their points' 10 nearest neighbors in common.`,
    `Points whose neighbors are mostly of their own kind: ${change(maps.standard.accuracy, maps.sigma.accuracy, gain.accuracy)} Among the noise-free images, without any map, the share is ${percent(noiseFreeAccuracy)}.`,
    `Neighbors that are also neighbors without noise: ${change(maps.standard.neighborsKept, maps.sigma.neighborsKept, gain.neighborsKept)}`,
    mostChanged(findings),
    "micrographs.png shows the images. KL divergences of the two maps are not comparable: each is measured from its own affinities.",
  ];
}

/** Describes the results of the autoencoder's codes in sentences, whether they are positive or negative. */
export function explainCodes(findings: Omit<CodesSummary, "seconds" | "explanation">): string[] {
  const { n, classes, model, sigma, maps, gain, changed, uncertainty, separation } = findings;
  const spread = sigma.high / sigma.low;
  return [
    `${n} simulated micrographs of ${classes} kinds. A variational autoencoder (${model.parameters} parameters, ${model.epochs} epochs; ${model.backend}) gives each a code of ${model.zDim} dimensions, ${model.activeDimensions} of them in use, and a standard deviation for each dimension.`,
    `comparison/report.html shows the maps of these codes without and with the standard deviations, linked to each other. In the second map, ${percent(changed.mean)} of an image's ${changed.k} nearest neighbors are different. ${whoMoved(uncertainty)}`,
    `Images whose neighbors are mostly of their own kind: ${percent(maps.standard.accuracy)} in the standard map, ${percent(maps.sigma.accuracy)} in the sigma-aware one (${verdict(gain)}). Chance is ${percent(1 / classes)}: orientation, spacing and noise differ from image to image, and the labels were never shown.`,
    `The mean standard deviation of an image varies by a factor of ${spread.toFixed(1)} (from the 5th to the 95th percentile). ${spread < 2 ? "That is little: the second map mostly gives less weight to dimensions that contain little information about any image." : "The second map gives less weight to uncertain values."} With measured errors, as in --data acquisitions, standard deviations can have a larger effect.`,
    `wall.png: the sigma-aware map spread evenly onto a grid of ${separation.rows} x ${separation.columns} cells, with ${percent(separation.keptNeighbors)} of the 10 nearest neighbors kept.`,
    "KL divergences of the two maps are not comparable: each is measured from its own affinities.",
  ];
}

function whoMoved(uncertainty: CodesSummary["uncertainty"]): string {
  if (uncertainty === null) return "";
  const {
    rho,
    interval: [low, high],
  } = uncertainty;
  const facts = `Spearman's rho of movement and uncertainty ${rho.toFixed(2)}, 95 % interval ${low.toFixed(2)} to ${high.toFixed(2)}`;
  if (low <= 0 && high >= 0) return `Uncertain images move neither more nor less than the others (${facts}).`;
  return `Uncertain images move ${rho > 0 ? "more" : "less"} than the others (${facts}).`;
}

function change(standard: Halves, sigma: Halves, gain: Record<keyof Halves, Difference>): string {
  const part = (half: keyof Halves) =>
    `${percent(standard[half])} in the standard map, ${percent(sigma[half])} in the sigma-aware one (${verdict(gain[half])})`;
  return `${part("all")}; low dose: ${part("lowDose")}; high dose: ${part("highDose")}.`;
}

function verdict({ mean, standardError }: Difference): string {
  const size = `${mean < 0 ? "-" : "+"}${(100 * Math.abs(mean)).toFixed(1)} ± ${(100 * standardError).toFixed(1)} points`;
  if (Math.abs(mean) <= 2 * standardError) return `${size}: no clear difference`;
  return `${size}: ${mean > 0 ? "better" : "worse"}`;
}

function mostChanged({ lowDoseAccuracy }: Findings): string {
  const sizeOf = (entry: (typeof lowDoseAccuracy)[number]) => Math.abs(entry.sigma - entry.standard);
  const [most] = lowDoseAccuracy.filter((entry) => sizeOf(entry) > 0).sort((a, b) => sizeOf(b) - sizeOf(a));
  if (most === undefined)
    return "No class differs between the maps in the share of its low-dose images among their own kind.";
  return `Look first at "${most.label}", the class with the largest change: ${percent(most.standard)} of its low-dose images are among their own kind in the standard map, and ${percent(most.sigma)} in the sigma-aware one.`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const round = (value: number): string => (value >= 10 ? value.toFixed(0) : String(Number(value.toPrecision(2))));
