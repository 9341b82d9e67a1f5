// Means with standard deviations: values that are known well count more, and each position has an uncertainty.
import { drawMap, positionUncertainty, Tsne, writeFileAtomic } from "sigma-tsne";
import { output } from "./output-folder.js";
import { simulateMeasurements } from "./simulated-measurements.js";

const { means, sigma, labels } = simulateMeasurements();

const tsne = new Tsne(means, { sigma });
const { embedding } = await tsne.fit();

// Each point is drawn 20 times from its mean and standard deviation, and each draw is placed into the embedding.
const { displacement, covariance } = await positionUncertainty(tsne, { draws: 20 });
const order = Array.from(displacement.keys()).sort((a, b) => displacement[b] - displacement[a]);
console.log(`The least certain positions are those of rows ${order.slice(0, 5).join(", ")}.`);

const picture = await drawMap(embedding, {
  labels,
  ellipses: { covariances: covariance, level: 0.68 },
  title: "Measurements with standard deviations",
});
await writeFileAtomic(output("uncertain.png"), picture);
console.log(`Look at ${output("uncertain.png")}: the ellipses contain 68 % of the draws.`);
