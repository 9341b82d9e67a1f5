import { categoricalColors, cleanText, sequentialColors } from "../colors/index.js";
import { writeFileAtomic } from "../io/index.js";
import { renderPageFile, toBase64 } from "../page-file.js";
import { encodeLabels } from "../page-map/labels.js";
import { explainColumns } from "./explanations.js";
import { describeTrust, type TrustFinding } from "./findings.js";
import { describeGroups, type TrustGroup, type TrustGroups } from "./groups.js";
import type { TrustPayload, TrustScore } from "./page/payload.js";
import { describePerplexities, type PerplexityScores } from "./perplexities.js";
import type { GroupStability } from "./stability.js";
import type { Trust } from "./trust.js";

/** Options of {@link writeTrustPage}. All are optional. */
export interface TrustPageOptions {
  /** The heading of the page. Default "Trust report". */
  title?: string | undefined;
  /** Labels of the points, texts or numbers, which can color the map. */
  labels?: ArrayLike<string | number> | undefined;
  signal?: AbortSignal | undefined;
}

const SHADES = 64;
const MOST_DOUBTFUL = 12;

/**
 * Writes a trust report as one page: the map, colored by each score, with explained thresholds. The page needs no
 * network and runs only its own script.
 *
 * @throws {FileError} FILE_WRITE if the file cannot be written
 */
export async function writeTrustPage(path: string, report: Trust, options: TrustPageOptions = {}): Promise<void> {
  const data = toPayload(report, options);
  const page = await renderPageFile("trust", { title: data.title, data, policy: (hash) => `style-src '${hash}'` });
  await writeFileAtomic(path, page, { signal: options.signal });
}

function toPayload(report: Trust, { title = "Trust report", labels }: TrustPageOptions): TrustPayload {
  const { embedding, radius } = report;
  const { rows: n, cols } = embedding;
  const column = (axis: number) =>
    toBase64(Float32Array.from({ length: n }, (_, i) => (axis < cols ? embedding.at(i, axis) : 0)));
  const text = labels === undefined ? null : encodeLabels(labels, n);
  return {
    title: cleanText(title),
    n,
    facts: [
      `${n.toLocaleString("en")} points. The radius of the map, the root mean square distance from its center, is ${radius.toPrecision(3)}.`,
      ...(cols === 3 ? ["The three-dimensional map is shown from the direction of the third axis."] : []),
    ],
    x: column(0),
    y: column(1),
    shades: { light: sequentialColors(SHADES, "light"), dark: sequentialColors(SHADES, "dark") },
    findings: describeTrust(report)
      // Perplexities have a separate section.
      .filter(({ score }) => score !== "perplexities")
      .map((finding) => toTile(finding, n)),
    scores: [...toScores(report), ...(text ? [ofLabels("Label", "The labels of the points.", text)] : [])],
    ...toGroupRows(report.groups),
    perplexities: toPerplexityCharts(report),
    doubtful: findDoubtful(report),
  };
}

function toTile({ score, flagged, sentence }: TrustFinding, n: number): TrustPayload["findings"][number] {
  const [head, ...rest] = sentence.split(": ");
  return {
    name: { doubts: "Any doubt", groups: "In no stable group" }[score as string] ?? head,
    value: flagged === undefined ? "none" : `${((100 * flagged) / n).toFixed(1)} %`,
    sentence: rest.join(": ").replace(/^./, (letter) => letter.toUpperCase()),
  };
}

function toPerplexityCharts({ perplexities: compared }: Trust): TrustPayload["perplexities"] {
  if (!compared) return null;
  const { scores, elbow, lowestCriterion, bestRecovered } = compared;
  const chart = (
    title: string,
    explanation: string,
    of: (one: PerplexityScores) => number,
    chosen: number | undefined,
  ) => ({
    title,
    explanation,
    scores: scores.map(of).map((score) => (Number.isFinite(score) ? score : null)),
    chosen: chosen ?? null,
  });
  return {
    note: describePerplexities(compared),
    values: scores.map(({ perplexity }) => perplexity),
    charts: [
      ...(bestRecovered === undefined
        ? []
        : [
            chart(
              "Neighbors recovered",
              "Trustworthiness of embeddings of drawn data against the measured data. Higher is better.",
              ({ recovered }) => recovered as number,
              bestRecovered,
            ),
          ]),
      chart(
        "Singularity",
        "95th percentile of the singularity scores. It falls with the perplexity, and the elbow is where it stops falling fast.",
        ({ singularity }) => singularity,
        elbow,
      ),
      chart(
        "2 KL + log(n) perplexity / n",
        "The criterion of Cao & Wang (2017). Lower is better.",
        ({ criterion }) => criterion,
        lowestCriterion,
      ),
    ],
  };
}

/** Returns one row for each group of the map, followed by one for each label. */
function toGroupRows(tested: TrustGroups | undefined): Pick<TrustPayload, "groups" | "groupColumns"> {
  if (!tested) return { groups: [], groupColumns: { groups: [], labels: [] } };
  const { groups, labels } = tested;
  const sentences = describeGroups(tested);
  const ofStability = ({ together, mixed }: GroupStability) => [percent(together), percent(mixed)];
  const toRows = (some: readonly TrustGroup[], first: number) => {
    const [light, dark] = [categoricalColors(some.length, "light"), categoricalColors(some.length, "dark")];
    return some.map(({ name, size, verdict, separation, reruns, draws }, i) => ({
      name,
      isLabel: separation === undefined,
      cells: [
        size.toLocaleString("en"),
        verdict,
        ...(separation === undefined ? [] : [separation.toFixed(2)]),
        ...ofStability(reruns),
        ...(draws ? ofStability(draws) : []),
      ],
      sentence: sentences[first + i],
      light: light[i],
      dark: dark[i],
    }));
  };
  const repeated = tested.draws > 0 ? ["reruns", "draws"] : ["reruns"];
  const stability = repeated.flatMap((noun) => [`Together in ${noun}`, `Mixed in ${noun}`]);
  return {
    groups: [...toRows(groups, 0), ...toRows(labels, groups.length)],
    groupColumns: {
      groups: ["Points", "Verdict", "Separation", ...stability],
      labels: ["Points", "Verdict", ...stability],
    },
  };
}

const percent = (value: number): string => (Number.isNaN(value) ? "none" : `${(100 * value).toFixed(1)} %`);

const ofNumbers = (
  name: string,
  explanation: string,
  values: ArrayLike<number>,
  isLogarithmic = false,
): TrustScore => ({
  name,
  explanation,
  values: toBase64(Float32Array.from(values)),
  labels: null,
  isLogarithmic,
});
const ofLabels = (name: string, explanation: string, labels: TrustScore["labels"]): TrustScore => ({
  name,
  explanation,
  values: null,
  labels,
  isLogarithmic: false,
});

/**
 * Returns the scores that color the map by groups, by their verdicts, and by how often each point stays with its group.
 */
function toGroupScores({ groups: tested }: Trust, explained: Readonly<Record<string, string>>): TrustScore[] {
  if (!tested) return [];
  const { of, groups, staying } = tested;
  const textsOf = (text: (group: TrustGroup) => string) =>
    encodeLabels(
      Array.from(of, (group) => (group < 0 ? "" : text(groups[group]))),
      of.length,
    );
  return [
    ofLabels(
      "Group",
      explained.map_group,
      textsOf(({ name }) => name),
    ),
    ofLabels(
      "Verdict on the group",
      explained.map_group_verdict,
      textsOf(({ verdict }) => verdict),
    ),
    ofNumbers("Staying with the group", explained.staying, staying),
  ];
}

function toScores(report: Trust): TrustScore[] {
  const { perturbation, singularity, reliability, measurement, doubts, embedding } = report;
  const explained = explainColumns(report);
  const doubtTexts = Array.from(doubts, (count) => `${count} failed`);
  return [
    ofLabels("Doubts", explained.doubts, encodeLabels(doubtTexts, embedding.rows)),
    ...toGroupScores(report, explained),
    ...(perturbation ? [ofNumbers("Perturbation", explained.perturbation, perturbation.scores)] : []),
    ofNumbers("Singularity", `${explained.singularity} The colors are logarithmic.`, singularity.scores, true),
    ofNumbers("Reliability", explained.reliability, reliability.scores),
    ofLabels("Reliability class", explained.reliability_class, encodeLabels(reliability.classes, embedding.rows)),
    ...(measurement
      ? [
          ofNumbers("Share of draws", explained.share, measurement.share),
          ofNumbers("Displacement", explained.displacement, measurement.displacement),
        ]
      : []),
  ];
}

/**
 * Returns the points that fail at least one threshold, those with the most failures first. Points with equally many
 * failures are ordered by how far they jump, or, if jumps were not measured, by how loosely they are held.
 */
function findDoubtful({ doubts, perturbation, singularity }: Trust): number[] {
  const jumps = perturbation?.scores ?? singularity.scores;
  return [...doubts.keys()]
    .filter((i) => doubts[i] > 0)
    .sort((i, j) => doubts[j] - doubts[i] || jumps[j] - jumps[i] || i - j)
    .slice(0, MOST_DOUBTFUL);
}
