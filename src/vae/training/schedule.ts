import type { AdamSettings } from "../backends/adam.js";
import type { Recipe } from "../models/recipe.js";

const BETA1 = 0.9;
/** Equal parts of the training, after each of which `"halving"` halves. */
const PARTS = 6;

/**
 * The learning rate and beta1 of a step.
 *
 * @param step from 0
 * @param steps of the whole training
 */
export function scheduleAt(
  step: number,
  steps: number,
  { learningRate, schedule, beta1Decay }: Pick<Recipe, "learningRate" | "schedule" | "beta1Decay">,
): AdamSettings {
  const halved = 0.5 ** Math.min(PARTS - 1, Math.floor((PARTS * step) / steps));
  const factor = {
    constant: 1,
    halving: halved,
    cosine: 0.5 * (1 + Math.cos((Math.PI * step) / steps)),
  }[schedule];
  return { learningRate: learningRate * factor, beta1: beta1Decay ? BETA1 * halved : BETA1 };
}
