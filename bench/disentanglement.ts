import { createModel, evaluateModel, imagesInMemory, selectBackend, train } from "../src/vae/index.js";
import { drawChart } from "./chart.js";
import { type Machine, round } from "./machine.js";
import { markdownTable } from "./markdown.js";
import { measureDisentanglement } from "./mutual-information.js";
import { drawShape } from "./shapes.js";

export interface DisentanglementRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: { betas: number[]; epochs: number; seeds: number; threads: number };
  results: DisentanglementResult[];
}

/** Means over the seeds, with the standard errors of these means. */
interface DisentanglementResult {
  model: (typeof MODELS)[number];
  beta: number;
  elbo: number;
  totalCorrelation: number;
  totalCorrelationError: number;
  gap: number;
  gapError: number;
}

const MODELS = ["vae", "beta-tc-vae"] as const;
const SIDE = 16;
/** Number of positions along each axis, and number of sizes. */
const PLACES = 12;
const SIZES = 5;
const Z_DIM = 6;
const HIDDEN_DIM = 128;
const LEARNING_RATE = 0.004;

/** Lists all combinations of the factors of the images, each once. */
function listFactors() {
  const count = PLACES * PLACES * SIZES;
  const of = (step: number, levels: number) => Array.from({ length: count }, (_, i) => Math.floor(i / step) % levels);
  return {
    x: { values: of(1, PLACES), levels: PLACES },
    y: { values: of(PLACES, PLACES), levels: PLACES },
    size: { values: of(PLACES ** 2, SIZES), levels: SIZES },
  };
}

/** Trains beta-VAEs and beta-TCVAEs on discs of known position and size, as Chen et al. 2018 did on dSprites. */
export async function measureDisentanglements(
  record: DisentanglementRecord,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { betas, epochs, seeds, threads } = record.settings;
  await selectBackend("auto", { threads });
  const factors = listFactors();
  const place = (step: number) => 4 + ((SIDE - 9) * step) / (PLACES - 1);
  const pictures = factors.x.values.map((x, i) =>
    drawShape(
      {
        kind: "disc",
        x: place(x),
        y: place(factors.y.values[i] as number),
        size: 1.5 + 0.5 * (factors.size.values[i] as number),
      },
      SIDE,
    ),
  );
  const values = Float32Array.from(pictures.flatMap((picture) => Array.from(picture)));
  const images = imagesInMemory(values, [SIDE, SIDE, 1]);
  const none = imagesInMemory(new Float32Array(), [SIDE, SIDE, 1]);
  const shape = { height: SIDE, width: SIDE, channels: 1 };
  const dataset = {
    name: "discs",
    ...shape,
    train: images,
    validation: none,
    test: none,
    all: images,
    close: async () => {},
  };
  for (const beta of betas) {
    for (const name of MODELS) {
      const runs: { elbo: number; totalCorrelation: number; gap: number }[] = [];
      for (let seed = 1; seed <= seeds; seed++) {
        const model = createModel(name, { ...shape, zDim: Z_DIM, hiddenDim: HIDDEN_DIM, beta, seed });
        await train(model, dataset, { epochs, learningRate: LEARNING_RATE, seed, signal });
        const { means, sigma } = await model.encode(images, { signal });
        if (!sigma) throw new Error(`${name} has no standard deviations`);
        const { reconstruction, dimensions } = await evaluateModel(model, images, { draws: 10, seed, signal });
        const divergence = Array.from(dimensions.kl ?? []).reduce((sum, kl) => sum + kl, 0);
        runs.push({
          elbo: reconstruction.logLikelihood - divergence,
          ...measureDisentanglement({ means, sigma, factors }, seed),
        });
        model.dispose();
      }
      const [elbo, totalCorrelation, gap] = (["elbo", "totalCorrelation", "gap"] as const).map((key) =>
        summarize(runs.map((run) => run[key])),
      );
      record.results.push({
        model: name,
        beta,
        elbo: round(elbo?.mean as number, 2),
        totalCorrelation: round(totalCorrelation?.mean as number, 4),
        totalCorrelationError: round(totalCorrelation?.error as number, 4),
        gap: round(gap?.mean as number, 4),
        gapError: round(gap?.error as number, 4),
      });
      log(`${JSON.stringify(record.results.at(-1))} ${JSON.stringify(runs)}`);
    }
  }
}

function summarize(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}

/** Draws both measures over beta. */
export function drawDisentanglements({ results }: DisentanglementRecord): Promise<Uint8Array> {
  const panel = (title: string, key: "totalCorrelation" | "gap", y: string) => ({
    ...{ title, x: "beta", y, isLinear: true },
    series: MODELS.map((model) => ({
      name: model === "vae" ? "vae (beta-VAE)" : model,
      weight: model === "vae" ? ("other" as const) : ("main" as const),
      points: results.filter((row) => row.model === model).map((row) => [row.beta, row[key]] as const),
    })),
  });
  return drawChart(
    [
      panel("Total correlation of the codes", "totalCorrelation", "nats"),
      panel("Mutual information gap", "gap", "0 to 1"),
    ],
    "Total correlation and mutual information gap over beta",
    "svg",
  );
}

export function formatDisentanglements({ results, settings }: DisentanglementRecord): string {
  const { betas, epochs, seeds } = settings;
  const of = (model: string, beta: number) =>
    results.find((row) => row.model === model && row.beta === beta) as DisentanglementResult;
  const cells = (show: (row: DisentanglementResult) => string) => (beta: number) =>
    MODELS.map((model) => show(of(model, beta)));
  const columns = [
    cells(
      ({ totalCorrelation, totalCorrelationError }) =>
        `${totalCorrelation.toFixed(2)} ± ${totalCorrelationError.toFixed(2)}`,
    ),
    cells(({ gap, gapError }) => `${gap.toFixed(2)} ± ${gapError.toFixed(2)}`),
    cells(({ elbo }) => elbo.toFixed(1)),
  ];
  const header = ["total correlation", "information gap", "ELBO"].flatMap((name) =>
    MODELS.map((model) => `${name}, ${model}`),
  );
  return [
    markdownTable(
      ["beta", ...header],
      betas.map((beta) => [`${beta}`, ...columns.flatMap((cell) => cell(beta))]),
      6,
    ),
    `Means over ${seeds} seeds with their standard errors. ${PLACES ** 2 * SIZES} discs of ${SIDE} x ${SIDE} pixels, ${PLACES} x ${PLACES} places and ${SIZES} sizes; ${epochs} epochs; ${Z_DIM} dimensions, ${HIDDEN_DIM} hidden units, learning rate ${LEARNING_RATE}. With beta 1 both models have the same loss, except that beta-tc-vae estimates its parts from the batch.`,
  ].join("\n\n");
}
