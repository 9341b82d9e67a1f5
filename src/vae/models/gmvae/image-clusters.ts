import { throwIfAborted } from "../../../abort.js";
import { Matrix } from "../../../matrix.js";
import { pca } from "../../../pca/index.js";
import { runTsne } from "../../../tsne/index.js";
import type { Images } from "../../datasets/dataset.js";
import type { Random } from "../../random.js";
import { range } from "../images.js";
import { assignToComponents, fitGaussianMixture } from "./gaussian-mixture.js";

/** A division of images into clusters. */
export interface ImageClusters {
  /** Cluster of each image, from 0; -1 for images that were not clustered. */
  readonly labels: Int32Array;
  /** Whether there were enough images for a t-SNE embedding. */
  readonly isEmbedded: boolean;
}

/**
 * Largest number of images that are clustered, and largest number of values of these images. Larger numbers would need
 * much memory.
 */
const MOST_IMAGES = 60_000;
const MOST_VALUES = 2 ** 26;
/** Number of images that are read at a time. */
const BLOCK = 1000;
const COMPONENTS = 50;
/**
 * With a small perplexity, each image has few neighbors, and few of these neighbors show another digit of MNIST. With
 * the usual perplexity of 30 and 20,000 images, the images of the digits 4 and 9 formed one cluster. With a perplexity
 * of 10, the clusters of five such sets agreed with 95.7 to 96.1 % of the digits.
 */
const PERPLEXITY = 10;
/**
 * Exaggeration of the t-SNE embedding. It contracts clusters, so that each cluster becomes nearly a Gaussian (Kobak &
 * Berens 2019).
 */
const EXAGGERATION = 4;
/** Least number of images for an embedding: t-SNE requires a perplexity of at most (n - 1) / 3. */
const LEAST_EMBEDDED = 3 * PERPLEXITY + 1;

/**
 * Finds clusters of images without a network: a Gaussian mixture is fitted to a t-SNE embedding of the images'
 * principal components. McConville et al. 2021 (arXiv 1908.05968) use a UMAP embedding of an autoencoder's codes
 * instead, which requires an autoencoder that is trained well. If there are too few images for t-SNE, the mixture is
 * fitted to the principal components themselves.
 */
export async function clusterImages(
  images: Images,
  clusters: number,
  random: Random,
  signal: AbortSignal | undefined,
): Promise<ImageClusters> {
  const labels = new Int32Array(images.count).fill(-1);
  const size = images.height * images.width * images.channels;
  const most = Math.max(LEAST_EMBEDDED, Math.min(MOST_IMAGES, Math.floor(MOST_VALUES / size)));
  const chosen = random.permutation(images.count).subarray(0, most).sort();
  const isEmbedded = chosen.length >= LEAST_EMBEDDED;
  const seed = random.integer(2 ** 31);
  if (chosen.length < 2) return { labels: labels.fill(0), isEmbedded };
  const values = await readBlocks(images, chosen, size, signal);
  const { scores } = await pca(values, Math.min(COMPONENTS, ...values.shape), { seed, signal });
  const options = { perplexity: PERPLEXITY, exaggeration: EXAGGERATION, seed, signal };
  const points = isEmbedded ? (await runTsne(scores, options)).embedding : scores;
  const found = assignToComponents(points, await fitGaussianMixture(points, clusters, random, signal));
  chosen.forEach((image, i) => {
    labels[image] = found[i];
  });
  return { labels, isEmbedded };
}

async function readBlocks(
  images: Images,
  chosen: Int32Array,
  size: number,
  signal: AbortSignal | undefined,
): Promise<Matrix> {
  const values = new Float32Array(chosen.length * size);
  for (let start = 0; start < chosen.length; start += BLOCK) {
    throwIfAborted(signal);
    const rows = range(start, Math.min(start + BLOCK, chosen.length));
    values.set(await images.read(rows.map((row) => chosen[row])), start * size);
  }
  return new Matrix(values, chosen.length, size);
}
