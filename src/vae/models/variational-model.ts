import { Random } from "../random.js";
import type { NetworkConfiguration } from "./configuration.js";
import { createLikelihood } from "./distributions.js";
import { Model } from "./model.js";
import { createDecoder, createEncoder, type NetworkKind } from "./network.js";
import { SERIES } from "./pass.js";
import { PLAIN_RECIPE } from "./recipe.js";

/**
 * A model with one Gaussian code per image, the prior N(0, 1), and a loss that is the negative of a bound of log p(x).
 * Each subclass uses a different bound.
 */
export abstract class VariationalModel<C extends NetworkConfiguration> extends Model<C> {
  readonly recipe = PLAIN_RECIPE;
  readonly priorSd = 1;
  readonly isBound = true;
  readonly hasLatentPosterior = true;

  constructor(name: string, configuration: C, kind: NetworkKind) {
    const { zDim } = configuration;
    const random = new Random(configuration.seed, SERIES.weights, 0);
    super(name, configuration, {
      encoder: createEncoder(kind, configuration, { mean: zDim, sd: zDim }, random),
      decoder: createDecoder(kind, configuration, random),
      likelihood: createLikelihood(configuration.likelihood, configuration.outputVariance),
    });
  }
}
