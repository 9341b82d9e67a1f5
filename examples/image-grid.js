// A wall of images: similar images lie side by side, and none hides another.
import { assignToGrid, drawWall, runTsne, separateUniformly, writeFileAtomic } from "sigma-tsne";
import { generateMicrographs, imagesInMemory } from "sigma-tsne/vae";
import { output } from "./output-folder.js";

const { images, labels, size } = generateMicrographs({ count: 400, size: 32 });
const { embedding } = await runTsne(images);

const { points, keptNeighbors } = await separateUniformly(embedding);
const cells = await assignToGrid(points);
console.log(
  `${cells.rows} rows and ${cells.columns} columns; ${(100 * keptNeighbors).toFixed(0)} % of the neighbors are kept`,
);

const pictures = imagesInMemory(Float32Array.from(images.data), [size, size, 1]);
await writeFileAtomic(output("grid.png"), await drawWall(pictures, cells, { labels, stretch: 0.02 }));
console.log(`Look at ${output("grid.png")}.`);
