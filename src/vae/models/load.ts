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
    const { facts, tensors } = await readTensorFile(candidate);
    if (facts.kind !== "model")
      throw new FileError("FILE_FORMAT", candidate, `is a ${String(facts.kind)}, not a model`);
    return restoreModel(candidate, facts, tensors);
  }
  const reason = "holds no model: expected model.safetensors in it or in its folder model";
  throw new FileError("FILE_READ", path, reason);
}

/**
 * The model with these weights. Where no backend was selected yet, {@link selectBackend} takes its default.
 *
 * @param path of the file that they were read from
 * @throws {FileError} FILE_FORMAT for a model that this version does not have
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
