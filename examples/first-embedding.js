// The first embedding: data in, positions out, a table and a picture of them.
import { drawMap, runTsne, writeFileAtomic, writeTable } from "sigma-tsne";
import { generateMicrographs } from "sigma-tsne/vae";
import { output } from "./output-folder.js";

// Each row is one image of 32 x 32 pixels. Your data can be a Matrix, rows of numbers, or a file: await readMatrix("data.csv").
const { images, labels } = generateMicrographs({ count: 400, size: 32 });

const { embedding, kl, iterations } = await runTsne(images);
console.log(
  `${embedding.rows} points in ${embedding.cols} dimensions; KL divergence ${kl.toFixed(3)} after ${iterations} iterations`,
);

const column = (j) => Float64Array.from({ length: embedding.rows }, (_, i) => embedding.row(i)[j]);
await writeTable(output("embedding.csv"), { x: column(0), y: column(1), label: labels });
await writeFileAtomic(output("embedding.png"), await drawMap(embedding, { labels, title: "Simulated micrographs" }));
console.log(`Look at ${output("embedding.png")}.`);
