import { DISTANCES } from "../tsne/index.js";
import { numberParser } from "./values.js";

/** The options of commands that compare points under a distance of the caller's choice. */
export const distanceOptions = {
  distance: [
    "--distance <name>",
    `${DISTANCES.join(", ")} (default: inverse-variance with --sigma, else euclidean); the first and the last three ignore --sigma, the others need it`,
  ],
  varianceFloor: [
    "--variance-floor <x>",
    "added to summed variances, or to each for bhattacharyya and jeffreys (default: 0.01)",
    numberParser("--variance-floor"),
  ],
} as const;
