import { Command } from "commander";
import { writeFileAtomic } from "../io/index.js";
import type { OptionValues } from "../options/index.js";
import { EVALUATION_OPTIONS } from "../vae/declarations/index.js";
import type { Evaluation } from "../vae/index.js";
import { addDeclaredOptions } from "./declared-options.js";
import { withTypedNames } from "./failure.js";
import { interruptible } from "./interruption.js";
import {
  addBackendOptions,
  addDatasetOptions,
  type BackendFlags,
  choosePart,
  type DatasetFlags,
  namesOf,
  partOption,
  withDataset,
  withRun,
} from "./networks.js";
import { checkInputs, checkPaths } from "./paths.js";

/** Fraction of noisy values. The library adds no noise by default. */
const NOISE = 0.2;

interface EvaluateModelFlags
  extends BackendFlags,
    DatasetFlags,
    Pick<OptionValues<typeof EVALUATION_OPTIONS>, "draws" | "noise" | "binarize" | "seed" | "batchSize"> {
  output?: string;
  part: string;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne evaluate-model runs/V_MNIST_bernoulli_20_400_1
  $ sigma-tsne evaluate-model runs/vae --draws 1000 --binarize
      The importance-sampling estimate on binarized images.
  $ sigma-tsne evaluate-model runs/vae --json --quiet | jq .logLikelihood

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne evaluate-model` measures test log-likelihoods of a trained model. */
export function createEvaluateModelCommand(): Command {
  const command = new Command("evaluate-model")
    .usage("<run> [data] [options]")
    .summary("measure a trained model on test images")
    .description(
      "Measure a trained model on images it was not trained on: test log-likelihood, reconstruction from clean and from noisy input, latent dimensions that are active, and for mixtures the unsupervised accuracy and the mutual information of clusters and labels.",
    )
    .argument("<run>", "folder of a training, or of a model")
    .argument("[data]", "name or path of a data set (default: that of the training)")
    .addOption(partOption("test"));
  addDeclaredOptions(command, EVALUATION_OPTIONS, ["draws", "noise", "binarize", "batchSize", "seed"], {
    noise: { description: `fraction of the values of the noisy input to which noise is added (default: ${NOISE})` },
  })
    .option("-o, --output <file>", "file for the results as JSON, the same that --json prints")
    .option("--json", "print one JSON object instead of a table")
    .option("--quiet", "print only errors and the results")
    .optionsGroup("Data:");
  addBackendOptions(addDatasetOptions(command)).addHelpText("after", guide);
  const names = namesOf(command);
  return command.action((run: string, data: string | undefined, flags: EvaluateModelFlags) =>
    interruptible((signal) =>
      withTypedNames({ ...names, images: data ?? "the images", dataset: "[data]" }, () =>
        evaluate(run, data, flags, signal),
      ),
    ),
  );
}

async function evaluate(
  path: string,
  data: string | undefined,
  flags: EvaluateModelFlags,
  signal: AbortSignal,
): Promise<void> {
  const { draws, noise = NOISE, binarize, seed, batchSize } = flags;
  checkInputs({ "<run>": path, "[data]": data });
  await checkPaths({ "--output": flags.output }, {});
  await withRun(path, flags, (opened) =>
    withDataset(opened, data, flags, signal, async (dataset) => {
      const { vae, run, display } = opened;
      const evaluation = await vae.evaluateModel(run.model, choosePart(dataset, flags.part), {
        draws,
        noise,
        binarize,
        seed,
        batchSize,
        trainingCount: run.trainingCount,
        signal,
        onProgress: (fraction) => display.update({ stage: "evaluation", fraction }),
      });
      display.stop();
      const facts = summarize(evaluation, { dataset: dataset.name, part: flags.part, noise });
      if (flags.output !== undefined)
        await writeFileAtomic(flags.output, `${JSON.stringify(facts, null, 2)}\n`, { signal });
      process.stdout.write(flags.json ? `${JSON.stringify(facts)}\n` : print(evaluation, dataset.name, noise));
    }),
  );
}

function summarize(evaluation: Evaluation, context: { dataset: string; part: string; noise: number }) {
  const { kl, varianceOfMeans, isActive, activeCount } = evaluation.dimensions;
  return {
    ...evaluation,
    ...context,
    elbo: evaluation.elbo ?? null,
    noisyReconstruction: evaluation.noisyReconstruction ?? null,
    clusters: evaluation.clusters ?? null,
    dimensions: { kl: kl ? Array.from(kl) : null, varianceOfMeans: Array.from(varianceOfMeans), isActive, activeCount },
  };
}

function print(evaluation: Evaluation, dataset: string, noise: number): string {
  const { model, count, loss, elbo, logLikelihood, estimator, draws, reconstruction } = evaluation;
  const nats = (value: number) => value.toFixed(2);
  const meaning =
    estimator === "importance-sampling"
      ? `log p(x), nats per image; ${draws} draws`
      : "of the reconstruction, nats per image";
  const lines = [
    `${model} on ${count} images of ${dataset}`,
    "",
    row("measure", "value", "what it says"),
    row("log-likelihood", nats(logLikelihood), meaning),
    ...(elbo === undefined ? [] : [row("lower bound (ELBO)", nats(elbo), "nats per image")]),
    row("loss", loss.loss.toPrecision(6), "what training minimizes"),
    ...Object.entries(loss)
      .filter(([name]) => name !== "loss")
      .map(([name, value]) => row(`  ${name}`, value.toPrecision(6), "")),
    row("log p(x|z)", nats(reconstruction.logLikelihood), "of reconstructions, nats per image"),
    row("squared error", reconstruction.squaredError.toFixed(5), "of a value, mean"),
    ...printOthers(evaluation, noise),
  ];
  return `${lines.join("\n")}\n`;
}

/** Returns the measures that depend on the model and the options. */
function printOthers({ noisyReconstruction, dimensions, clusters }: Evaluation, noise: number): string[] {
  const { activeCount, isActive } = dimensions;
  const active = row("active dimensions", `${activeCount} of ${isActive.length}`, "means vary by more than 0.01");
  const lines: string[] = [];
  if (noisyReconstruction) {
    const { logLikelihood, squaredError } = noisyReconstruction;
    lines.push(
      row("log p(x|z), noisy input", logLikelihood.toFixed(2), `${100 * noise} % of the values corrupted`),
      row("squared error, noisy input", squaredError.toFixed(5), "against the clean image"),
    );
  }
  lines.push(active);
  if (clusters) {
    const meaning = `${clusters.sizes.length} clusters, each with its most frequent label`;
    const information = clusters.normalizedMutualInformation.toFixed(4);
    lines.push(
      row("unsupervised accuracy", clusters.accuracy.toFixed(4), meaning),
      row("mutual information", information, "of clusters and labels, normalized: 0 to 1"),
    );
  }
  return lines;
}

const row = (name: string, value: string, meaning: string): string =>
  `${name.padEnd(26)}${value.padStart(11)}  ${meaning}`.trimEnd();
