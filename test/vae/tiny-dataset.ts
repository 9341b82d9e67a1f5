import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import type { Dataset, Images } from "../../src/vae/datasets/dataset.js";
import { imagesInMemory } from "../../src/vae/datasets/index.js";
import { Random } from "../../src/vae/random.js";

/** Selects the slow backend, which computes in plain JavaScript and starts immediately. */
export async function useCpuBackend(): Promise<void> {
  await tf.setBackend("cpu");
}

/** Images with a bright bar in one of two directions at a random position. The label is the direction. */
export function bars(count: number, height = 8, width = height, channels = 1, seed = 1): Images {
  const random = new Random(seed, 0, 0);
  const values = new Float32Array(count * height * width * channels);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  for (let i = 0; i < count; i++) {
    const row = random.integer(height);
    const column = random.integer(width);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const isBar = labels[i] === 0 ? y === row : x === column;
        values.fill(
          isBar ? 0.9 : 0.05,
          ((i * height + y) * width + x) * channels,
          ((i * height + y) * width + x + 1) * channels,
        );
      }
    }
  }
  return imagesInMemory(values, [height, width, channels], labels);
}

export function barsDataset(count = 64, height = 8, width = height, channels = 1): Dataset {
  return {
    name: "bars",
    height,
    width,
    channels,
    classes: ["horizontal", "vertical"],
    train: bars(count, height, width, channels, 1),
    validation: bars(16, height, width, channels, 2),
    test: bars(16, height, width, channels, 3),
    all: bars(count, height, width, channels, 1),
    close: async () => {},
  };
}
