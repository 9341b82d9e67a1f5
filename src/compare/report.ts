import { cleanText, sequentialColors } from "../colors/index.js";
import { renderPageFile, toBase64 } from "../page-file.js";
import { encodeLabels } from "../page-map/labels.js";
import type { Estimate } from "../quality/index.js";
import { describePerplexity } from "../tsne/index.js";
import type { ComparedQuality, Comparison } from "./compare.js";
import type { Correlation } from "./correlation.js";
import type { ComparisonMetrics } from "./metrics.js";
import { mostMoved } from "./most-moved.js";
import type { ReportPayload, ReportTable, ReportTile } from "./report/payload.js";

const SHADES = 64;
const MARKS = 12;

/**
 * Returns the page as one HTML text that includes its style, script and data. The content security policy of the page
 * prevents loading anything else.
 */
export async function renderReport(
  comparison: Comparison,
  metrics: ComparisonMetrics,
  { title, labels }: { title: string; labels: ArrayLike<string | number> | undefined },
): Promise<string> {
  const payload = toPayload(comparison, metrics, title, labels);
  return renderPageFile("report", { title: payload.title, data: payload, policy: (hash) => `style-src '${hash}'` });
}

function toPayload(
  comparison: Comparison,
  metrics: ComparisonMetrics,
  title: string,
  labels: ArrayLike<string | number> | undefined,
): ReportPayload {
  const { n, d, k, maps, pairs, meanSigma } = comparison;
  const { seed, outputDimensions, threads: _ } = maps[0].options;
  const column = (map: (typeof maps)[number], axis: number) =>
    Float32Array.from({ length: n }, (_, i) => (axis < outputDimensions ? map.embedding.at(i, axis) : 0));
  return {
    title: cleanText(title),
    n,
    k,
    outputDimensions,
    facts: [
      `${count(n)} points of ${d} values, the same start and seed (${seed}) for all maps.`,
      "The other maps are aligned with the first one by translation, rotation, reflection and scale (Procrustes).",
      ...(outputDimensions === 3 ? ["Three-dimensional maps are shown from the direction of the third axis."] : []),
    ],
    maps: maps.map((map) => ({
      name: cleanText(map.name),
      summary: `${map.options.distance} distance · ${describePerplexity(map.options.perplexity)} · KL ${map.kl.toFixed(3)}`,
      x: toBase64(column(map, 0)),
      y: toBase64(column(map, 1)),
    })),
    pairs: pairs.map((pair, p) => {
      const [a, b] = [maps[pair.first], maps[pair.second]] as [(typeof maps)[number], (typeof maps)[number]];
      return {
        first: pair.first,
        second: pair.second,
        displacement: toBase64(pair.displacement),
        changed: toBase64(pair.changed),
        marks: mostMoved(a.embedding, b.embedding, pair.displacement, MARKS),
        tiles: tilesOf(metrics.pairs[p], k),
      };
    }),
    sigma: meanSigma ? toBase64(meanSigma) : null,
    labels: labels === undefined ? null : encodeLabels(labels, n),
    shades: { light: sequentialColors(SHADES, "light"), dark: sequentialColors(SHADES, "dark") },
    tables: [...qualityTables(comparison), mapsTable(comparison)],
  };
}

function tilesOf(
  { disparity, displacement, changed, uncertainty }: ComparisonMetrics["pairs"][number],
  k: number,
): ReportTile[] {
  const tiles: ReportTile[] = [
    {
      name: "Disparity",
      value: digits(disparity),
      explanation: "Difference in shape after alignment (Procrustes): 0 means the same shape, 1 nothing in common.",
    },
    {
      name: "Typical move",
      value: `${digits(displacement.median)} R`,
      explanation: `Median displacement in units of R, the root mean square radius of the first map. 95\u00a0% of the points move less than ${digits(displacement.percentile95)}\u00a0R.`,
    },
    {
      name: "Neighbors changed",
      value: percent(changed.mean),
      explanation: `Mean share of a point's ${k} nearest neighbors in the first map that are not among its ${k} nearest neighbors in the second map.`,
    },
  ];
  if (!uncertainty) return tiles;
  const link = (correlation: Correlation | null, name: string, what: string): ReportTile => ({
    name,
    value: correlation === null ? "undefined" : signed(correlation.rho),
    explanation:
      correlation === null
        ? "One of the two is the same for all points, so there is no correlation."
        : `Rank correlation (Spearman) of ${what} with mean sigma; 95\u00a0% bootstrap interval ${signed(correlation.interval[0])} to ${signed(correlation.interval[1])}.`,
  });
  return [
    ...tiles,
    link(uncertainty.displacement, "Displacement and sigma", "displacement"),
    link(uncertainty.changed, "Changed neighbors and sigma", "the share of changed neighbors"),
  ];
}

function qualityTables({ k, maps, references, quality }: Comparison): ReportTable[] {
  return references.map(({ distance, perplexity }, r) => ({
    caption: `How well each map shows the data under the ${distance} distance`,
    explanation: `${describePerplexity(perplexity).replace(/^p/, "P")}; neighborhoods of ${k} points. The better value is marked.`,
    columns: maps.map(({ name }) => cleanText(name)),
    rows: MEASURES.map(({ name, explain, estimateOf, isLowBetter, format }) => ({
      name,
      explanation: explain(k),
      cells: markBetter(
        quality.map((row) => estimateOf(row[r])),
        isLowBetter ?? false,
        format,
      ),
    })),
  }));
}

/** A quality measure, shown as one row of a table. */
interface Measure {
  name: string;
  explain(k: number): string;
  estimateOf(quality: ComparedQuality): Estimate | null;
  isLowBetter?: boolean;
  format(value: number): string;
}

const MEASURES: readonly Measure[] = [
  {
    name: "KL divergence",
    explain: () => "The quantity that t-SNE minimizes; lower is better.",
    estimateOf: ({ kl }) => ({ value: kl, error: 0, count: 0 }),
    isLowBetter: true,
    format: (value) => value.toFixed(3),
  },
  {
    name: "Neighbors kept",
    explain: (k) =>
      `Share of a point's ${k} nearest neighbors in the data that are also among its ${k} nearest in the map.`,
    estimateOf: ({ kept }) => kept,
    format: (value) => percent(value),
  },
  {
    name: "Trustworthiness",
    explain: () => "1 if points that are near in the map are near in the data.",
    estimateOf: ({ trustworthiness }) => trustworthiness,
    format: (value) => value.toFixed(4),
  },
  {
    name: "Continuity",
    explain: () => "1 if points that are near in the data are near in the map.",
    estimateOf: ({ continuity }) => continuity,
    format: (value) => value.toFixed(4),
  },
  {
    name: "Distance correlation",
    explain: () =>
      "Rank correlation between the distances of pairs of points in the data and in the map. It measures the large-scale shape.",
    estimateOf: ({ distanceCorrelation }) => distanceCorrelation,
    format: (value) => value.toFixed(3),
  },
];

/** Formats one value per map and marks the best values, unless all are equal. */
function markBetter(
  values: readonly (Estimate | null)[],
  isLowBetter: boolean,
  format: (value: number) => string,
): ReportTable["rows"][number]["cells"] {
  const known = values.map((estimate) => estimate?.value ?? Number.NaN);
  const texts = known.map((value) => (Number.isNaN(value) ? "undefined" : format(value)));
  const sorted = known.filter((value) => !Number.isNaN(value)).sort((a, b) => (isLowBetter ? a - b : b - a));
  const top = sorted.length > 0 ? format(sorted[0]) : "";
  const isTie = texts.every((text) => text === texts[0]);
  return texts.map((text, i) => {
    const error = values[i]?.error ?? 0;
    return { text: error > 0 ? `${text}\n± ${digits(error)}` : text, best: !isTie && text === top };
  });
}

function mapsTable({ maps }: Comparison): ReportTable {
  const plain = (texts: string[]) => texts.map((text) => ({ text, best: false }));
  const hasLabels = maps.some(({ accuracy }) => accuracy !== undefined);
  const rows: ReportTable["rows"] = [
    {
      name: "Own KL divergence",
      explanation: "The result of the gradient descent under the map's own distance; not comparable between distances.",
      cells: plain(maps.map(({ kl }) => kl.toFixed(3))),
    },
    {
      name: "Distance",
      explanation: "The distance between data points that the map uses.",
      cells: plain(maps.map(({ options }) => options.distance)),
    },
    {
      name: "Perplexity",
      explanation: "Effective number of neighbors.",
      cells: plain(maps.map(({ options }) => [options.perplexity].flat().map(trim).join(", "))),
    },
    {
      name: "Iterations",
      explanation: "Steps of gradient descent.",
      cells: plain(maps.map(({ iterations }) => count(iterations))),
    },
    {
      name: "Alignment",
      explanation: "Scale factor of the alignment with the first map, and whether the map was mirrored.",
      cells: plain(
        maps.map(({ alignment }) => `× ${digits(alignment.scale)}${alignment.reflected ? ", mirrored" : ""}`),
      ),
    },
  ];
  if (hasLabels) {
    rows.push(
      {
        name: "Label accuracy",
        explanation:
          "Share of the points whose label is the most frequent one among their 10 nearest neighbors in the map.",
        cells: plain(maps.map(({ accuracy }) => (accuracy ? percent(accuracy.value) : ""))),
      },
      {
        name: "Silhouette",
        explanation: "How well the classes of the labels are separated in the map, from -1 to 1.",
        cells: plain(maps.map(({ silhouette }) => (silhouette ? silhouette.value.toFixed(3) : "undefined"))),
      },
    );
  }
  return { caption: "The maps", explanation: "", columns: maps.map(({ name }) => cleanText(name)), rows };
}

const count = (value: number): string => value.toLocaleString("en");
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const signed = (value: number): string => value.toFixed(2).replace("-", "−");
const trim = (value: number): string => String(Math.round(value * 100) / 100);
const digits = (value: number): string =>
  value === 0 ? "0" : value.toPrecision(2).includes("e") ? value.toExponential(1) : value.toPrecision(2);
