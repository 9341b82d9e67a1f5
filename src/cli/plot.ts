import { Command } from "commander";
import { readLabels, readMatrix, writeFileAtomic } from "../io/index.js";
import type { Theme } from "../plot/index.js";
import { withTypedNames } from "./failure.js";
import { checkLabels } from "./inputs.js";
import { interruptible } from "./interruption.js";
import { checkPaths } from "./paths.js";
import { preparePicture } from "./picture.js";
import { integerParser } from "./values.js";

interface PlotFlags {
  output: string;
  labels?: string;
  title?: string;
  theme?: Theme;
  width?: number;
  height?: number;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne plot map.npy -o map.png
  $ sigma-tsne plot map.csv --labels labels.txt --title Digits -o map.svg
      Up to 50 different labels are classes with a legend; more numbers than
      that are a quantity with a colour bar.
  $ sigma-tsne plot map.npy -o slide.png --theme dark --width 1920 --height 1080

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
`;

/** `sigma-tsne plot`: a map in a file to a picture in another. */
export function createPlotCommand(): Command {
  return new Command("plot")
    .usage("<map> -o <file> [options]")
    .summary("draw a map")
    .description("Draw a map of 1, 2 or 3 dimensions as a picture, coloured by labels.")
    .argument("<map>", "the map: .npy, .csv or .tsv, a point a row")
    .requiredOption("-o, --output <file>", "where the picture goes: .png or .svg")
    .option("--labels <file>", "labels that colour the points, one a line")
    .option("--title <text>", "heading of the picture")
    .option("--theme <light|dark>", "dark on white, or light on near-black (default: light)")
    .option("--width <pixels>", "200 to 16384 (default: 1600)", integerParser("--width"))
    .option("--height <pixels>", "200 to 16384 (default: 3/4 of the width)", integerParser("--height"))
    .option("--quiet", "print nothing but errors")
    .addHelpText("after", guide)
    .action((map: string, flags: PlotFlags) => {
      const names = {
        points: map,
        labels: flags.labels,
        title: "--title",
        theme: "--theme",
        width: "--width",
        height: "--height",
      };
      return interruptible((signal) => withTypedNames(names, () => plot(map, flags, signal)));
    });
}

async function plot(map: string, flags: PlotFlags, signal: AbortSignal): Promise<void> {
  const { output, theme, width, height, title } = flags;
  const draw = await preparePicture("--output", output, { theme, width, height });
  await checkPaths({ "--output": output }, { "<map>": map, "--labels": flags.labels });
  const points = await readMatrix(map, { signal });
  const labels = flags.labels === undefined ? undefined : await readLabels(flags.labels, { signal });
  if (labels && flags.labels !== undefined) checkLabels(labels, points.rows, flags.labels);
  const picture = await draw(points, { labels, title });
  await writeFileAtomic(output, picture, { signal });
  if (!flags.quiet) process.stdout.write(`Picture of ${points.rows} points written to ${output}.\n`);
}
