import { rejectUnknown, requireInteger } from "../../arguments.js";
import { ArgumentError } from "../../errors.js";
import { Matrix } from "../../matrix.js";
import { Random } from "../random.js";

/** The kinds of specimen in the simulated micrographs. Consecutive scenes cycle through them in this order. */
export const MICROGRAPH_CLASSES = [
  "square lattice",
  "hexagonal lattice",
  "rectangular lattice",
  "oblique lattice",
  "particles",
  "fibers",
  "amorphous film",
  "vacuum edge",
] as const;
/** One of {@link MICROGRAPH_CLASSES}. */
export type MicrographClass = (typeof MICROGRAPH_CLASSES)[number];

/** Options of {@link generateMicrographs}. All are optional. */
export interface MicrographOptions {
  /** Number of scenes, an integer >= 0. Default 2000. */
  count?: number | undefined;
  /** Pixels per side, 32 to 96. The size of the field of view does not depend on this number. Default 48. */
  size?: number | undefined;
  /** Seed of the random numbers, an integer from 0 to 2^53 - 1. Default 42. */
  seed?: number | undefined;
  /**
   * Number of the first scene, an integer >= 0. A seed gives one endless series of scenes, and scenes with different
   * numbers differ. Use this option for a test set, or to generate a large set in pieces. Default 0.
   */
  first?: number | undefined;
  /**
   * Electrons per pixel that correspond to the image value 1: one number from 0.1 to 1e6 for all scenes, or `[least,
   * most]`, from which the dose of every scene is drawn log-uniformly. Default `[3, 300]`.
   */
  dose?: number | readonly [number, number] | undefined;
  /** Largest displacement of a repeated acquisition along either axis, in whole pixels, 0 to 8. Default 2. */
  drift?: number | undefined;
}

/**
 * Simulated micrographs of `count` scenes. Each row is an image of `size * size` pixels, row after row from the top.
 */
export interface Micrographs {
  /** The first acquisition of every scene, count x size^2, 0 to 1: the same as `acquire(0)`. */
  readonly images: Matrix;
  /** Class of each scene. */
  readonly labels: MicrographClass[];
  /** Dose of each scene: the number of electrons per pixel that corresponds to the image value 1. */
  readonly dose: Float32Array;
  /** The scenes without noise and drift, count x size^2, 0 to 0.5. */
  readonly scenes: Matrix;
  /** Pixels per side. */
  readonly size: number;
  /**
   * Acquires every scene again, with new shot noise and a new displacement. Acquisition 0 is not displaced. Calls with
   * the same number return the same images.
   *
   * @param number number of the acquisition, an integer from 0 to 2^32 - 2
   * @returns count x size^2, 0 to 1
   * @throws {ArgumentError} OUT_OF_RANGE
   */
  acquire(number: number): Matrix;
}

/**
 * Simulates dark-field electron micrographs of eight kinds of specimen, in equal numbers. Thick regions are bright, and
 * vacuum is dark. Every scene has its own orientation, spacing, contrast, thickness gradient, defocus blur, drift blur
 * and dose. An acquisition is an image of a scene in which electrons are counted: every pixel is a Poisson number with
 * mean `dose * scene`, divided by the dose and limited to at most 1. Below this limit, the variance of a pixel is
 * therefore `scene / dose`.
 *
 * @throws {ArgumentError} UNKNOWN_OPTION, OUT_OF_RANGE or INVALID_ARGUMENT
 */
export function generateMicrographs(options: MicrographOptions = {}): Micrographs {
  const { count, size, seed, first, dose, drift } = resolve(options);
  // Scenes are rendered with a margin, and displaced acquisitions are cut from it. No interpolation changes the shot
  // noise.
  const side = size + 2 * drift;
  const fields: Float32Array[] = [];
  const labels: MicrographClass[] = [];
  const doses = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const random = new Random(seed, first + i, 0);
    const label = MICROGRAPH_CLASSES[(first + i) % MICROGRAPH_CLASSES.length];
    labels.push(label);
    doses[i] = dose[0] * (dose[1] / dose[0]) ** random.uniform();
    fields.push(render(label, side, size, random));
  }
  const crop = (value: (scene: number, row: number, column: number) => number, start: (scene: number) => number[]) => {
    const data = new Float32Array(count * size * size);
    for (let i = 0, at = 0; i < count; i++) {
      const [top = 0, left = 0] = start(i);
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) data[at++] = value(i, top + y, left + x);
      }
    }
    return new Matrix(data, count, size * size);
  };
  const scene = (i: number, y: number, x: number) => fields[i][y * side + x];
  const acquire = (number: number) => {
    requireInteger(number, "number", 0, 2 ** 32 - 2);
    let random = new Random(seed, first, number + 1);
    let electrons = 0;
    const counted = (i: number, y: number, x: number) =>
      Math.min(1, random.poisson(electrons * scene(i, y, x)) / electrons);
    return crop(counted, (i) => {
      random = new Random(seed, first + i, number + 1);
      electrons = doses[i];
      if (number === 0) return [drift, drift];
      return [random.integer(2 * drift + 1), random.integer(2 * drift + 1)];
    });
  };
  return { images: acquire(0), labels, dose: doses, scenes: crop(scene, () => [drift, drift]), size, acquire };
}

interface Resolved {
  count: number;
  size: number;
  seed: number;
  first: number;
  dose: readonly [number, number];
  drift: number;
}

function resolve(options: MicrographOptions): Resolved {
  rejectUnknown(options, ["count", "size", "seed", "first", "dose", "drift"]);
  const dose = options.dose ?? [3, 300];
  const range = typeof dose === "number" ? [dose, dose] : dose;
  const [least, most] = range;
  const accepted = "electrons per pixel from 0.1 to 1e6, one number or [least, most]";
  if (!Array.isArray(range) || range.length !== 2 || typeof least !== "number" || typeof most !== "number") {
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "dose", received: dose, accepted });
  }
  if (!(least >= 0.1 && most <= 1e6 && least <= most)) {
    throw new ArgumentError("OUT_OF_RANGE", { argument: "dose", received: dose, accepted });
  }
  return {
    count: requireInteger(options.count ?? 2000, "count", 0, 1e6),
    size: requireInteger(options.size ?? 48, "size", 32, 96),
    seed: requireInteger(options.seed ?? 42, "seed", 0, Number.MAX_SAFE_INTEGER),
    first: requireInteger(options.first ?? 0, "first", 0, 2 ** 32 - 1e6),
    dose: [least, most],
    drift: requireInteger(options.drift ?? 2, "drift", 0, 8),
  };
}

/**
 * A square grid that contains the thickness of the specimen in every pixel while a scene is painted. Lengths are in
 * pixels, or fractions of `view`.
 */
interface Field {
  readonly data: Float32Array;
  /** Pixels per side, including the margin. */
  readonly side: number;
  /** Pixels per side, without the margin. */
  readonly view: number;
}

type Painter = (field: Field, random: Random) => void;

const PAINTERS: Record<MicrographClass, Painter> = {
  "square lattice": (field, random) => paintLattice(field, random, 1, Math.PI / 2),
  "hexagonal lattice": (field, random) => paintLattice(field, random, 1, Math.PI / 3),
  "rectangular lattice": (field, random) => paintLattice(field, random, random.between(1.35, 1.6), Math.PI / 2),
  "oblique lattice": (field, random) =>
    paintLattice(field, random, random.between(1.15, 1.35), (random.between(68, 76) * Math.PI) / 180),
  particles: paintParticles,
  fibers: paintFibres,
  "amorphous film": paintFilm,
  "vacuum edge": paintEdge,
};

function render(label: MicrographClass, side: number, view: number, random: Random): Float32Array {
  const field = { data: new Float32Array(side * side), side, view };
  PAINTERS[label](field, random);
  const focused = blur(field.data, side, view * random.between(0.005, 0.02));
  const drifted = smear(focused, side, view * random.between(0, 0.04), random.angle());
  const background = random.between(0.05, 0.12);
  const gain = random.between(0.18, 0.32);
  const slope = random.between(0, 0.3);
  const direction = random.angle();
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++, at++) {
      const along = ((x - side / 2) * Math.cos(direction) + (y - side / 2) * Math.sin(direction)) / view;
      const value = background + gain * (1 + slope * along) * drifted[at];
      drifted[at] = Math.min(0.5, Math.max(0, value));
    }
  }
  return drifted;
}

/**
 * Paints atomic columns at the positions i a + j b for integers i and j, with |b| = `ratio` |a|. The columns are
 * slightly displaced, and some are missing.
 */
function paintLattice(field: Field, random: Random, ratio: number, angle: number): void {
  const { side, view } = field;
  // The unit cell has the same area for every symmetry, so that the density of columns does not reveal the class.
  const spacing = view * Math.sqrt(random.between(0.0216, 0.0264) / (ratio * Math.sin(angle)));
  const orientation = random.angle();
  const a = [spacing * Math.cos(orientation), spacing * Math.sin(orientation)] as const;
  const b = [ratio * spacing * Math.cos(orientation + angle), ratio * spacing * Math.sin(orientation + angle)] as const;
  const start = [random.between(0, side), random.between(0, side)] as const;
  const width = view * random.between(0.022, 0.03);
  const jitter = view * random.between(0, 0.006);
  addSpeckle(field, random, 0.1);
  const reach = Math.ceil((2 * side) / (spacing * Math.sin(angle)));
  for (let i = -reach; i <= reach; i++) {
    for (let j = -reach; j <= reach; j++) {
      const x = start[0] + i * a[0] + j * b[0];
      const y = start[1] + i * a[1] + j * b[1];
      if (x < -4 * width || y < -4 * width || x > side + 4 * width || y > side + 4 * width) continue;
      const height = random.uniform() < 0.015 ? 0.2 : random.between(0.9, 1.1);
      addSpot(field, x + jitter * random.normal(), y + jitter * random.normal(), width, height);
    }
  }
}

function addSpot({ data, side }: Field, x: number, y: number, width: number, height: number): void {
  const [left, right] = [Math.max(0, Math.ceil(x - 4 * width)), Math.min(side - 1, Math.floor(x + 4 * width))];
  const [top, bottom] = [Math.max(0, Math.ceil(y - 4 * width)), Math.min(side - 1, Math.floor(y + 4 * width))];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const distance = ((column - x) ** 2 + (row - y) ** 2) / (2 * width * width);
      data[row * side + column] += height * Math.exp(-distance);
    }
  }
}

/** Paints spheres on a thin film. Where spheres overlap, their thicknesses are added. */
function paintParticles(field: Field, random: Random): void {
  const { data, side, view } = field;
  addSpeckle(field, random, random.between(0.08, 0.2));
  const typical = random.between(0.07, 0.12);
  for (let left = 4 + random.integer(6); left > 0; left--) {
    const radius = view * typical * random.between(0.8, 1.25);
    const [x, y] = [random.between(0, side), random.between(0, side)];
    const height = random.between(0.8, 1.1);
    forEachPixel(side, (column, row, at) => {
      const inside = 1 - ((column - x) ** 2 + (row - y) ** 2) / (radius * radius);
      if (inside > 0) data[at] += height * Math.sqrt(inside);
    });
  }
}

/** Paints a loose bundle of wavy cylinders. */
function paintFibres(field: Field, random: Random): void {
  const { data, side, view } = field;
  addSpeckle(field, random, random.between(0.08, 0.2));
  const direction = random.angle();
  const spread = random.between(0.05, 0.35);
  for (let left = 4 + random.integer(4); left > 0; left--) {
    const angle = direction + spread * random.normal();
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const offset = random.between(-0.6, 0.6) * view;
    const radius = view * random.between(0.03, 0.055);
    const wave = view * random.between(0, 0.03);
    const [phase, pitch] = [random.angle(), random.between(4, 9) / view];
    const height = random.between(0.6, 1);
    forEachPixel(side, (column, row, at) => {
      const along = (column - side / 2) * cos + (row - side / 2) * sin;
      const across = (row - side / 2) * cos - (column - side / 2) * sin;
      const inside = 1 - ((across - offset - wave * Math.sin(pitch * along + phase)) / radius) ** 2;
      if (inside > 0) data[at] += height * Math.sqrt(inside);
    });
  }
}

function paintFilm(field: Field, random: Random): void {
  field.data.fill(random.between(0.4, 0.7));
  addSpeckle(field, random, random.between(0.2, 0.32));
}

/** Paints a film that ends within the view, with a bright fringe along its edge. */
function paintEdge(field: Field, random: Random): void {
  const { data, side, view } = field;
  paintFilm(field, random);
  const angle = random.angle();
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const offset = random.between(-0.22, 0.22) * view;
  const [wave, phase, pitch] = [view * random.between(0, 0.05), random.angle(), random.between(4, 10) / view];
  const [rim, fringe] = [view * random.between(0.01, 0.03), random.between(0.1, 0.4)];
  forEachPixel(side, (column, row, at) => {
    const along = (column - side / 2) * cos + (row - side / 2) * sin;
    const depth = (row - side / 2) * cos - (column - side / 2) * sin - offset - wave * Math.sin(pitch * along + phase);
    const share = 1 / (1 + Math.exp(-depth / rim));
    data[at] = share * data[at] + fringe * Math.exp(-((depth / rim - 2) ** 2) / 4);
  });
}

/**
 * Adds the grain of an amorphous film: the difference between two blurred copies of white noise, scaled to the standard
 * deviation `strength`.
 */
function addSpeckle({ data, side, view }: Field, random: Random, strength: number): void {
  const noise = Float32Array.from(data, () => random.normal());
  const grain = view * random.between(0.016, 0.024);
  const fine = blur(noise, side, grain);
  const coarse = blur(noise, side, 2 * grain);
  let squares = 0;
  for (let at = 0; at < data.length; at++) squares += (fine[at] - coarse[at]) ** 2;
  const scale = strength / Math.sqrt(squares / data.length);
  for (let at = 0; at < data.length; at++) {
    data[at] += scale * (fine[at] - coarse[at]);
  }
}

function forEachPixel(side: number, visit: (column: number, row: number, at: number) => void): void {
  for (let row = 0, at = 0; row < side; row++) {
    for (let column = 0; column < side; column++) visit(column, row, at++);
  }
}

/**
 * Blurs with a Gaussian of standard deviation `width` pixels. Pixels beyond the border have the value of the nearest
 * border pixel.
 */
function blur(image: Float32Array, side: number, width: number): Float32Array {
  const radius = Math.ceil(3 * width);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * width ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  // Each pass blurs along the rows and transposes the image. Two passes blur both axes and restore the order.
  const pass = (input: Float32Array) => {
    const output = new Float32Array(side * side);
    const line = new Float64Array(side + 2 * radius);
    for (let row = 0; row < side; row++) {
      for (let i = 0; i < line.length; i++) {
        line[i] = input[row * side + Math.min(side - 1, Math.max(0, i - radius))];
      }
      for (let column = 0; column < side; column++) {
        let value = 0;
        for (let i = 0; i < weights.length; i++) value += weights[i] * line[column + i];
        output[column * side + row] = value / sum;
      }
    }
    return output;
  };
  return pass(pass(image));
}

/** Averages over a straight movement of `length` pixels, as if the specimen drifted while the image is taken. */
function smear(image: Float32Array, side: number, length: number, angle: number): Float32Array {
  const steps = 5;
  const output = new Float32Array(side * side);
  for (let step = 0; step < steps; step++) {
    const shift = (step / (steps - 1) - 0.5) * length;
    const [dx, dy] = [shift * Math.cos(angle), shift * Math.sin(angle)];
    forEachPixel(side, (column, row, at) => {
      const x = Math.min(side - 1.001, Math.max(0, column + dx));
      const y = Math.min(side - 1.001, Math.max(0, row + dy));
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const corner = top * side + left;
      const upper = image[corner] * (left + 1 - x) + image[corner + 1] * (x - left);
      const lower = image[corner + side] * (left + 1 - x) + image[corner + side + 1] * (x - left);
      output[at] += (upper * (top + 1 - y) + lower * (y - top)) / steps;
    });
  }
  return output;
}
