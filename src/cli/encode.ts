import { Command } from "commander";
import { reject } from "../arguments.js";
import { assertFolderWritable } from "../io/index.js";
import { describeFlag, type OptionValues } from "../options/index.js";
import { ENCODE_OPTIONS, UNCERTAINTY_OPTIONS } from "../vae/declarations/index.js";
import {
  ARROW_GUIDE,
  type ArrowFlags,
  addArrowOptions,
  checkArrow,
  filterStandardStreams,
  requireGiven,
} from "./arrow-filter.js";
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
  noteUnfinished,
  withDataset,
  withRun,
} from "./networks.js";
import { checkInputs } from "./paths.js";
import { stretchShare } from "./point-images.js";

interface EncodeFlags
  extends BackendFlags,
    DatasetFlags,
    ArrowFlags,
    Pick<OptionValues<typeof ENCODE_OPTIONS>, "draws" | "batchSize" | "seed">,
    Pick<OptionValues<typeof UNCERTAINTY_OPTIONS>, "uncertainty" | "extrapolate" | "views" | "shift" | "addPosterior"> {
  noise?: string;
  output?: string;
  part?: string;
  imageColumn?: string;
  force?: true;
}

const guide = `
Examples:
  $ sigma-tsne encode runs/V_MNIST_bernoulli_20_400_1 -o codes
      Encode all images of the data set that the model was trained on.
  $ sigma-tsne encode runs/vae scans/ -o codes --size 96
      Images of a folder, in the order of their names.
  $ sigma-tsne encode runs/vae -o codes --part test
  $ sigma-tsne embed codes/vae_embeddings.npy --sigma codes/vae_errors.npy \\
      --labels codes/labels.txt -o map.npy --plot map.png
      Compute the map of these codes.
  $ sigma-tsne encode runs/vae noisy/ -o codes --uncertainty noise
      Standard deviations that say how far the noise of each image moves its
      code. The noise is estimated, unless you give it, as with --noise 0.1.
  $ producer | sigma-tsne encode runs/vae --arrow | consumer
      Adds the columns code and code_sigma to an Arrow IPC stream with images.
      Memory does not grow with the number of rows.
  $ producer | sigma-tsne encode runs/vae --arrow --drop image | consumer
      Removes the images from the output, which saves time.

The folder contains vae_embeddings.npy (means, n x d), vae_errors.npy (standard
deviations, which ae, conv-ae and aae do not have) and labels.txt (if there are
labels). The folder is written completely or not at all.

Standard deviations, by --uncertainty:
  (default)      those of the model: how wide a code is. They do not say how
                 noisy an image is.
  noise          how far the noise of the pixels moves the code, for any model.
                 Noise is added once more, --draws times. --noise gives its
                 standard deviation where black is 0 and white is 1: one
                 number, or a .npy file with one number per image, per pixel,
                 or per pixel of each image. --extrapolate also moves the code
                 back by the mean shift that the noise causes.
  weights        how far the code moves between draws of Bayesian weights, for
                 bnn-ae, conv-bnn-ae, bnn-vae and bnn-vae-artificial.
  augmentation   how far the code moves with shifts of --shift pixels, and with
                 --views flips with flips and quarter turns as well. Use flips
                 for images without an up and down only, such as micrographs.

${ARROW_GUIDE}
The column of images holds files (PNG, JPEG, TIFF, WebP, GIF; binary, or structs
with a field "bytes", as Hugging Face's datasets have them), which are cut and
scaled to the model's size, or height x width x channels pixels (fixed-size
binary or lists: uint8, or floating-point values 0 to 1).

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne encode` encodes images as means and standard deviations. */
export function createEncodeCommand(): Command {
  const command = new Command("encode")
    .usage("<run> [data] -o <folder> [options]\n       sigma-tsne encode <run> --arrow [options]")
    .summary("encode images as means and standard deviations")
    .description("Encode images with a trained model as means and standard deviations, the input of embed.")
    .argument("<run>", "folder of a training, or of a model")
    .argument("[data]", "name or path of a data set (default: that of the training)")
    .option("-o, --output <folder>", "folder for the files; earlier codes in it are replaced")
    // The default is not declared in commander, so that an explicit value can be distinguished from it.
    .option("--part <name>", "all, train, validation or test (default: all)");
  addDeclaredOptions(command, ENCODE_OPTIONS, ["draws", "batchSize", "seed"])
    .option("--force", "write even if the folder contains other files")
    .option("--json", "print one JSON object instead of sentences")
    .option("--quiet", "print only errors, and the output of --json")
    .optionsGroup("Uncertainty:");
  addDeclaredOptions(command, UNCERTAINTY_OPTIONS, ["uncertainty"]).option(
    "--noise <sd|file>",
    describeFlag(UNCERTAINTY_OPTIONS.noise),
  );
  addDeclaredOptions(command, UNCERTAINTY_OPTIONS, ["extrapolate", "views", "shift", "addPosterior"]).optionsGroup(
    "Data:",
  );
  addBackendOptions(addDatasetOptions(command));
  addArrowOptions(command)
    .option("--image-column <name>", "column of the images (default: image)")
    .addHelpText("after", guide);
  const names = namesOf(command);
  return command.action((run: string, data: string | undefined, flags: EncodeFlags) =>
    interruptible((signal) =>
      withTypedNames({ ...names, images: data ?? "the images", dataset: "[data]" }, () =>
        dispatch(run, data, flags, signal),
      ),
    ),
  );
}

function dispatch(path: string, data: string | undefined, flags: EncodeFlags, signal: AbortSignal): Promise<void> {
  const { output, part, force, imageColumn } = flags;
  const { dataDir, labels, class: name, validation, test, limit, count, size, channels } = flags;
  const forFiles = { "[data]": data, "--output": output, "--part": part, "--force": force };
  const ofSets = { "--data-dir": dataDir, "--labels": labels, "--class": name, "--validation": validation };
  // For files, --strict rejects files that would be skipped in a folder of images.
  const { strict: _, ...checkedForFiles } = flags;
  const checked = flags.arrow ? flags : checkedForFiles;
  const more = { "--test": test, "--limit": limit, "--count": count, "--size": size, "--channels": channels };
  if (checkArrow(checked, { ...forFiles, ...ofSets, ...more }, { "--image-column": imageColumn })) {
    return encodeArrow(path, flags, signal);
  }
  requireGiven("--output", output, "the folder that the files go to, or --arrow");
  return encode(path, data, { ...flags, output }, signal);
}

async function encodeArrow(path: string, flags: EncodeFlags, signal: AbortSignal): Promise<void> {
  const { draws, seed, batchSize, imageColumn, uncertainty, extrapolate, views, shift, addPosterior } = flags;
  const noise = parseNoise(flags.noise);
  if (typeof noise === "object") {
    reject("--noise", flags.noise, "a number or estimated with --arrow, because rows of a stream have no numbers");
  }
  const stretch = stretchShare(flags.stretch);
  checkInputs({ "<run>": path });
  await filterStandardStreams({ done: "encoded", lacking: "a code" }, flags, signal, async (input, options) => {
    const vae = await import("../vae/index.js");
    await vae.selectBackend(flags.backend ?? "auto", { threads: flags.threads });
    const run = await vae.openRun(path);
    noteUnfinished(run, { note: (line) => flags.quiet || process.stderr.write(`${line}\n`) });
    const how = { draws, seed, batchSize, uncertainty, noise, extrapolate, views, shift, addPosterior };
    return vae.encodeStream(run.model, input, { ...options, ...how, imageColumn, stretch });
  });
}

async function encode(
  path: string,
  data: string | undefined,
  flags: EncodeFlags & { output: string },
  signal: AbortSignal,
): Promise<void> {
  const { output, part = "all", force, quiet = false, draws, batchSize, seed } = flags;
  const { uncertainty, extrapolate, views, shift, addPosterior } = flags;
  const how = { draws, batchSize, seed, signal, uncertainty, extrapolate, views, shift, addPosterior };
  const noise = parseNoise(flags.noise);
  const noiseFile = typeof noise === "object" ? noise.path : undefined;
  checkInputs({ "<run>": path, "[data]": data, "--output": output, "--noise": noiseFile });
  const vae = await import("../vae/index.js");
  await withTypedNames({ path: "--output" }, () => assertFolderWritable(output, vae.codesFolder({ force })));
  await withRun(path, flags, async (opened) => {
    vae.assertUncertainty(opened.run.model, { ...how, noise: typeof noise === "object" ? 0 : noise });
    // If all images are encoded, none need to be reserved for validation or test.
    const isWhole = data !== undefined && part === "all";
    const split = isWhole && !vae.DATASETS.some(({ name }) => name === data) ? { validation: 0, test: 0 } : {};
    await withDataset(opened, data, { ...split, ...flags }, signal, async (dataset) => {
      const { run, display } = opened;
      const images = choosePart(dataset, part);
      const codes = await vae.encodeImages(run.model, images, {
        ...how,
        noise: typeof noise === "object" ? await vae.readPixelNoise(noise.path, images, { signal }) : noise,
        onProgress: (fraction) => display.update({ stage: "encoding", fraction }),
      });
      const labels = vae.labelNames(images.labels, dataset.classes);
      const files = await vae.writeCodes(output, codes, { labels, force, signal });
      display.stop();
      const { rows: n, cols: d } = codes.means;
      if (flags.json) {
        const facts = { output, model: run.model.name, n, d, files, uncertainty, noise: summarizeNoise(codes.noise) };
        process.stdout.write(`${JSON.stringify(facts)}\n`);
      } else if (!quiet) {
        const lacking = codes.sigma ? "" : ` ${run.model.name} has no standard deviations of its codes.`;
        process.stdout.write(`Codes of ${n} images, ${d} dimensions, in ${output}: ${files.join(", ")}.${lacking}\n`);
        if (uncertainty) process.stdout.write(`${describeUncertainty(uncertainty, codes.noise)}\n`);
      }
    });
  });
}

/** Parses the value of --noise: a number, `estimated`, or a file. */
function parseNoise(typed: string | undefined): "estimated" | number | { path: string } | undefined {
  if (typed === undefined || typed === "estimated") return typed;
  const value = Number(typed);
  return typed.trim() === "" || Number.isNaN(value) ? { path: typed } : value;
}

/** Returns the range and median of the noise of the images, and the number of images without noise. */
function summarizeNoise(noise: Float32Array | undefined) {
  if (!noise || noise.length === 0) return undefined;
  const sorted = noise.slice().sort();
  const [least, median, most] = [0, sorted.length >> 1, sorted.length - 1].map((i) => Number(sorted[i].toPrecision(4)));
  return { least, median, most, imagesWithout: noise.filter((level) => level === 0).length };
}

/** Describes the meaning of the standard deviations. */
function describeUncertainty(uncertainty: string, noise: Float32Array | undefined): string {
  const facts = summarizeNoise(noise);
  if (!facts)
    return `The standard deviations are the spread of the codes over ${uncertainty === "weights" ? "draws of the weights" : "views of each image"}.`;
  const { least, median, most, imagesWithout } = facts;
  const none =
    imagesWithout === 0
      ? ""
      : ` No noise was found in ${imagesWithout} of ${noise?.length} images: the standard deviations of their codes are 0.`;
  return `The standard deviations are the spread of the codes by noise of ${least} to ${most} (median ${median}) in the images.${none}`;
}
