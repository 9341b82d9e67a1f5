import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { ArgumentError } from "../src/errors.js";
import { readMatrix, writeMatrix } from "../src/io/index.js";
import { Matrix } from "../src/matrix.js";
import { pca } from "../src/pca/index.js";
import { FOLDERS } from "./folders.js";
import { GENERATORS, type GeneratorName, normals } from "./generated-data.js";

/** Points to embed, as C-ordered float32 .npy files, which every implementation reads. */
export interface Dataset {
  readonly name: string;
  readonly n: number;
  readonly d: number;
  readonly x: string;
  /** File of the standard deviations, which have the same shape as the data. */
  readonly sigma: string | undefined;
}

interface Source {
  readonly about: string;
  /** Required files in the folder of public data. */
  readonly files: readonly string[];
  read(folder: string, signal: AbortSignal): Promise<{ x: Matrix; sigma?: Matrix }>;
}

const MNIST_TEST = "mnist/t10k-images-idx3-ubyte.gz";
const MNIST_TRAIN = "mnist/train-images-idx3-ubyte.gz";
const LATENT_MEANS = "latents/mnist70k_vae32_mu.npy";
const LATENT_SIGMA = "latents/mnist70k_vae32_sigma.npy";
const STEM = "microscopy/pca_stem_crops_96x96.npy";
/** Rows of MNIST's test images, which are the last ones. */
const LATENT_ROWS = [60000, 70000] as const;

const SOURCES: Readonly<Record<string, Source>> = {
  "mnist-test": {
    about: "the 10,000 test images of MNIST, reduced to 50 principal components",
    files: [MNIST_TEST],
    read: async (folder, signal) => ({ x: await reduce(await readImages(folder, [MNIST_TEST]), signal) }),
  },
  "mnist-2000": {
    about: "the first 2,000 training images of MNIST, reduced to 50 principal components",
    files: [MNIST_TRAIN],
    read: async (folder, signal) => {
      const images = await readImages(folder, [MNIST_TRAIN]);
      return { x: await reduce(new Matrix(images.data.subarray(0, 2000 * images.cols), 2000, images.cols), signal) };
    },
  },
  stem: {
    about: "50 principal components of 19,769 scanning transmission electron micrographs (Ede 2020)",
    files: [STEM],
    read: async (folder, signal) => ({ x: await readMatrix(join(folder, STEM), { signal }) }),
  },
  mnist: {
    about: "all 70,000 images of MNIST, reduced to 50 principal components",
    files: [MNIST_TRAIN, MNIST_TEST],
    read: async (folder, signal) => ({ x: await reduce(await readImages(folder, [MNIST_TRAIN, MNIST_TEST]), signal) }),
  },
  latents: {
    about: "means and standard deviations, 10,000 x 32, that a variational autoencoder gives MNIST's test images",
    files: [LATENT_MEANS, LATENT_SIGMA],
    read: async (folder, signal) => ({
      x: await readMatrix(join(folder, LATENT_MEANS), { rows: LATENT_ROWS, signal }),
      sigma: await readMatrix(join(folder, LATENT_SIGMA), { rows: LATENT_ROWS, signal }),
    }),
  },
};

const GENERATED = /^([a-z-]+)-(\d+)$/;

/** Names and descriptions of all data sets, for `--help`. */
export const DATASETS: readonly (readonly [string, string])[] = [
  ...Object.entries(SOURCES).map(([name, { about }]) => [name, about] as const),
  ...Object.entries(GENERATORS).map(([name, { about }]) => [`${name}-N`, `${about}; needs no files`] as const),
];

/** Whether the folder contains the public data. */
export function hasPublicData(folder: string | undefined): folder is string {
  const needed = Object.values(SOURCES).flatMap(({ files }) => files);
  return folder !== undefined && needed.every((file) => existsSync(join(folder, file)));
}

/**
 * Creates the files of a data set if they do not exist yet.
 *
 * @param needsSigma whether standard deviations are generated for a data set without them
 */
export async function openDataset(
  name: string,
  folder: string | undefined,
  needsSigma: boolean,
  signal: AbortSignal,
): Promise<Dataset> {
  const x = join(FOLDERS.data, `${name}.npy`);
  const sigma = join(FOLDERS.data, `${name}-sigma.npy`);
  if (!existsSync(x)) {
    const made = await make(name, folder, signal);
    await mkdir(FOLDERS.data, { recursive: true });
    // The data are written last: if their file exists, all files are complete.
    if (made.sigma) await writeMatrix(sigma, made.sigma, { signal });
    await writeMatrix(x, made.x, { signal });
  }
  const { rows: n, cols: d } = await readMatrix(x, { signal });
  if (existsSync(sigma)) return { name, n, d, x, sigma };
  if (!needsSigma) return { name, n, d, x, sigma: undefined };
  // The generated standard deviations have another name, so that they are not taken for those of the data set.
  const generated = join(FOLDERS.data, `${name}-generated-sigma.npy`);
  if (!existsSync(generated)) await writeMatrix(generated, generateSigma(n, d), { signal });
  return { name, n, d, x, sigma: generated };
}

async function make(
  name: string,
  folder: string | undefined,
  signal: AbortSignal,
): Promise<{ x: Matrix; sigma?: Matrix }> {
  const source = SOURCES[name];
  const [, kind = "", size] = GENERATED.exec(name) ?? [];
  if (!source && kind in GENERATORS && Number(size) >= 100) {
    return { x: GENERATORS[kind as GeneratorName].generate(Number(size)) };
  }
  if (!source) {
    const generated = Object.keys(GENERATORS).map((generator) => `${generator}-N`);
    const accepted = `${[...Object.keys(SOURCES), ...generated].join(", ")} with N of at least 100`;
    throw new ArgumentError("INVALID_ARGUMENT", { argument: "data set", received: name, accepted });
  }
  const missing = source.files.filter((file) => !folder || !existsSync(join(folder, file)));
  if (folder === undefined || missing.length > 0) {
    throw new ArgumentError("INVALID_ARGUMENT", {
      argument: "--data",
      received: folder,
      accepted: `the folder that holds ${missing.join(" and ")} (or SIGMA_TSNE_DATA in the environment)`,
    });
  }
  return source.read(folder, signal);
}

/** The 10,000 test images of MNIST, n x 784, from 0 to 1. */
export function readTestImages(folder: string): Promise<Matrix> {
  return readImages(folder, [MNIST_TEST]);
}

/** The classes of the test images of MNIST, 0 to 9. */
export async function readTestLabels(folder: string): Promise<Uint8Array> {
  const file = await promisify(gunzip)(await readFile(join(folder, "mnist/t10k-labels-idx1-ubyte.gz")));
  return Uint8Array.from((file as Buffer).subarray(8));
}

/** Images in the IDX format of MNIST: a header of 16 bytes with the magic number, count, height and width. */
async function readImages(folder: string, files: readonly string[]): Promise<Matrix> {
  const parts = await Promise.all(
    files.map(async (file) => promisify(gunzip)(await readFile(join(folder, file))) as Promise<Buffer>),
  );
  const pixels = parts.map((part) => part.readUInt32BE(8) * part.readUInt32BE(12));
  const images = Buffer.concat(parts.map((part) => part.subarray(16)));
  const [width = 0] = pixels;
  return new Matrix(
    Float32Array.from(images, (value) => value / 255),
    images.length / width,
    width,
  );
}

async function reduce(images: Matrix, signal: AbortSignal): Promise<Matrix> {
  const { scores } = await pca(images, 50, { signal });
  return new Matrix(Float32Array.from(scores.data), scores.rows, scores.cols);
}

/** Generates log-normal standard deviations, so that all weights differ. */
function generateSigma(n: number, d: number): Matrix {
  const normal = normals(2);
  return new Matrix(
    Float32Array.from({ length: n * d }, () => 0.3 * Math.exp(0.5 * normal())),
    n,
    d,
  );
}
