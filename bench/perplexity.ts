import { join } from "node:path";
import { readMatrix } from "../src/io/index.js";
import { Matrix } from "../src/matrix.js";
import { pca } from "../src/pca/index.js";
import { evaluate } from "../src/quality/index.js";
import { type PerplexityComparison, trust } from "../src/trust/index.js";
import { runTsne, Tsne } from "../src/tsne/index.js";
import { readTestImages } from "./datasets.js";
import { GENERATORS, normals } from "./generated-data.js";
import { type Machine, round } from "./machine.js";
import { markdownTable } from "./markdown.js";
import { addNoise, type NoiseKind, TRUTHS, toUnitSpread } from "./uncertain-data.js";

export interface PerplexityRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: { points: number; seeds: number; threads: number; perplexities: readonly number[] };
  results: {
    data: string;
    seed: number;
    hasSigma: boolean;
    /** Trustworthiness with respect to the truth, for each perplexity. */
    trustworthiness: number[];
    recovered: number | undefined;
    elbow: number | undefined;
    criterion: number;
  }[];
}

/** Measured data, and the true data or coordinates behind them. */
interface Case {
  data: string;
  truth: Matrix;
  measured: Matrix;
  sigma: Matrix | undefined;
}

/** Embeds each data set with all perplexities and adds the results to the record. */
export async function measurePerplexities(
  record: PerplexityRecord,
  folder: string | undefined,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { points, seeds, threads, perplexities } = record.settings;
  for (let seed = 1; seed <= seeds; seed++) {
    for (const { data, truth, measured, sigma } of await makeCases(points, seed, folder)) {
      const options = { sigma, seed, threads, signal };
      const trustworthiness: number[] = [];
      for (const perplexity of perplexities) {
        const { embedding } = await runTsne(measured, { ...options, perplexity });
        const { neighborhoods } = await evaluate(truth, embedding, { k: [10], threads });
        trustworthiness.push(round(neighborhoods[0].trustworthiness.value, 4));
      }
      const full = new Tsne(measured, options);
      await full.fit();
      const { perplexities: found } = await trust(full, { perplexities, draws: 2, seed, signal });
      const { elbow, lowestCriterion, bestRecovered } = found as PerplexityComparison;
      record.results.push({
        data,
        seed,
        hasSigma: sigma !== undefined,
        trustworthiness,
        recovered: bestRecovered,
        elbow,
        criterion: lowestCriterion,
      });
      log(`${data}, seed ${seed}: ${JSON.stringify(record.results.at(-1))}`);
    }
  }
}

/** Makes ten data sets, six of which need no files. */
async function makeCases(n: number, seed: number, folder: string | undefined): Promise<Case[]> {
  const uncertain = (name: string, kind: NoiseKind, level: number): Case => {
    const truth = TRUTHS[name](n, seed);
    const { means, sigma } = addNoise(truth, kind, level, seed + 100);
    return { data: `${name}, noise per ${kind}`, truth: truth.means, measured: means, sigma };
  };
  const noisy = (data: string, truth: Matrix, level: number): Case => {
    const unit = toUnitSpread(truth);
    const normal = normals(seed + 200);
    const values = Float64Array.from(unit.data, (value) => value + level * normal());
    return { data, truth: unit, measured: new Matrix(values, unit.rows, unit.cols), sigma: undefined };
  };
  const cases = [
    uncertain("groups", "value", 0.3),
    uncertain("surface", "value", 0.3),
    uncertain("branches", "point", 0.3),
    uncertain("groups", "column", 0.3),
    noisy("rolled sheet", firstRows(GENERATORS["swiss-roll"].generate(n * seed), n, n * (seed - 1)), 0.03),
    noisy("mixture of 20 Gaussians", firstRows(GENERATORS.generated.generate(n * seed), n, n * (seed - 1)), 0.3),
  ];
  if (folder === undefined) return cases;
  const { scores } = await pca(await readTestImages(folder), 50, {});
  const stem = await readMatrix(join(folder, "microscopy/pca_stem_crops_96x96.npy"));
  const [means, deviations] = await Promise.all(
    ["mu", "sigma"].map((name) => readMatrix(join(folder, `latents/mnist70k_vae32_${name}.npy`))),
  );
  const truth = firstRows(means, n, n * seed);
  const sigma = firstRows(deviations, n, n * seed);
  const normal = normals(seed + 300);
  const drawn = Float64Array.from(truth.data, (value, at) => value + sigma.data[at] * normal());
  return [
    ...cases,
    noisy("MNIST", firstRows(scores, n, n * seed), 0.3),
    noisy("MNIST, more noise", firstRows(scores, n, n * (seed + 3)), 1),
    noisy("micrographs", firstRows(stem, n, n * seed), 0.3),
    { data: "codes of MNIST", truth, measured: new Matrix(drawn, n, truth.cols), sigma },
  ];
}

const firstRows = ({ data, cols }: Matrix, count: number, from: number): Matrix =>
  new Matrix(Float64Array.from(data.subarray(from * cols, (from + count) * cols)), count, cols);

/** Formats the table of bench/README.md: means over the seeds. */
export function formatPerplexities({ results, settings: { perplexities } }: PerplexityRecord): string {
  const names = [...new Set(results.map(({ data }) => data))];
  const rows = names.map((name) => {
    const some = results.filter(({ data }) => data === name);
    const mean = (value: (one: (typeof some)[number]) => number) =>
      some.reduce((sum, one) => sum + value(one), 0) / some.length;
    const at = (one: (typeof some)[number], perplexity: number | undefined) =>
      one.trustworthiness[perplexities.indexOf(perplexity as number)] ?? Number.NaN;
    const best = mean(({ trustworthiness }) => Math.max(...trustworthiness));
    const chosen = (pick: (one: (typeof some)[number]) => number | undefined) =>
      `${mean((one) => at(one, pick(one))).toFixed(3)} (${some.map((one) => pick(one) ?? "none").join(", ")})`;
    return [
      name,
      best.toFixed(3),
      mean((one) => at(one, 30)).toFixed(3),
      some[0].hasSigma ? chosen(({ recovered }) => recovered) : "",
      chosen(({ elbow }) => elbow),
      chosen(({ criterion }) => criterion),
    ];
  });
  return markdownTable(["data", "best", "30", "recovered", "elbow", "criterion"], rows, 1);
}
