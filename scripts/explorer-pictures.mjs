// Photographs the explorer for docs/explorer.md, with generated data: node scripts/explorer-pictures.mjs, after npm run build. Makes the
// pictures of names, of saved selections and of the table; those of images need MNIST and are made by hand.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import sharp from "sharp";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const pictures = join(root, "docs/pictures");
const VIEW = { width: 1440, height: 900 };
const QUALITY = 80;

const TOPICS = {
  food: ["bread oven flour yeast", "chocolate cocoa sugar cream", "spice curry rice lentil", "milk cheese butter farm"],
  law: [
    "court judge appeal verdict",
    "contract clause party signature",
    "patent claim inventor license",
    "tax income audit deduction",
  ],
  music: [
    "violin sonata quartet bow",
    "jazz trumpet improvisation club",
    "guitar amplifier chord riff",
    "opera stage soprano aria",
  ],
  space: [
    "launch rocket engine pad",
    "mars rover soil crater",
    "galaxy redshift cluster halo",
    "hole horizon disk jet",
  ],
  sport: [
    "runner marathon pace mile",
    "swimming lane stroke pool",
    "goal keeper penalty pitch",
    "tennis serve racket set",
  ],
};
const KINDS = ["elliptical", "irregular", "lenticular", "quasar", "spiral"];
const FIELDS = ["north", "south", "deep", "stripe 82", ""];

let state = 1;
const uniform = () => {
  state = (1664525 * state + 1013904223) % 2 ** 32;
  return state / 2 ** 32;
};
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
const pick = (values) => values[Math.floor(uniform() * values.length)];

/** Texts about five topics with four subjects each, at positions around a center for each subject. */
function makeTexts(count) {
  const names = Object.keys(TOPICS);
  const lines = ["x,y,topic,score,text"];
  for (let i = 0; i < count; i++) {
    const topic = i % names.length;
    const subject = Math.floor(i / names.length) % 4;
    const [around, beside] = [(2 * Math.PI * topic) / names.length, (Math.PI * subject) / 2];
    const x = 5 * Math.cos(around) + 1.1 * Math.cos(beside) + 0.35 * normal();
    const y = 5 * Math.sin(around) + 1.1 * Math.sin(beside) + 0.35 * normal();
    const words = TOPICS[names[topic]][subject].split(" ");
    const text = [pick(words), pick(words), pick(words), "note", i].join(" ");
    lines.push([x.toFixed(4), y.toFixed(4), names[topic], (subject + normal()).toFixed(3), text].join(","));
  }
  return `${lines.join("\n")}\n`;
}

/** A catalog of galaxies: positions in one disc for each kind, and columns of several types with missing values. */
function makeSurvey(count) {
  const lines = ["x,y,object_id,label,field,redshift,flux,exposures"];
  for (let i = 0; i < count; i++) {
    const kind = i % KINDS.length;
    const [angle, radius, around] = [
      2 * Math.PI * uniform(),
      Math.sqrt(uniform()),
      (2 * Math.PI * kind) / KINDS.length,
    ];
    const x = 3 * Math.cos(around) + radius * Math.cos(angle);
    const y = 3 * Math.sin(around) + radius * Math.sin(angle);
    const redshift = i % 7 === 5 ? "" : (3 * uniform() ** 2).toFixed(4);
    const flux = (10 ** (4 * uniform())).toFixed(3);
    const id = `G${String(i).padStart(7, "0")}`;
    const exposures = Math.floor(30 * uniform());
    lines.push([x.toFixed(4), y.toFixed(4), id, KINDS[kind], pick(FIELDS), redshift, flux, exposures].join(","));
  }
  return `${lines.join("\n")}\n`;
}

const folder = await mkdtemp(join(tmpdir(), "explorer-pictures-"));
const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = places.find((path) => path !== undefined && existsSync(path));
if (executablePath === undefined) throw new Error("no Chromium found: set CHROMIUM to the path of one");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  await writeFile(join(folder, "texts.csv"), makeTexts(10_000));
  await writeFile(join(folder, "survey.csv"), makeSurvey(70_000));
  await explore("texts.csv", photographNames);
  await explore("texts.csv", photographSelections);
  await explore("survey.csv", photographTable);
} finally {
  await browser.close();
  await rm(folder, { recursive: true });
}

/** Serves a file and opens its page for `photograph`. */
async function explore(file, photograph) {
  const args = [join(root, "dist/cli.js"), "explore", join(folder, file), "--json"];
  const server = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    let printed = "";
    for await (const piece of server.stdout) {
      printed += piece;
      if (printed.includes("\n")) break;
    }
    const page = await browser.newPage({ viewport: VIEW });
    await page.goto(JSON.parse(printed).url);
    await page.locator("canvas.map-pane__base[data-drawn=all]").first().waitFor();
    // The notice that the browser has no WebGL.
    const dismiss = page.getByRole("button", { name: "Dismiss" });
    if (await dismiss.isVisible()) await dismiss.click();
    await photograph(page);
    await page.close();
  } finally {
    server.kill("SIGINT");
  }
}

/** Writes a picture of the page, as soon as names and points have stopped moving. */
async function save(page, name) {
  await page.mouse.move(5, 5);
  await page.waitForTimeout(2500);
  await sharp(await page.screenshot())
    .webp({ quality: QUALITY })
    .toFile(join(pictures, `${name}.webp`));
}

async function photographNames(page) {
  await page.getByLabel("Name regions by").selectOption({ label: "text" });
  await page.getByText("Contours of density").click();
  await save(page, "explorer-names");
}

async function photographSelections(page) {
  for (const [topic, name] of [
    ["music", "concerts"],
    ["space", "missions"],
  ]) {
    await page.getByRole("tab", { name: "Colors" }).click();
    await page.locator(".colors-panel__classes button", { hasText: topic }).click();
    await page.getByRole("tab", { name: "Selection" }).click();
    await page.getByLabel("Name of this selection").fill(name);
    await page
      .getByRole("region", { name: "Saved selections" })
      .getByRole("button", { name: "Save", exact: true })
      .click();
    await page.getByLabel(`Compare ${name}`).check();
  }
  await page.getByRole("region", { name: "Comparison of selections" }).scrollIntoViewIfNeeded();
  await page.locator("#panel").evaluate((panel) => panel.scrollTo(0, panel.scrollHeight));
  await save(page, "explorer-selections");
}

async function photographTable(page) {
  await page.keyboard.press("r");
  await page.getByRole("tab", { name: "Filters" }).click();
  const sectionOf = (title) => page.getByRole("region", { name: `Filter by ${title}` });
  for (const title of ["Label", "field", "redshift"]) {
    if ((await sectionOf(title).count()) === 0) await page.getByLabel("Add a column").selectOption({ label: title });
  }
  for (const kind of ["quasar", "spiral"]) await sectionOf("Label").getByRole("button", { name: kind }).click();
  const chart = sectionOf("redshift").getByRole("img");
  const box = await chart.boundingBox();
  await page.mouse.move(box.x + 0.2 * box.width, box.y + box.height / 3);
  await page.mouse.down();
  await page.mouse.move(box.x + 0.67 * box.width, box.y + box.height / 3, { steps: 4 });
  await page.mouse.up();
  for (let times = 0; times < 2; times++) await page.getByTitle("Sort by flux").click();
  await save(page, "explorer-table");
}
