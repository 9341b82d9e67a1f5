import { join } from "node:path";
import { createModel, evaluateModel, openDataset, selectBackend, train } from "../src/vae/index.js";
import { drawChart } from "./chart.js";
import { type Machine, round } from "./machine.js";
import { markdownTable } from "./markdown.js";

export interface ImportanceRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: { draws: number[]; train: number; test: number; epochs: number; seeds: number; threads: number };
  results: ImportanceResult[];
}

/** A model that was trained with one number of draws: means over the seeds. */
interface ImportanceResult {
  draws: number;
  /** Bounds of log p(x) on test images, each with its number of draws. The last bound is close to log p(x). */
  bounds: { draws: number; value: number }[];
  /** Half of the range of the last bound over the seeds. */
  spread: number;
  active: number;
}

/** Draws for the estimate of log p(x). */
const MOST_DRAWS = 1000;
const Z_DIM = 50;
const HIDDEN_DIM = 200;

/** Trains importance-weighted autoencoders with different numbers of draws, as in table 1 of Burda et al. 2016. */
export async function measureImportanceWeights(
  record: ImportanceRecord,
  folder: string,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { draws: trained, train: limit, test, epochs, seeds, threads } = record.settings;
  await selectBackend("auto", { threads });
  const dataset = await openDataset("mnist", { dataDir: join(folder, "mnist"), download: false, limit, signal });
  const { height, width, channels } = dataset;
  const count = Math.min(test, dataset.test.count);
  const images = { ...dataset.test, count };
  // Losses of validation images are not needed here, and take long with many draws.
  const withoutValidation = { ...dataset, validation: { ...dataset.validation, count: 0 } };
  for (const draws of trained) {
    const runs: { values: number[]; active: number }[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const network = { zDim: Z_DIM, hiddenDim: HIDDEN_DIM, seed };
      const model = createModel("iwae", { height, width, channels, ...network, importanceDraws: draws });
      await train(model, withoutValidation, { epochs, batchSize: 100, binarize: true, seed, signal });
      const values: number[] = [];
      let active = 0;
      for (const number of [...trained, MOST_DRAWS]) {
        const evaluation = await evaluateModel(model, images, { draws: number, binarize: true, seed: 42, signal });
        values.push(evaluation.logLikelihood);
        active = evaluation.dimensions.activeCount;
      }
      runs.push({ values, active });
      model.dispose();
    }
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const last = runs.map(({ values }) => values.at(-1) as number);
    record.results.push({
      draws,
      bounds: [...trained, MOST_DRAWS].map((number, at) => ({
        draws: number,
        value: round(mean(runs.map(({ values }) => values[at] as number)), 2),
      })),
      spread: round((Math.max(...last) - Math.min(...last)) / 2, 2),
      active: round(mean(runs.map(({ active }) => active)), 1),
    });
    log(JSON.stringify(record.results.at(-1)));
  }
  await dataset.close();
}

/** Draws the bounds over their numbers of draws, one line per model. */
export function drawImportanceWeights({ results }: ImportanceRecord): Promise<Uint8Array> {
  const series = results.map((row) => ({
    name: `trained with k = ${row.draws}`,
    weight: row === results.at(-1) ? ("main" as const) : ("other" as const),
    points: row.bounds.map(({ draws, value }) => [draws, value] as const),
  }));
  const panel = {
    ...{ title: "Bound of log p(x) on test images of MNIST", x: "draws for the bound", y: "nats per image" },
    ...{ isLinear: true, series },
  };
  return drawChart([panel], "Bounds of importance-weighted autoencoders", "svg");
}

export function formatImportanceWeights({ results, settings }: ImportanceRecord): string {
  const { draws: trained, train: limit, test, epochs, seeds } = settings;
  return [
    markdownTable(
      ["k in training", ...trained.map((k) => `bound, k = ${k}`), `log p(x), ${MOST_DRAWS} draws`, "active dimensions"],
      results.map(({ draws, bounds, spread, active }) => [
        `${draws}`,
        ...bounds.map(
          ({ value }, at) =>
            `${value.toFixed(2)}${at === bounds.length - 1 && seeds > 1 ? ` ± ${spread.toFixed(2)}` : ""}`,
        ),
        active.toFixed(1),
      ]),
      trained.length + 2,
    ),
    `Nats per image. ${epochs} epochs of ${limit} images, drawn as black and white in each; ${test} test images; ${Z_DIM} dimensions, ${HIDDEN_DIM} hidden units; ${seeds > 1 ? `means over ${seeds} seeds, with half of their range` : "one seed"}.`,
  ].join("\n\n");
}
