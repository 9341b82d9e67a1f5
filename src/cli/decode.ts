import { Command } from "commander";
import { readMatrix } from "../io/index.js";
import { BATCH_OPTIONS } from "../vae/declarations/index.js";
import { addDeclaredOptions } from "./declared-options.js";
import { withTypedNames } from "./failure.js";
import { checkImageOutput, writeImages } from "./images.js";
import { resolveRows } from "./inputs.js";
import { interruptible } from "./interruption.js";
import { addBackendOptions, type BackendFlags, namesOf, withRun } from "./networks.js";
import { checkPaths } from "./paths.js";
import { type RowRange, rowRangeParser } from "./values.js";

interface DecodeFlags extends BackendFlags {
  output: string;
  rows?: RowRange;
  batchSize?: number;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne decode runs/vae codes/vae_embeddings.npy -o images.npy
  $ sigma-tsne decode runs/vae codes.csv --rows :100 -o sheet.png

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne decode` decodes codes to images. */
export function createDecodeCommand(): Command {
  const command = new Command("decode")
    .usage("<run> <codes> -o <file> [options]")
    .summary("decode codes as images")
    .description("Decode codes into images with a trained model.")
    .argument("<run>", "folder of a training, or of a model")
    .argument("<codes>", "the codes: .npy, .csv or .tsv, one code per row")
    .requiredOption("-o, --output <file>", ".npy, n x height x width [x channels], or .png, one picture of all")
    .option(
      "--rows <A:B>",
      "use only rows A to B - 1, counted from 0, like a slice in Python",
      rowRangeParser("--rows"),
    );
  addDeclaredOptions(command, BATCH_OPTIONS, ["batchSize"])
    .option("--json", "print one JSON object instead of sentences")
    .option("--quiet", "print only errors, and the output of --json");
  addBackendOptions(command).addHelpText("after", guide);
  const names = namesOf(command);
  return command.action((run: string, codes: string, flags: DecodeFlags) =>
    interruptible((signal) =>
      withTypedNames({ ...names, codes, images: codes }, () => decode(run, codes, flags, signal)),
    ),
  );
}

async function decode(path: string, codes: string, flags: DecodeFlags, signal: AbortSignal): Promise<void> {
  const { output, batchSize } = flags;
  checkImageOutput("--output", output);
  await checkPaths({ "--output": output }, { "<run>": path, "<codes>": codes });
  const whole = await readMatrix(codes, { signal });
  const matrix = flags.rows ? whole.slice(...resolveRows(flags.rows, whole.rows, codes)) : whole;
  await withRun(path, flags, async ({ run: { model }, display }) => {
    const images = await model.decode(matrix, {
      batchSize,
      signal,
      onProgress: (fraction) => display.update({ stage: "decoding", fraction }),
    });
    await writeImages(output, images, model, { title: `Decoded by ${model.name}`, signal });
    display.stop();
    if (flags.json) process.stdout.write(`${JSON.stringify({ output, model: model.name, n: matrix.rows })}\n`);
    else if (!flags.quiet) process.stdout.write(`${matrix.rows} images in ${output}.\n`);
  });
}
