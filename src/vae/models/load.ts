import { stat } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { FileError, SigmaTsneError } from "../../errors.js";
import { hasBackend, selectBackend } from "../backends/selection.js";
import type { Model } from "./model.js";
import { createModel } from "./registry.js";
import { type NamedTensor, readTensorFile } from "./safetensors.js";
import type { ModelName } from "./settings.js";

/**
 * Loads a model that `Model.save` or a training wrote. If no backend was selected yet, the default of {@link
 * selectBackend} is used.
 *
 * @param path the folder of the model, the folder of a run (its `model/` is used), or the file `model.safetensors`
 * @throws {FileError} FILE_READ, FILE_FORMAT or FILE_VERSION
 */
export async function loadModel(path: string): Promise<Model> {
  const candidates = [join(path, "model.safetensors"), join(path, "model", "model.safetensors"), path];
  for (const candidate of candidates) {
    const status = await stat(candidate).catch(() => undefined);
    if (!status?.isFile()) continue;
    const { facts, tensors } = await readTensorFile(candidate);
    if (facts.kind !== "model")
      throw new FileError(
        "FILE_FORMAT",
        candidate,
        `is a ${String(facts.kind)}: expected a model, as train writes it into the folder model`,
      );
    return restoreModel(candidate, facts, tensors);
  }
  const reason = "holds no model: expected the file model.safetensors in this folder or in its subfolder model";
  throw new FileError("FILE_READ", path, reason);
}

/**
 * Builds a model with these weights. If no backend was selected yet, the default of {@link selectBackend} is used.
 *
 * @param path path of the file from which the weights were read
 * @throws {FileError} FILE_FORMAT for a model that this version cannot build
 */
export async function restoreModel(
  path: string,
  { model: name, configuration }: { readonly model?: unknown; readonly configuration?: unknown },
  weights: ReadonlyMap<string, NamedTensor>,
): Promise<Model> {
  if (!hasBackend(tf)) await selectBackend();
  let model: Model | undefined;
  try {
    model = createModel(name as ModelName, configuration as { height: number; width: number });
    model.setWeights(weights);
    return model;
  } catch (cause) {
    model?.dispose();
    if (!(cause instanceof SigmaTsneError)) throw cause;
    throw new FileError("FILE_FORMAT", path, `holds a model that this version cannot build: ${cause.message}`, {
      cause,
    });
  }
}
