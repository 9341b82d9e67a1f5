// Makes docs/gallery.md and its pictures: runs the commands that the page shows in a temporary folder, and reduces the
// size of the pictures.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import sharp from "sharp";

const run = promisify(execFile);
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const pictures = join(root, "docs/pictures/gallery");
const MOST_BYTES = 190_000;

const SETUP = `sigma-tsne demo -o repeats
sigma-tsne demo -o demo --data codes`;

/**
 * For each picture: title, text, commands, and the file that the commands write. `page` is an HTML file of which a
 * browser takes a picture.
 */
const GALLERY = [
  {
    name: "standard-and-sigma-aware",
    title: "Standard and sigma-aware map",
    text: "Both maps show the same means: on the left without standard errors, on the right with them. `compare` draws such a picture of any data.",
    picture: "repeats/comparison.png",
  },
  {
    name: "uncertainty",
    title: "How uncertain each position is",
    text: "Several plausible true values of each point are drawn and placed into the map. The color shows their mean displacement, and the ellipses show the covariances of their positions.",
    commands: `sigma-tsne embed repeats/means.npy --sigma repeats/sigma.npy -o map.npy \\
  --uncertainty 20 --plot uncertainty.png`,
    picture: "uncertainty.png",
  },
  {
    name: "continuous",
    title: "A quantity as color",
    text: "Any numbers can color the points: a file with one number per point, or a column of a table. Here, the color shows how far each point moved when the standard errors were used, in radii of the map.",
    commands: `sigma-tsne compare repeats/means.npy --sigma repeats/sigma.npy \\
  --labels repeats/labels.csv -o comparison
sigma-tsne plot comparison/map_sigma-aware.npy -o continuous.png \\
  --color-by comparison/displacement.npy --title "What the standard errors move"`,
    picture: "continuous.png",
  },
  {
    name: "report",
    title: "The report of a comparison",
    text: "`comparison/report.html` shows linked maps with a lasso, and figures with explanations. It is one file and needs no network.",
    page: "comparison/report.html",
  },
  {
    name: "density",
    title: "Lines of equal density",
    commands: "sigma-tsne plot map.npy --labels repeats/labels.csv --contours -o density.png",
    picture: "density.png",
  },
  {
    name: "dark",
    title: "Dark",
    commands: `sigma-tsne plot map.npy --labels repeats/labels.csv --theme dark -o dark.png \\
  --width 1600 --height 900 --title "Simulated micrographs"`,
    picture: "dark.png",
  },
  {
    name: "images",
    title: "Images on the map",
    text: "The map shows as many images as fit without overlap, with frames in the colors of their classes.",
    commands: `sigma-tsne plot map.npy --images demo/micrographs.npy --labels repeats/labels.csv \\
  --width 1200 -o images.png`,
    picture: "images.png",
  },
  {
    name: "separated",
    title: "Spread evenly",
    commands: `sigma-tsne separate map.npy -o even.csv --grid auto --labels repeats/labels.csv \\
  --picture separated.png`,
    picture: "separated.png",
  },
  {
    name: "wall",
    title: "A wall of images",
    text: "Every image is in the cell that `separate` has assigned. The picture shows a part of the wall.",
    commands: `sigma-tsne wall even.csv --images demo/micrographs.npy --labels repeats/labels.csv \\
  --cell 64 -o wall.png`,
    picture: "wall.png",
    part: { left: 1000, top: 400, width: 960, height: 640 },
  },
  {
    name: "tiles",
    title: "A wall to zoom in",
    text: "The screenshot shows `wall/index.html` in a browser.",
    commands: `sigma-tsne wall even.csv --images demo/micrographs.npy --labels repeats/labels.csv \\
  --title "Simulated micrographs" --tiles wall`,
    page: "wall/index.html",
  },
  {
    name: "many-classes",
    title: "Up to 50 classes",
    text: "The colors of up to 50 classes can be distinguished, and the legend has several columns. The classes in this example are blocks of the grid.",
    commands: `awk -F, 'NR > 1 { print "block " int($3 / 7) + 1 "." int($4 / 7) + 1 }' even.csv > blocks.txt
sigma-tsne plot map.npy --labels blocks.txt -o many-classes.png`,
    picture: "many-classes.png",
  },
  {
    name: "search",
    title: "Search by example",
    text: "The picture shows the ten points nearest to each of four examples, by the sigma-aware distance.",
    commands: `sigma-tsne search repeats/means.npy --sigma repeats/sigma.npy --labels repeats/labels.csv \\
  --query 9,20,37,55 --images demo/micrographs.npy --sheet search.png`,
    picture: "search.png",
  },
  {
    name: "animation",
    title: "How a map forms",
    commands: `sigma-tsne embed repeats/means.npy --sigma repeats/sigma.npy -o again.npy \\
  --labels repeats/labels.csv --iterations 600 --animate animation.gif --snapshot-every 50`,
    picture: "animation.gif",
  },
  {
    name: "dimensions",
    title: "Active latent dimensions",
    text: "The picture shows which latent dimensions of the demo's autoencoder are active. It was trained on all eight kinds of micrograph.",
    commands: "sigma-tsne figures demo/model micrographs --stretch 2 -o figures",
    picture: "figures/dimensions.png",
  },
  {
    name: "latent-scatter",
    title: "Codes by class",
    text: "The picture shows the codes of the same autoencoder along two of their principal components.",
    picture: "figures/latent-scatter.png",
  },
  {
    name: "reconstructions",
    title: "Reconstructions",
    text: "An autoencoder with two latent dimensions learns the position of an edge, and does not reproduce grain and noise.",
    commands: `sigma-tsne train --class "vacuum edge" --count 6000 --size 32 --stretch 2 --z-dim 2 \\
  --batch-size 32 --epochs 100 --run-dir edges --no-summary
sigma-tsne figures edges --grid-size 12 -o edge-figures`,
    picture: "edge-figures/reconstructions.png",
  },
  {
    name: "micrograph-vae",
    title: "Reconstructions of all kinds of micrograph",
    text: "The model of Ede 2020, `micrograph-vae`, reconstructs test images that it has not seen in training. This training takes some minutes.",
    commands: `sigma-tsne train --model micrograph-vae --count 4000 --size 32 --filters 32,64,128 --hidden-dim 512 \\
  --gradient-weight 0.5 --schedule cosine --epochs 20 --run-dir scans --no-summary
sigma-tsne figures scans -o scan-figures`,
    picture: "scan-figures/reconstructions.png",
  },
  {
    name: "code-sigma",
    title: "Standard deviations of codes",
    text: "The embedding of all codes of `micrograph-vae`. The color is the standard deviation of the first dimension of each code, which differs between images.",
    commands: `sigma-tsne encode scans -o scan-codes
sigma-tsne embed scan-codes/vae_embeddings.npy --sigma scan-codes/vae_errors.npy -o scan-map.npy
sigma-tsne plot scan-map.npy --color-by scan-codes/vae_errors.npy -o scan-sigma.png \\
  --title "Standard deviation of the first latent dimension"`,
    picture: "scan-sigma.png",
  },
  {
    name: "manifold",
    title: "The manifold of a latent space",
    text: "The images are decoded by the autoencoder of edges at Gaussian quantiles of its two dimensions.",
    picture: "edge-figures/manifold.png",
  },
  {
    name: "latent-grid",
    title: "A uniform latent grid",
    text: "The images are decoded by the same model at equal distances over the range of the codes.",
    picture: "edge-figures/latent-grid.png",
  },
  {
    name: "interpolation",
    title: "From one image to another",
    text: "The images are decoded between the codes of two images. `--gif` makes an animation.",
    commands: "sigma-tsne interpolate edges 1 3 --frames 12 -o interpolation.png",
    picture: "interpolation.png",
  },
  {
    name: "clusters",
    title: "Samples of every cluster",
    text: "The images are drawn from each component of a Gaussian mixture autoencoder. All training images are of one kind, so the accuracy in the heading has no meaning.",
    commands: `sigma-tsne train --model gmvae --class "vacuum edge" --count 6000 --size 32 --stretch 2 \\
  --output-variance 0.03 --clusters 4 --z-dim 4 --w-dim 2 --batch-size 32 --epochs 24 --pretrain-epochs 8 \\
  --run-dir mixture --figures --no-summary`,
    picture: "mixture/figures/clusters.png",
  },
];

const folder = await mkdtemp(join(tmpdir(), "gallery-"));
try {
  await mkdir(join(folder, "bin"));
  const command = `#!/bin/sh\nexec "${process.execPath}" "${join(root, "dist/cli.js")}" "$@"\n`;
  await writeFile(join(folder, "bin/sigma-tsne"), command);
  await chmod(join(folder, "bin/sigma-tsne"), 0o755);
  await mkdir(pictures, { recursive: true });
  await shell(SETUP);
  const sections = [];
  for (const entry of GALLERY) {
    if (entry.commands) await shell(entry.commands);
    sections.push(await show(entry));
  }
  const head = `# Gallery

This page shows every kind of picture that \`sigma-tsne\` draws, with the commands. All data are simulated micrographs, so you need not download anything.
\`npm run gallery\` makes this page and its pictures again in about ten minutes. It takes screenshots of pages with the Chromium of the system, or with the
browser that the environment variable \`CHROMIUM\` names.

Each command uses the files of the commands before it. Begin with these two:

\`\`\`sh
${SETUP}
\`\`\`
`;
  await writeFile(join(root, "docs/gallery.md"), [head, ...sections].join("\n"));
} finally {
  await rm(folder, { recursive: true });
}

async function shell(commands) {
  process.stderr.write(`${commands}\n`);
  const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env.PATH}` };
  await run("sh", ["-ec", commands], { cwd: folder, env, maxBuffer: 2 ** 26 });
}

/** Makes the section of one picture and writes the picture to the folder that the page refers to. */
async function show({ name, title, text, commands, picture, page, part }) {
  const file = `${name}${picture?.endsWith(".gif") ? ".gif" : ".png"}`;
  const target = join(pictures, file);
  if (file.endsWith(".gif")) await writeFile(target, await readFile(join(folder, picture)));
  else
    await writeFile(target, await shrink(page ? await photograph(page) : await readFile(join(folder, picture)), part));
  const { size } = await stat(target);
  if (size > MOST_BYTES) process.stderr.write(`${file} is large: ${size} bytes\n`);
  const words = [
    `## ${title}`,
    text,
    commands && `\`\`\`sh\n${commands}\n\`\`\``,
    `![${title}](pictures/gallery/${file})`,
  ];
  return `${words.filter(Boolean).join("\n\n")}\n`;
}

/** Reduces colors and pixels until the file is small. Pages show pictures about 900 pixels wide. */
async function shrink(bytes, part) {
  const whole = part ? await sharp(bytes).extract(part).png().toBuffer() : bytes;
  for (let width = 1100; ; width = Math.round(0.85 * width)) {
    const small = await sharp(whole)
      .resize({ width, withoutEnlargement: true })
      .png({ palette: true, effort: 9, dither: 0.6 })
      .toBuffer();
    if (small.length <= MOST_BYTES) return small;
  }
}

async function photograph(page) {
  const candidates = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const executablePath = candidates.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) throw new Error("no Chromium found: set CHROMIUM to the path of one");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const view = await browser.newPage({ viewport: { width: 1200, height: 800 } });
    await view.goto(pathToFileURL(join(folder, page)).href);
    await view.waitForTimeout(2500);
    return await view.screenshot();
  } finally {
    await browser.close();
  }
}
