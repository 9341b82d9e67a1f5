import { join } from "node:path";
import { assertWritable, writeFileAtomic, writeMatrix } from "../io/index.js";
import type { Matrix } from "../matrix.js";
import { drawMapsSideBySide } from "../plot/index.js";
import { runBhTsne, type TsneProgress, type TsneResult } from "../tsne/index.js";
import {
  ACQUISITIONS,
  type Diffractograms,
  type Features,
  measureDiffractograms,
  reduceToComponents,
} from "./acquisition-features.js";
import { scoreMaps } from "./acquisition-scores.js";
import { explainAcquisitions } from "./explanation.js";
import type { ResolvedDemo } from "./options.js";
import { pause } from "./pause.js";
import type { AcquisitionsSummary, MapScores } from "./summary.js";

const FILES = [
  { name: "means.npy", content: "the embedded data: for each micrograph the mean of its acquisitions" },
  { name: "sigma.npy", content: "the standard errors of these means" },
  { name: "labels.csv", content: "the class of each micrograph" },
  { name: "map_standard.npy", content: "the map of the means alone" },
  { name: "map_standard.csv", content: "the same map as a text file" },
  { name: "map_sigma.npy", content: "the map of the means with their standard errors" },
  { name: "map_sigma.csv", content: "the same map as a text file" },
  { name: "micrographs.png", content: "the images, from the lowest dose to the highest" },
  { name: "comparison.png", content: "both maps side by side" },
  { name: "summary.json", content: "all numbers" },
] as const;
type FileName = (typeof FILES)[number]["name"];

/**
 * Shows the effect of standard deviations on data with known truth: simulated micrographs. Each scene has its own dose
 * and is acquired 8 times at this dose.
 *
 * Every acquisition is converted to its diffractogram, up to two thirds of the Nyquist frequency. The diffractograms
 * are then reduced to 25 principal components of the correlation matrix. With the correlation matrix, weak high
 * frequencies count as much as strong low ones. At low doses these high frequencies are uncertain, so standard
 * deviations make a difference. Weak frequencies hardly count in principal components of the covariance matrix. Maps
 * made from those are better, but equally good with and without standard deviations. The components are divided by the
 * standard deviation of the first one.
 *
 * The embedded data are the means over the 8 acquisitions. The uncertainty of a mean is its standard error, s /
 * sqrt(8), where s is the standard deviation of the acquisitions with 7 degrees of freedom. Both maps use the same
 * means, options and seed; only the second one uses the standard errors. The labels and the noise-free scenes do not
 * influence the maps. The labels and scenes are only used to score the maps.
 *
 * Writes the files in `summary.files`, each atomically: means and sigma (n x 25), labels, both maps (n x 2), a contact
 * sheet of the micrographs, the maps side by side, and the summary. The same seed and count give the same bytes, except
 * for `seconds` in the summary.
 *
 * @throws {FileError} FILE_WRITE before any computation, if the directory is not writable
 * @throws {AbortError} if the signal is aborted
 */
export async function mapAcquisitions(options: ResolvedDemo): Promise<AcquisitionsSummary> {
  const { directory, count, seed, threads, signal } = options;
  const started = performance.now();
  for (const { name } of FILES) await assertWritable(join(directory, name));

  const diffractograms = await measureDiffractograms(options);
  const features = await reduceToComponents(diffractograms, threads, signal);
  const dataSeconds = (performance.now() - started) / 1000;
  const [standard, aware] = await embedTwice(features, options);
  const scores = await scoreMaps(standard, aware, diffractograms, features, signal);
  const doses = Array.from(diffractograms.dose).sort((a, b) => a - b);
  const findings = {
    data: "acquisitions" as const,
    n: count,
    d: features.means.cols,
    seed,
    acquisitions: ACQUISITIONS,
    dose: { least: doses[0], median: doses[count >> 1], most: doses[count - 1] },
    ...scores,
    files: FILES,
  };

  const { sheet, comparison } = await draw(standard, aware, diffractograms, findings.maps, seed);
  await pause(signal);
  const { means, sigma } = features;
  const contents: Record<Exclude<FileName, "summary.json">, Matrix | Uint8Array | string> = {
    "means.npy": means,
    "sigma.npy": sigma,
    "labels.csv": `label\n${diffractograms.labels.join("\n")}\n`,
    "map_standard.npy": standard.embedding,
    "map_standard.csv": standard.embedding,
    "map_sigma.npy": aware.embedding,
    "map_sigma.csv": aware.embedding,
    "micrographs.png": sheet,
    "comparison.png": comparison,
  };
  for (const [name, content] of Object.entries(contents)) await write(join(directory, name), content, signal);
  const seconds = {
    data: dataSeconds,
    standard: standard.seconds.total,
    sigma: aware.seconds.total,
    total: (performance.now() - started) / 1000,
  };
  const summary = { ...findings, seconds, explanation: explainAcquisitions(findings) };
  await write(join(directory, "summary.json"), `${JSON.stringify(summary, undefined, 2)}\n`, signal);
  return summary;
}

/** Embeds the means twice, without and with their standard errors, with the same options and seed. */
async function embedTwice(
  { means, sigma }: Features,
  { seed, threads, signal, onProgress }: ResolvedDemo,
): Promise<[TsneResult, TsneResult]> {
  const report = (part: "standard" | "sigma") =>
    onProgress && ((progress: TsneProgress) => onProgress({ ...progress, part }));
  const shared = { seed, threads, signal };
  const standard = await runBhTsne(means, { ...shared, onProgress: report("standard") });
  const aware = await runBhTsne(means, { ...shared, sigma, onProgress: report("sigma") });
  return [standard, aware];
}

async function draw(
  standard: TsneResult,
  aware: TsneResult,
  { labels, dose }: Diffractograms,
  maps: AcquisitionsSummary["maps"],
  seed: number,
): Promise<{ sheet: Uint8Array; comparison: Uint8Array }> {
  const { drawContactSheet } = await import("./contact-sheet.js");
  const sheet = await drawContactSheet(labels, dose, seed);
  const comparison = await drawMapsSideBySide(
    [
      { points: standard.embedding, title: "Standard t-SNE", subtitle: caption(maps.standard) },
      { points: aware.embedding, title: "Sigma-aware t-SNE", subtitle: caption(maps.sigma) },
    ],
    { labels, title: `${labels.length} simulated micrographs` },
  );
  return { sheet, comparison };
}

async function write(
  path: string,
  content: Matrix | Uint8Array | string,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (typeof content === "string" || content instanceof Uint8Array) await writeFileAtomic(path, content, { signal });
  else await writeMatrix(path, content, { signal });
}

function caption({ accuracy, neighborsKept }: MapScores): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return `10-nn label accuracy ${percent(accuracy.all)} (low dose ${percent(accuracy.lowDose)}), true neighbors ${percent(neighborsKept.all)}`;
}
