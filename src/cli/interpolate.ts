import { extname } from "node:path";
import { Command } from "commander";
import { ArgumentError } from "../errors.js";
import { readMatrix, writeFileAtomic } from "../io/index.js";
import type { Matrix } from "../matrix.js";
import { GIF_OPTIONS, INTERPOLATION_OPTIONS } from "../vae/declarations/index.js";
import type { Interpolation } from "../vae/index.js";
import { addDeclaredOptions } from "./declared-options.js";
import { withTypedNames } from "./failure.js";
import { checkImageOutput, writeImages } from "./images.js";
import { interruptible } from "./interruption.js";
import {
  addBackendOptions,
  addDatasetOptions,
  type BackendFlags,
  choosePart,
  type DatasetFlags,
  namesOf,
  type OpenedRun,
  partOption,
  withDataset,
  withRun,
} from "./networks.js";
import { checkPaths } from "./paths.js";
import { integerParser } from "./values.js";

interface InterpolateFlags extends BackendFlags, DatasetFlags {
  gif?: string;
  output?: string;
  codes?: string;
  part: string;
  frames?: number;
  interpolation?: Interpolation;
  delay?: number;
  bounce?: boolean;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne interpolate runs/vae 3 8 --gif walk.gif
      From test image 3 to test image 8 in 100 frames.
  $ sigma-tsne interpolate runs/vae 0 1 --codes ends.npy --frames 20 -o walk.png
      Between the first two codes of a file.
  $ sigma-tsne interpolate runs/vae 3 8 --gif walk.gif --bounce \\
      --interpolation spherical

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne interpolate` decodes the codes between two images. */
export function createInterpolateCommand(): Command {
  const command = new Command("interpolate")
    .usage("<run> <A> <B> [data] --gif <file> [options]")
    .summary("show the images between two images")
    .description("Interpolate between the codes of two images, and decode the codes between them.")
    .argument("<run>", "folder of a training, or of a model")
    .argument("<A>", "number of the first image, counted from 0", integerParser("<A>", 0))
    .argument("<B>", "number of the last image", integerParser("<B>", 0))
    .argument("[data]", "name or path of a data set (default: that of the training)")
    .option("--gif <file>", "file for an animation of the frames: .gif")
    .option("-o, --output <file>", "the frames: .npy, n x height x width [x channels], or .png, one picture of all")
    .option("--codes <file>", "A and B are rows of this file of codes, instead of images")
    .addOption(partOption("test"));
  addDeclaredOptions(command, INTERPOLATION_OPTIONS, ["frames", "interpolation"]);
  addDeclaredOptions(command, GIF_OPTIONS, ["delay", "bounce"])
    .option("--json", "print one JSON object, with both codes, instead of sentences")
    .option("--quiet", "print only errors, and the output of --json")
    .optionsGroup("Data:");
  addBackendOptions(addDatasetOptions(command)).addHelpText("after", guide);
  const names = namesOf(command);
  return command.action((run: string, a: number, b: number, data: string | undefined, flags: InterpolateFlags) =>
    interruptible((signal) =>
      withTypedNames({ ...names, images: data ?? "the images", dataset: "[data]", codes: "--codes" }, () =>
        interpolate({ path: run, ends: [a, b], data }, flags, signal),
      ),
    ),
  );
}

interface Request {
  path: string;
  ends: readonly [number, number];
  data: string | undefined;
}

async function interpolate(request: Request, flags: InterpolateFlags, signal: AbortSignal): Promise<void> {
  const { path, ends, data } = request;
  const { gif, output, interpolation, delay, bounce } = flags;
  const { frames = INTERPOLATION_OPTIONS.frames.default } = flags;
  if (gif === undefined && output === undefined) {
    const accepted = "a file for the frames: give --gif, --output or both";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--gif", received: undefined, accepted });
  }
  if (gif !== undefined && extname(gif).toLowerCase() !== ".gif") {
    const accepted = "a file name that ends in .gif";
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "--gif", received: gif, accepted });
  }
  if (output !== undefined) checkImageOutput("--output", output);
  await checkPaths({ "--gif": gif, "--output": output }, { "<run>": path, "[data]": data, "--codes": flags.codes });
  await withRun(path, flags, async (opened) => {
    const { vae, run, display } = opened;
    const { model } = run;
    const codes = await readEnds(opened, request, flags, signal);
    const [from, to] = [Array.from(codes.row(0)), Array.from(codes.row(1))];
    const images = await model.decode(vae.interpolateCodes(from, to, frames, interpolation), {
      signal,
      onProgress: (fraction) => display.update({ stage: "decoding", fraction }),
    });
    const range = vae.displayRange(images);
    if (gif !== undefined) {
      const animation = await vae.encodeGif(images, model.configuration, { delay, bounce, range });
      await writeFileAtomic(gif, animation, { signal });
    }
    if (output !== undefined) {
      const subtitle = `${frames} codes from ${ends[0]} to ${ends[1]}`;
      await writeImages(output, images, model, { title: `Interpolation by ${model.name}`, subtitle, range, signal });
    }
    display.stop();
    const files = [gif, output].filter((file) => file !== undefined);
    if (flags.json) process.stdout.write(`${JSON.stringify({ files, model: model.name, frames, from, to })}\n`);
    else if (!flags.quiet) process.stdout.write(`${frames} frames in ${files.join(" and ")}.\n`);
  });
}

/** Reads the codes at both ends: 2 x zDim. */
async function readEnds(
  opened: OpenedRun,
  { ends, data }: Request,
  flags: InterpolateFlags,
  signal: AbortSignal,
): Promise<Matrix> {
  const check = (count: number, what: string) => {
    for (const [i, end] of ends.entries()) {
      if (end < count) continue;
      const accepted = `a number from 0 to ${count - 1}, for one of ${what}`;
      throw new ArgumentError("OUT_OF_RANGE", { argument: i === 0 ? "<A>" : "<B>", received: end, accepted });
    }
  };
  if (flags.codes !== undefined) {
    const { Matrix } = await import("../matrix.js");
    const codes = await readMatrix(flags.codes, { signal });
    check(codes.rows, `the rows of ${flags.codes}`);
    const rows = ends.map((end) => codes.row(end));
    return new Matrix(Float64Array.from(rows.flatMap((row) => Array.from(row))), 2, codes.cols);
  }
  const { run } = opened;
  return withDataset(opened, data, flags, signal, async (dataset) => {
    const images = choosePart(dataset, flags.part);
    check(images.count, `the images (--part ${flags.part})`);
    const chosen = opened.vae.selectImages(images, Int32Array.from(ends));
    return (await run.model.encode(chosen, { signal })).means;
  });
}
