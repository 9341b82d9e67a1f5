import { join } from "node:path";
import { io } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { makeFolder, writeFileAtomic } from "../../io/index.js";

/**
 * Size, in bytes, of a shard (a file with a part of the weights). Browsers cache files of this size. The converter of
 * TensorFlow.js uses the same size.
 */
const SHARD_BYTES = 4 * 2 ** 20;

/**
 * Writes a network as `model.json` and shards of weights, which `tf.loadLayersModel` can read. Each file is written
 * atomically.
 */
export async function writeLayersModel(folder: string, network: LayersModel): Promise<void> {
  await makeFolder(folder);
  const handler = io.withSaveHandler(async (artifacts) => {
    const bytes = new Uint8Array(io.CompositeArrayBuffer.join(artifacts.weightData));
    const count = Math.max(1, Math.ceil(bytes.length / SHARD_BYTES));
    const paths: string[] = [];
    for (let i = 0; i < count; i++) {
      const path = `group1-shard${i + 1}of${count}.bin`;
      await writeFileAtomic(join(folder, path), bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES));
      paths.push(path);
    }
    const manifest = {
      format: "layers-model",
      generatedBy: artifacts.generatedBy,
      convertedBy: null,
      modelTopology: artifacts.modelTopology,
      weightsManifest: [{ paths, weights: artifacts.weightSpecs }],
    };
    await writeFileAtomic(join(folder, "model.json"), JSON.stringify(manifest));
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
  });
  await network.save(handler);
}
