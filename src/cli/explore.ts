import { once } from "node:events";
import { Command } from "commander";
import { EXPLORE_OPTIONS, type ExploreOptions } from "../explorer/options.js";
import { addColumnOptions, type ColumnFlags, DATASET_NAMES, datasetOptions } from "./dataset-flags.js";
import { addDeclaredOptions, declaredOption } from "./declared-options.js";
import { withTypedNames } from "./failure.js";
import { interruptible } from "./interruption.js";
import { namesOf } from "./networks.js";
import { checkInputs } from "./paths.js";
import { describeSkipped, IMAGE_SOURCES, type ImageFlags, imageOptions, stretchShare } from "./point-images.js";

interface ExploreFlags
  extends ImageFlags,
    Omit<ColumnFlags, "strict">,
    Pick<ExploreOptions, "part" | "trust" | "cache" | "host" | "port" | "frameOrigins"> {
  labels?: string;
  metadata?: string;
  sigma?: string;
  input?: string;
  open?: true;
  json?: true;
  quiet?: true;
}

const guide = `
Examples:
  $ sigma-tsne explore runs/vae --open
      The test images of a training: their standard and sigma-aware maps, the
      latent space of the model. Means, sigma and embeddings are kept in
      runs/vae/explorer.
  $ sigma-tsne explore map.npy --images images.npy --labels labels.txt \\
      --input means.npy --sigma sigma.npy
      An embedding that embed has written, with the data behind it.
  $ sigma-tsne explore means.npy --sigma sigma.npy
      Data that are not embedded yet: the page shows the maps as they form.
  $ sigma-tsne explore run.tsne --trust
      A run of embed --save, and with --trust the scores of a trust report as
      colors.
  $ sigma-tsne explore comparison/
      Explore a folder that compare has written.

Open the address that the command prints. By default, only programs on this
machine can reach it. With --host, other machines can reach it as well, but only
with the token that the printed address contains. Ctrl-C ends the server.
"Save" in the page writes the explorer as one HTML file, which needs no server
and computes maps with other settings.

Exit codes: 0 ended by Ctrl-C, 1 failed, 2 wrong usage, 130 interrupted before
the server was up.
`;

/** `sigma-tsne explore` shows maps, images and latent spaces in the browser. */
export function createExploreCommand(): Command {
  const command = new Command("explore")
    .usage("<source> [options]")
    .summary("explore maps and latent spaces in the browser")
    .description("Explore a map, or the latent space of a model, in the browser.")
    .argument(
      "<source>",
      "folder of a training, a model or a comparison; a run of embed --save; an embedding (2 columns), or points (more columns)",
    )
    .optionsGroup("Input:")
    .option("--images <source>", `${IMAGE_SOURCES}; for a training: images to show instead of the training's images`)
    .option(...imageOptions.stretch)
    .option("--strict", "fail for columns, and for files of a folder of images, that would otherwise be skipped")
    .option("--labels <file>", "labels, one per line (default: the labels in the explored table)")
    .option("--metadata <file>", "table with further columns, one row per point: .csv, .parquet, .arrow ...")
    .option("--sigma <file>", "standard deviations of the points, of the same shape")
    .option("--input <file>", "the data behind the embedding, for neighbors and the quality of the map")
    .option("--no-cache", "do not save computed embeddings in the folder <source>.explorer")
    .addOption(declaredOption(EXPLORE_OPTIONS, "part"))
    .addOption(declaredOption(EXPLORE_OPTIONS, "trust"));
  addColumnOptions(command.optionsGroup("Columns:"), { lists: false, strict: false }).optionsGroup("Server:");
  addDeclaredOptions(command, EXPLORE_OPTIONS, ["host", "port", "frameOrigins"])
    .option("--open", "open the page in the browser")
    .option("--json", "print one JSON object with the address instead of sentences")
    .option("--quiet", "print only errors, and the output of --json")
    .addHelpText("after", guide);
  return command.action((source: string, flags: ExploreFlags) =>
    interruptible((signal) =>
      withTypedNames(
        { ...namesOf(command, { path: source }), ...DATASET_NAMES, strict: "--strict", cache: "--no-cache" },
        () => explore(source, flags, signal),
      ),
    ),
  );
}

async function explore(source: string, flags: ExploreFlags, signal: AbortSignal): Promise<void> {
  const {
    images,
    labels,
    metadata,
    sigma,
    input,
    part,
    trust,
    strict,
    cache,
    host,
    port,
    frameOrigins,
    open: isOpened,
    json,
    quiet,
  } = flags;
  checkInputs({
    "<source>": source,
    "--images": images,
    "--labels": labels,
    "--metadata": metadata,
    "--sigma": sigma,
    "--input": input,
  });
  const given = {
    images,
    labels,
    metadata,
    sigma,
    input,
    part,
    trust,
    strict,
    ...(cache === false && { cache }),
    host,
    port,
    frameOrigins,
    stretch: stretchShare(flags.stretch),
    signal,
    ...columnsOf(flags),
  };
  const { explore: serve } = await import("../explorer/index.js");
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const { url, urls, n, skipped, dropped, report, keptIn, close } = await serve(source, options as ExploreOptions);
  try {
    const gaps = dropped === 0 ? "" : ` ${dropped} of ${n + dropped} rows have no position and are left out.`;
    const kept = keptIn === undefined ? "" : ` Embeddings are kept in ${keptIn}.`;
    if (json)
      process.stdout.write(
        `${JSON.stringify({ url, urls, source, n, skipped, dropped_rows: dropped, columns: report ?? null, kept_in: keptIn ?? null })}\n`,
      );
    else if (!quiet)
      process.stdout.write(
        `${source}: ${n.toLocaleString("en")} points, at\n  ${urls.join("\n  ")}\nCtrl-C ends it.${gaps}${describeSkipped({ skipped })}${kept}${report ? `\n${report}` : ""}\n`,
      );
    if (isOpened) await openPage(url);
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await close();
  }
}

function columnsOf({ strict: _, ...flags }: ExploreFlags) {
  const { columns, exclude, sigmaColumns, idColumn, labelColumns, keep } = datasetOptions(flags);
  return { columns, exclude, sigmaColumns, idColumn, labelColumns, keep };
}

/** Opens the user's browser if there is one. */
async function openPage(url: string): Promise<void> {
  const { default: open } = await import("open");
  const browser = await open(url);
  // If no browser can be opened, the user can still use the printed address.
  browser.on("error", () => {});
}
