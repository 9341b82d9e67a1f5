import { ArgumentError } from "../../errors.js";
import { Matrix } from "../../matrix.js";
import { unpackRun } from "../../search/index.js";
import { Tsne } from "../../tsne/index.js";
import { EmbeddingComputation } from "../computation.js";
import type { Exploration, ExploredMap } from "../exploration.js";
import { addQuality, addUncertainty } from "../maps.js";
import { type InputOptions, rejectUseless } from "../options.js";
import { addTrust } from "../trust.js";
import { addFiles, addMeanSigma } from "./matrix.js";

/**
 * Opens a run that `Tsne.save` wrote: its map, its points and, if the run is not finished, the run itself so that it
 * can be continued.
 */
export async function openSavedRun(exploration: Exploration, path: string, options: InputOptions): Promise<void> {
  rejectUseless(
    options,
    ["images", "labels", "metadata", "stretch", "strict", "trust"],
    "a saved run, because it contains its points",
  );
  const { signal, report } = exploration;
  const run = await Tsne.load(path, { signal });
  const [n] = run.shape;
  if (run.options.outputDimensions !== 2) {
    const accepted = "a run of 2 dimensions";
    throw new ArgumentError("SHAPE_MISMATCH", { argument: path, received: run.options.outputDimensions, accepted });
  }
  exploration.setCount(n);
  const positions = await run.exclusively({ signal }, async (native) => new Matrix(native.embedding(), n, 2));
  const { distance, iterations } = run.options;
  const canPlace = distance !== "given" && run.options.degreesOfFreedom === 1;
  const describe = (iteration: number) =>
    `${distance} distance, ${iteration}${iterations === "auto" ? "" : ` of ${iterations}`} iterations`;
  const map = {
    id: "map",
    title: "Map",
    subtitle: describe(run.iteration),
    positions,
    openRun: canPlace ? async () => run : undefined,
  };
  exploration.addMap(map);
  const { mean: means, sigma } = await unpackRun(run, signal);
  const data = { means, sigma };
  exploration.setData(data);
  addMeanSigma(exploration, sigma);
  await addFiles(exploration, options);
  const isUnfinished = !run.isFinished;
  const embedding = new EmbeddingComputation(
    "map",
    "Map",
    // Loading the run again with these callbacks lets it report its progress. The neighbors are searched again when the
    // run continues.
    (callbacks) => Tsne.load(path, callbacks),
    report,
  );
  if (isUnfinished) exploration.addComputation(embedding);
  const measure = async (shown: ExploredMap) => {
    await addQuality(exploration, data, shown);
    if (sigma && canPlace) await addUncertainty(exploration, shown);
  };
  exploration.startWork(() => measure(map));
  if (!isUnfinished) {
    if (options.trust) exploration.startWork(() => addTrust(exploration, run));
    return;
  }
  exploration.startWork(async () => {
    const { tsne, result } = await embedding.run(signal, true);
    const later = {
      ...map,
      positions: result.embedding,
      subtitle: describe(tsne.iteration),
      openRun: canPlace ? async () => tsne : undefined,
    };
    exploration.addMap(later);
    await measure(later);
    // The trust scores describe the finished map, so they are computed at the end.
    if (options.trust) await addTrust(exploration, tsne);
  });
}
