import { stat } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { FileError, SigmaTsneError } from "../../errors.js";
import { hasBackend, selectBackend } from "../backends/selection.js";
import type { Model } from "./model.js";
import { createModel } from "./registry.js";
import { readTensorFile, type TensorFile } from "./safetensors.js";
import type { ModelName } from "./settings.js";

/**
 * Loads a model that `Model.save` or a training wrote. Where no backend was selected yet, {@link selectBackend} takes its default.
 *
 * @param path the folder of the model, the folder of a run (its `model/` is taken), or the file `model.safetensors`
 * @throws {FileError} FILE_READ, FILE_FORMAT or FILE_VERSION
 */
export async function loadModel(path: string): Promise<Model> {
  const candidates = [join(path, "model.safetensors"), join(path, "model", "model.safetensors"), path];
  for (const candidate of candidates) {
    const status = await stat(candidate).catch(() => undefined);
    if (!status?.isFile()) continue;
    if (!hasBackend(tf)) await selectBackend();
    return restore(candidate, await readTensorFile(candidate));
  }
  const reason = "holds no model: expected model.safetensors in it or in its folder model";
  throw new FileError("FILE_READ", path, reason);
}

function restore(path: string, { facts, tensors }: TensorFile): Model {
  if (facts.kind !== "model") throw new FileError("FILE_FORMAT", path, `is a ${String(facts.kind)}, not a model`);
  let model: Model | undefined;
  try {
    model = createModel(facts.model as ModelName, facts.configuration as { height: number; width: number });
    model.setWeights(tensors);
    return model;
  } catch (cause) {
    model?.dispose();
    if (!(cause instanceof SigmaTsneError)) throw cause;
    throw new FileError("FILE_FORMAT", path, `holds a model that this version cannot build: ${cause.message}`, {
      cause,
    });
  }
}
