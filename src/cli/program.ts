import { styleText } from "node:util";
import { type Argument, Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { createCompareCommand } from "./compare.js";
import { createCompareModelsCommand } from "./compare-models.js";
import { createDecodeCommand } from "./decode.js";
import { createDemoCommand } from "./demo.js";
import { createEmbedCommand } from "./embed.js";
import { createEncodeCommand } from "./encode.js";
import { createEvaluateCommand } from "./evaluate.js";
import { createEvaluateModelCommand } from "./evaluate-model.js";
import { createExploreCommand } from "./explore.js";
import { createFiguresCommand } from "./figures.js";
import { hintAt } from "./former-flags.js";
import { createInterpolateCommand } from "./interpolate.js";
import { createPlaceCommand } from "./place.js";
import { createPlotCommand } from "./plot.js";
import { createSampleCommand } from "./sample.js";
import { createSearchCommand } from "./search.js";
import { createSeparateCommand } from "./separate.js";
import { createTrainCommand } from "./train.js";
import { createTrustCommand } from "./trust.js";
import { createWallCommand } from "./wall.js";

const guide = `
Examples:
  $ sigma-tsne demo
      See what standard deviations change: simulates images, embeds them without
      and with their uncertainty, and draws both maps.
  $ sigma-tsne embed means.npy --sigma sigma.npy -o map.npy
      Embed points whose values have known standard deviations.
  $ sigma-tsne embed data.csv -o map.csv --labels labels.txt --plot map.png
      Embed a table without standard deviations, and draw a picture.
  $ sigma-tsne place run.tsne new.npy -o new-map.npy
      Place new points into an embedding that embed --save has saved.
  $ sigma-tsne plot map.npy --labels labels.txt -o map.svg
      Draw another picture of the same map.
  $ sigma-tsne evaluate means.npy map.npy --sigma sigma.npy --labels labels.txt
      Measure how well the embedding shows its data.
  $ sigma-tsne trust run.tsne -o trust.csv
      Report which points of a saved embedding can be trusted.
  $ sigma-tsne search means.npy --sigma sigma.npy --query 17
      Find the points nearest to point 17.
  $ sigma-tsne train --dataset mnist --run-dir runs/vae
  $ sigma-tsne encode runs/vae -o codes
      Train an autoencoder, and encode its images as means and standard
      deviations.
  $ sigma-tsne figures runs/vae
      Draw what the model has learned: reconstructions, codes, samples.
  $ sigma-tsne explore runs/vae --open
      Explore its codes in the browser: maps, images, interpolations.
  $ sigma-tsne separate map.npy -o even.npy --grid auto
      Spread the points evenly, and give each point a cell of a grid.
  $ sigma-tsne wall map.npy --images micrographs/ --tiles wall
      Arrange all images of a map in a grid, as a page to zoom in.
  $ sigma-tsne embed --help
      Show all options of a command.

Files:
  Data have one point per row: .csv, .tsv, .parquet, .arrow, .npy, .npz, .h5ad,
  .mat or .jsonl, also compressed (.gz, .zst), a folder of tables, or - for
  standard input. file.npz:name chooses one of several arrays in a file.
  Labels are a table, or text with one label per line.

Exit codes:
  0  done
  1  failed: a file is missing, damaged or cannot be written; the data hold
     NaN or too few points; memory ran out
  2  wrong usage: an unknown command or option, a value out of range, files
     with different numbers of rows or columns
  130, 143  interrupted by SIGINT (Ctrl-C) or SIGTERM; nothing is left half
     written

Errors are one line on standard error. SIGMA_TSNE_DEBUG=1 adds the stack.
`;

/**
 * Creates the parser of the command line, with all commands, options and help. Failures are thrown and do not end the
 * process.
 */
export function createProgram(): Command {
  const program = new Command("sigma-tsne")
    .description(
      "Compute t-SNE embeddings in 1, 2 or 3 dimensions. If the standard deviation of each value is given, precise values count more than uncertain ones.",
    )
    .version(packageJson.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .addHelpText("after", guide);
  const commands = [
    createEmbedCommand(),
    createCompareCommand(),
    createPlaceCommand(),
    createEvaluateCommand(),
    createTrustCommand(),
    createSearchCommand(),
    createPlotCommand(),
    createSeparateCommand(),
    createWallCommand(),
    createDemoCommand(),
    createTrainCommand(),
    createEncodeCommand(),
    createDecodeCommand(),
    createSampleCommand(),
    createInterpolateCommand(),
    createEvaluateModelCommand(),
    createCompareModelsCommand(),
    createFiguresCommand(),
    createExploreCommand(),
  ];
  for (const command of [program, ...commands]) {
    command
      .exitOverride()
      .configureOutput({ outputError: () => {} })
      .configureHelp({
        styleTitle: (title: string) => styleText("bold", title),
        // Omitting "[options]", which applies to every command, leaves more space for the summaries.
        subcommandTerm: (listed) => [listed.name(), ...listed.registeredArguments.map(argumentTerm)].join(" "),
      });
    if (command !== program) program.addCommand(command.helpOption("-h, --help", "show this help"));
  }
  return program;
}

/** Parses the command line. */
export async function parse(program: Command, typed: readonly string[]): Promise<Command> {
  const [first, second] = typed.filter((word) => !word.startsWith("-"));
  const name = first === "help" ? second : first;
  const isKnown = name === undefined || name === "help" || program.commands.some((command) => command.name() === name);
  // An unknown command gives an error that suggests the nearest one. With --help, commander would instead show the help
  // of the program.
  try {
    return await program.parseAsync(isKnown ? typed : [name], { from: "user" });
  } catch (error) {
    throw withHint(
      error,
      program.commands.find((command) => command.name() === name),
    );
  }
}

/** Adds advice to the error of an unknown flag if the flag belongs to a program that this one replaces. */
function withHint(error: unknown, command: Command | undefined): unknown {
  if (!(error instanceof CommanderError) || error.code !== "commander.unknownOption" || !command) return error;
  const [, unknown = ""] = /'([^']*)'/.exec(error.message) ?? [];
  const flags = command.options.flatMap(({ long }) => long ?? []);
  const hint = hintAt(unknown, flags);
  if (hint === "") return error;
  return new CommanderError(error.exitCode, error.code, `unknown option '${unknown}'${hint}`);
}

const argumentTerm = (argument: Argument): string => {
  const name = argument.name() + (argument.variadic ? "..." : "");
  return argument.required ? `<${name}>` : `[${name}]`;
};
