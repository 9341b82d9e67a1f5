// New points in a finished embedding: the old points stay where they are.
import { drawMap, Matrix, Tsne, writeFileAtomic } from "sigma-tsne";
import { output } from "./output-folder.js";
import { simulateMeasurements } from "./simulated-measurements.js";

const { means, sigma, labels } = simulateMeasurements({ count: 600 });
const known = 500;

const tsne = new Tsne(means.slice(0, known), { sigma: sigma.slice(0, known) });
const { embedding } = await tsne.fit();
await tsne.save(output("run.tsne")); // Tsne.load(path) continues later: new points can be placed in another program

const { embedding: placed } = await tsne.place(means.slice(known), { sigma: sigma.slice(known) });
console.log(`Placed ${placed.rows} new points among ${embedding.rows}.`);

const all = new Matrix(Float32Array.of(...embedding.data, ...placed.data), means.length, 2);
const shown = labels.map((label, i) => (i < known ? label : "new"));
await writeFileAtomic(output("placed.png"), await drawMap(all, { labels: shown, title: "New points" }));
console.log(`Look at ${output("placed.png")}.`);
