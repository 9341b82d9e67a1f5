import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../../abort.js";
import { requireInteger } from "../../arguments.js";
import { ArgumentError } from "../../errors.js";
import type { DatasetLoader } from "./collection.js";
import { imagesInMemory } from "./images.js";
import { generateMicrographs, MICROGRAPH_CLASSES } from "./micrographs.js";

/** Number of scenes that are generated before other events of the program are processed. */
const PIECE = 16;

/** Simulated micrographs: one acquisition (one noisy image) of each scene. */
export const micrographs: DatasetLoader = {
  name: "micrographs",
  description: "simulated electron micrographs of eight kinds of specimen, made on the spot",
  accepts: ["count", "size"],
  async open({ seed, signal, onProgress, ...options }) {
    const count = requireInteger(options.count ?? 2000, "count", 1, 1e6);
    const size = options.size ?? 48;
    if (typeof size !== "number") {
      throw new ArgumentError("INVALID_ARGUMENT", {
        argument: "size",
        received: size,
        accepted: "an integer from 32 to 96",
      });
    }
    requireInteger(size, "size", 32, 96);
    const data = new Float32Array(count * size * size);
    const labels = new Int32Array(count);
    for (let first = 0; first < count; first += PIECE) {
      await setImmediate();
      throwIfAborted(signal);
      const piece = generateMicrographs({ count: Math.min(PIECE, count - first), first, size, seed });
      data.set(piece.images.data, first * size * size);
      labels.set(
        piece.labels.map((label) => MICROGRAPH_CLASSES.indexOf(label)),
        first,
      );
      onProgress?.({ stage: "generate", fraction: Math.min(1, (first + PIECE) / count) });
    }
    return {
      name: "micrographs",
      images: imagesInMemory(data, [size, size, 1], labels),
      classes: MICROGRAPH_CLASSES,
      likelihood: "learned-gaussian",
      range: [0, 1],
      close: async () => {},
    };
  },
};
