import { markdownTable } from "./markdown.js";
import { PLAIN, type UncertaintyRecord } from "./uncertainty.js";

/** The share of true neighbors with the label accuracy, and what the automatic floor gains over plain embeddings. */
export function formatUncertainty({ recoveries, settings }: UncertaintyRecord): string {
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
