// Do the standard deviations help? Compare both embeddings with each other and with the truth, which is known here.
import { compare, evaluate, writeComparison } from "sigma-tsne";
import { output } from "./output-folder.js";
import { simulateMeasurements } from "./simulated-measurements.js";

const { truth, means, sigma, labels } = simulateMeasurements();

const comparison = await compare(means, { sigma, labels });
for (const { name, embedding } of comparison.maps) {
  const { neighborhoods, accuracy } = await evaluate(truth, embedding, { labels });
  const { kept } = neighborhoods.find(({ k }) => k === 10);
  console.log(`${name}: ${percent(kept.value)} of the true neighbors, label accuracy ${percent(accuracy.value)}`);
}

await writeComparison(output("comparison"), comparison, { labels, force: true });
console.log(`Open ${output("comparison/report.html")} in a browser.`);

function percent(fraction) {
  return `${(100 * fraction).toFixed(0)} %`;
}
