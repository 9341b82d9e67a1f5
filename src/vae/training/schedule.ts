import type { AdamSettings } from "../backends/adam.js";
import type { Recipe } from "../models/recipe.js";

const BETA1 = 0.9;
/** Settings that determine the learning rate of every step. */
type Schedule = Pick<Recipe, "learningRate" | "schedule" | "beta1Decay" | "warmupSteps">;

/**
 * Number of equal parts into which the training is divided. The schedule `"halving"` halves the learning rate after
 * each part.
 */
const PARTS = 6;

/**
 * Returns the learning rate and beta1 of a step. After the step `start`, the learning rate rises from 0 over
 * `warmupSteps` steps, or over a quarter of the training if that is shorter.
 *
 * @param step number of the step, from 0
 * @param steps number of steps of the whole training
 * @param start step at which the model last began to minimize another loss
 */
export function scheduleAt(
  step: number,
  steps: number,
  { learningRate, schedule, beta1Decay, warmupSteps }: Schedule,
  start = 0,
): AdamSettings {
  const halved = 0.5 ** Math.min(PARTS - 1, Math.floor((PARTS * step) / steps));
  const factor = {
    constant: 1,
    halving: halved,
    cosine: 0.5 * (1 + Math.cos((Math.PI * step) / steps)),
  }[schedule];
  const rise = Math.min(1, (step - start + 1) / Math.max(1, Math.min(warmupSteps, steps / 4)));
  return { learningRate: learningRate * factor * rise, beta1: beta1Decay ? BETA1 * halved : BETA1 };
}
