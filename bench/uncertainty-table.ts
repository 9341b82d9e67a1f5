import type { Competition } from "./competitors.js";
import { markdownTable } from "./markdown.js";
import { PLAIN, type UncertaintyRecord } from "./uncertainty.js";

/**
 * Formats the share of true neighbors with the label accuracy, and the gain of the automatic floor over plain
 * embeddings.
 */
export function formatUncertainty(record: UncertaintyRecord): string {
  return [formatRecoveries(record), ...formatCompetitions(record)].join("\n\n");
}

/**
 * Formats all methods by data set: the share of true neighbors or the accuracy, and how often noisy points are
 * neighbors.
 */
function formatCompetitions({ competitions, settings }: UncertaintyRecord): string[] {
  if (competitions.length === 0) return [];
  const methods = [...new Set(competitions.flatMap(({ competitors }) => competitors.map(({ method }) => method)))];
  const cell = (competition: Competition, method: string) => {
    const found = competition.competitors.find((competitor) => competitor.method === method);
    if (!found) return "";
    return `${(found.kept ?? found.score).toFixed(3)} (${found.gain < 0 ? "" : "+"}${found.gain.toFixed(3)} ± ${found.error.toFixed(3)})`;
  };
  const hubs = (competition: Competition, method: string) => {
    const found = competition.competitors.find((competitor) => competitor.method === method)?.noisiest;
    return found === undefined ? "" : found.toFixed(2);
  };
  const table = (show: typeof cell) =>
    markdownTable(
      ["method", ...competitions.map(({ data }) => data)],
      methods.map((method) => [method, ...competitions.map((competition) => show(competition, method))]),
      competitions.length,
    );
  return [
    table(cell),
    `Every method on the same data, means over ${settings.competitorSeeds} seeds: the share of the true 10 nearest neighbors where the truth is known; for clusters, cells and codes the label accuracy; for galaxies the squared correlation of the redshift with its mean over the 10 nearest points. In parentheses: the difference from plain t-SNE with its standard error. Real data have one draw of the noise, so that their seeds differ in the embedding alone.`,
    table(hubs),
    "Share of the entries of neighbor lists that are the noisiest fifth of the points: 0.2 without hubs, and 1 where all points have the same noise.",
  ];
}

function formatRecoveries({ recoveries, settings }: UncertaintyRecord): string {
  const variants = Object.keys(recoveries[0]?.scores ?? {});
  const rows = recoveries.map(({ data, noise, level, scores }) => {
    const gain = scores.auto;
    return [
      data,
      `per ${noise}`,
      String(level),
      ...variants.map((name) => `${scores[name]?.kept.toFixed(3)} / ${scores[name]?.accuracy.toFixed(3)}`),
      `${gain?.gain.toFixed(3)} ± ${gain?.error.toFixed(3)}`,
    ];
  });
  const header = ["data", "noise", "median sigma", ...variants, "gain of auto"];
  const gains = recoveries.map(({ scores }) => scores.auto?.gain ?? 0);
  const higher = gains.filter((gain) => gain > 0).length;
  return [
    markdownTable(header, rows, variants.length + 2),
    `Share of the true 10 nearest neighbors in the embedding / label accuracy, means over ${settings.seeds} seeds. The last column is the share with the automatic floor less that ${PLAIN}, with its standard error: above 0 in ${higher} of ${gains.length} rows, ${Math.min(...gains).toFixed(3)} in the worst. MNIST has ${settings.points} points, each synthetic truth ${settings.syntheticPoints}.`,
  ].join("\n\n");
}
