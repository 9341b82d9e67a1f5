import { font, openSurface } from "../canvas/index.js";
import type { FloatArray } from "../matrix.js";
import { generateMicrographs, MICROGRAPH_CLASSES } from "../vae/datasets/index.js";

const SCENES = 6;
const TILE = 96;
const GAP = 4;
const PAIR = 2 * TILE + 3 * GAP;
const LEFT = 170;
const TOP = 70;
const ROW = TILE + 28;

/**
 * Draws scenes of every class, from the lowest dose to the highest. The left picture is one acquisition, the right
 * picture the scene without noise. Each picture has its own contrast, as microscopes display them.
 *
 * @param labels classes of the scenes 0 to n - 1 of this seed
 * @param dose doses of these scenes
 * @returns a PNG file
 */
export async function drawContactSheet(
  labels: readonly string[],
  dose: Float32Array,
  seed: number,
): Promise<Uint8Array> {
  const classes = MICROGRAPH_CLASSES.filter((name) => labels.includes(name));
  const surface = openSurface(LEFT + SCENES * (PAIR + GAP), TOP + classes.length * ROW, "png");
  const { context } = surface;
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, LEFT + SCENES * (PAIR + GAP), TOP + classes.length * ROW);
  context.fillStyle = "#1a1a1a";
  context.font = font(20, 600);
  context.fillText("Simulated micrographs", 16, 30);
  context.font = font(14);
  context.fillText(
    "Left: one acquisition, right: the scene without noise. Below: dose, in electrons per pixel at full brightness",
    16,
    54,
  );
  classes.forEach((name, row) => {
    const top = TOP + row * ROW;
    context.font = font(15, 600);
    context.fillText(name, 16, top + TILE / 2 + 5);
    const ofClass = labels.flatMap((label, i) => (label === name ? [i] : []));
    ofClass.sort((i, j) => dose[i] - dose[j]);
    const columns = Math.min(SCENES, ofClass.length);
    context.font = font(13);
    for (let column = 0; column < columns; column++) {
      const index = columns === 1 ? 0 : Math.round((column * (ofClass.length - 1)) / (columns - 1));
      const first = ofClass[index];
      const { images, scenes, size } = generateMicrographs({ count: 1, first, seed });
      const left = LEFT + column * (PAIR + GAP);
      context.putImageData(tile(images.row(0), size), left, top);
      context.putImageData(tile(scenes.row(0), size), left + TILE + GAP, top);
      const electrons = dose[first];
      context.fillText(electrons.toFixed(electrons < 10 ? 1 : 0), left, top + TILE + 16);
    }
  });
  return surface.encode("Simulated micrographs");

  function tile(image: FloatArray, size: number) {
    const sorted = image.slice().sort();
    const black = sorted[Math.floor(0.005 * (sorted.length - 1))];
    const white = sorted[Math.ceil(0.995 * (sorted.length - 1))];
    const pixels = context.createImageData(TILE, TILE);
    for (let y = 0, at = 0; y < TILE; y++) {
      for (let x = 0; x < TILE; x++, at += 4) {
        const value = image[Math.floor((y * size) / TILE) * size + Math.floor((x * size) / TILE)];
        const gray = (255 * (value - black)) / (white - black);
        pixels.data.set([gray, gray, gray, 255], at);
      }
    }
    return pixels;
  }
}
