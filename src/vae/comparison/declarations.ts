import { callback, integer } from "../../options/index.js";
import { EVALUATION_OPTIONS } from "../evaluation/declarations.js";
import { FIGURE_OPTIONS } from "../figures/declarations.js";

/** All options of `writeModelComparison`, each declared once. */
export const MODEL_COMPARISON_OPTIONS = {
  /** Fraction of the values to which |N(0, 1)| is added for the noisy input. */
  noise: FIGURE_OPTIONS.noise,
  /** Draws for the estimates of log-likelihoods. */
  draws: EVALUATION_OPTIONS.draws,
  /** Images along each side of every latent grid. */
  gridSize: integer({ from: 2, to: 30 }, { default: 10, help: "images along each side of the grids" }),
  /** Seed of all draws. */
  seed: EVALUATION_OPTIONS.seed,
  /** Whether to write into a folder with other files. */
  force: FIGURE_OPTIONS.force,
  /** Stops the work. */
  signal: FIGURE_OPTIONS.signal,
  /** Called with the fraction that is done, 0 to 1, and the name of the model that is being measured. */
  onProgress: callback<(fraction: number, name: string) => void>("a function", {
    help: "called with the fraction that is done, 0 to 1, and the name of the model that is being measured",
  }),
};
