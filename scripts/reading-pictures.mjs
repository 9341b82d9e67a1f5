// Draws the pictures of docs/reading.md from generated data: node scripts/reading-pictures.mjs, after npm run build.
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { drawMapsSideBySide, runTsne } from "sigma-tsne";
import { simulateMeasurements } from "../examples/simulated-measurements.js";

const pictures = resolve(dirname(fileURLToPath(import.meta.url)), "../docs/pictures/reading");
await mkdir(pictures, { recursive: true });

let state = 1;
const uniform = () => {
  state = (1664525 * state + 1013904223) % 2 ** 32;
  return state / 2 ** 32;
};
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
const gaussian = (count, dimensions, spread, center = 0) =>
  Array.from({ length: count }, () =>
    Array.from({ length: dimensions }, (_, j) => spread * normal() + (j === 0 ? center : 0)),
  );
const labelsOf = (...sizes) => sizes.flatMap((size, i) => Array(size).fill(`group ${"ABC"[i]}`));
const firstTwo = (rows) => rows.map((row) => row.slice(0, 2));

async function draw(name, panels, labels, title) {
  const bytes = await drawMapsSideBySide(panels, { labels, title, width: 1600 });
  await sharp(bytes)
    .png({ palette: true, effort: 9 })
    .toFile(join(pictures, `${name}.png`));
}

async function embeddings(data, settings) {
  const panels = [];
  for (const [title, options] of settings) panels.push({ points: (await runTsne(data, options)).embedding, title });
  return panels;
}

const wideAndNarrow = [...gaussian(200, 10, 1), ...gaussian(200, 10, 8, 60)];
await draw(
  "sizes",
  [
    { points: firstTwo(wideAndNarrow), title: "Data: two of ten coordinates" },
    ...(await embeddings(wideAndNarrow, [["Embedding", {}]])),
  ],
  labelsOf(200, 200),
);

const nearAndFar = [...gaussian(100, 10, 1), ...gaussian(100, 10, 1, 12), ...gaussian(100, 10, 1, 100)];
await draw(
  "distances",
  [
    { points: firstTwo(nearAndFar), title: "Data: two of ten coordinates" },
    ...(await embeddings(nearAndFar, [
      ["Perplexity 10", { perplexity: 10 }],
      ["Perplexity 80", { perplexity: 80 }],
    ])),
  ],
  labelsOf(100, 100, 100),
);

const noise = gaussian(500, 50, 1);
await draw(
  "noise",
  await embeddings(noise, [
    ["Perplexity 2", { perplexity: 2 }],
    ["Perplexity 5", { perplexity: 5 }],
    ["Perplexity 30", { perplexity: 30 }],
    ["Perplexity 100", { perplexity: 100 }],
  ]),
  undefined,
);

const chain = [0, 10, 20].flatMap((center) => gaussian(150, 10, 1, center));
await draw(
  "starts",
  await embeddings(chain, [
    ["PCA start, the default", {}],
    ["Random start, seed 1", { init: "random", seed: 1 }],
    ["Random start, seed 2", { init: "random", seed: 2 }],
  ]),
  labelsOf(150, 150, 150),
);

const sheet = Array.from({ length: 2000 }, (_, i) => {
  const angle = 1.5 * Math.PI * (1 + (2 * i) / 2000);
  return [(angle * Math.cos(angle)) / 10, (angle * Math.sin(angle)) / 10, 2 * uniform()];
});
const along = Array.from({ length: 2000 }, (_, i) => i / 2000);
const bytes = await drawMapsSideBySide(
  [
    { points: firstTwo(sheet), title: "Data: a rolled sheet from the side" },
    ...(await embeddings(sheet, [
      ["Perplexity 30", {}],
      ["Perplexity 200", { perplexity: 200 }],
    ])),
  ],
  { values: along, valuesTitle: "position along the sheet", width: 1600 },
);
await sharp(bytes).png({ palette: true, effort: 9 }).toFile(join(pictures, "tears.png"));

const { means, sigma, labels } = simulateMeasurements();
await draw(
  "sigma",
  await embeddings(means, [
    ["Without standard deviations", {}],
    ["With standard deviations", { sigma }],
  ]),
  labels,
);
