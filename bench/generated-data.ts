import { Matrix } from "../src/matrix.js";

interface Generator {
  readonly about: string;
  /** Generates `n` points, which are the same on every machine. */
  generate(n: number): Matrix;
}

const MIXTURE_DIMENSIONS = 50;
const MIXTURE_GROUPS = 20;

/**
 * Data sets without files. The first part of a data set's name is a key of this table, and the second part is the
 * number of points.
 */
export const GENERATORS = {
  generated: {
    about: `N x ${MIXTURE_DIMENSIONS} from a seeded mixture of ${MIXTURE_GROUPS} Gaussians`,
    generate: generateMixture,
  },
  gaussian: { about: "N x 50 from one Gaussian", generate: (n) => draw(n, 50, normals(3)) },
  "swiss-roll": { about: "N x 3 from a rolled sheet", generate: rollSheet },
  duplicates: { about: "N x 20, where ten points are always equal", generate: duplicate },
  "far-groups": {
    about: "N x 20 from two Gaussians at a distance of 200 standard deviations",
    generate: drawFarGroups,
  },
} as const satisfies Record<string, Generator>;

export type GeneratorName = keyof typeof GENERATORS;

/** Uniform numbers from 0 to 1: a counter, scrambled with the finalizer of MurmurHash3. */
export function uniforms(seed: number): () => number {
  let counter = seed;
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    let hash = Math.imul(counter ^ (counter >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal numbers (Box & Muller 1958). */
export function normals(seed: number): () => number {
  const uniform = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

function draw(n: number, d: number, next: () => number): Matrix {
  return new Matrix(Float32Array.from({ length: n * d }, next), n, d);
}

/** Clusters whose spread decreases from axis to axis, as that of principal components does. */
function generateMixture(n: number): Matrix {
  const normal = normals(1);
  const d = MIXTURE_DIMENSIONS;
  const spread = Float64Array.from({ length: d }, (_, c) => 1 / Math.sqrt(1 + c));
  const centers = Float64Array.from({ length: MIXTURE_GROUPS * d }, (_, i) => 1.5 * spread[i % d] * normal());
  const data = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    const center = (i % MIXTURE_GROUPS) * d;
    for (let c = 0; c < d; c++) data[i * d + c] = centers[center + c] + spread[c] * normal();
  }
  return new Matrix(data, n, d);
}

/** A sheet of width 21 that is rolled up one and a half times, with equal density along its angle. */
function rollSheet(n: number): Matrix {
  const uniform = uniforms(4);
  const data = new Float32Array(3 * n);
  for (let i = 0; i < n; i++) {
    const angle = 1.5 * Math.PI * (1 + 2 * uniform());
    data.set([angle * Math.cos(angle), 21 * uniform(), angle * Math.sin(angle)], 3 * i);
  }
  return new Matrix(data, n, 3);
}

function duplicate(n: number): Matrix {
  const d = 20;
  const distinct = draw(Math.ceil(n / 10), d, normals(5));
  const data = new Float32Array(n * d);
  for (let i = 0; i < n; i++) data.set(distinct.row(Math.floor(i / 10)), i * d);
  return new Matrix(data, n, d);
}

function drawFarGroups(n: number): Matrix {
  const points = draw(n, 20, normals(6));
  for (let i = 0; i < n; i += 2) points.data[i * points.cols] += 200;
  return points;
}
