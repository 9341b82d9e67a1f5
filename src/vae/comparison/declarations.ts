import { callback, integer } from "../../options/index.js";
import { EVALUATION_OPTIONS } from "../evaluation/declarations.js";
import { FIGURE_OPTIONS } from "../figures/declarations.js";

/** All options of `writeModelComparison`, each declared once. */
export const MODEL_COMPARISON_OPTIONS = {
  /**
   * Fraction of the pixel values to which |N(0, 1)| (the absolute value of a standard normal number) is added for the
   * noisy input.
   */
  noise: FIGURE_OPTIONS.noise,
  /** Number of random draws from which each log-likelihood is estimated. */
  draws: EVALUATION_OPTIONS.draws,
  /** Number of images along each side of every latent grid. */
  gridSize: integer({ from: 2, to: 30 }, { default: 10, help: "images along each side of the grids" }),
  /** Seed of all random draws. */
  seed: EVALUATION_OPTIONS.seed,
  /** Whether to write into a folder that already contains other files. */
  force: FIGURE_OPTIONS.force,
  /** Stops the work. */
  signal: FIGURE_OPTIONS.signal,
  /** Called with the completed fraction of the work, 0 to 1, and the name of the model that is being measured. */
  onProgress: callback<(fraction: number, name: string) => void>("a function", {
    help: "called with the fraction that is done, 0 to 1, and the name of the model that is being measured",
  }),
};
