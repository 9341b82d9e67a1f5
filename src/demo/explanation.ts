import type { DemoSummary, Difference, Halves } from "./index.js";

type Findings = Omit<DemoSummary, "seconds" | "explanation">;

/** Says in sentences what the numbers of the demo say, whichever way they fall. */
export function explain(findings: Findings): string[] {
  const { n, d, acquisitions, dose, sigma, maps, gain, noiseFreeAccuracy, agreement } = findings;
  return [
    `${n} simulated micrographs, ${acquisitions} acquisitions of each at one dose, from ${round(dose.least)} to ${round(dose.most)} electrons a pixel; means and standard errors of ${d} principal components of their diffractograms. The typical standard error is ${round(sigma.lowDose)} in the low-dose half and ${round(sigma.highDose)} in the high-dose half, where the first component has a standard deviation of 1.`,
    `comparison.png: the same means, embedded without (left) and with (right) their standard errors. The two maps have ${percent(agreement)} of their points' 10 nearest neighbours in common.`,
    `Points whose neighbours are mostly of their own kind: ${change(maps.standard.accuracy, maps.sigma.accuracy, gain.accuracy)} Without noise and before any map it would be ${percent(noiseFreeAccuracy)}.`,
    `Neighbours that are also neighbours without noise: ${change(maps.standard.neighborsKept, maps.sigma.neighborsKept, gain.neighborsKept)}`,
    mostChanged(findings),
    "micrographs.png shows the images. KL divergences of the two maps are not comparable: each is measured from its own affinities.",
  ];
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
  return `What to look at first: "${most.label}", whose low-dose images stand among their own kind in ${percent(most.standard)} of cases in the standard map and ${percent(most.sigma)} in the sigma-aware one, the largest change of all classes.`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const round = (value: number): string => (value >= 10 ? value.toFixed(0) : String(Number(value.toPrecision(2))));
