import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readMatrix, writeMatrix } from "../src/io/index.js";
import { Matrix } from "../src/matrix.js";
import type { Dataset } from "./datasets.js";
import { BenchmarkError } from "./failure.js";
import { affinities, findAllNearest, keptNeighbors, klDivergence, type Nearest, toPoints } from "./score.js";

export interface Score {
  /** KL(P||Q) of the embedding, in nats. P uses the standard deviations if the implementation uses them. */
  kl: number;
  /** Share of each point's 10 nearest neighbors in the data that are also among its 10 nearest in the embedding. */
  kept10: number;
}

/** Scores embeddings of one data set, all in the same way. */
export class Scorer {
  private readonly known = new Map<string, Score>();

  private constructor(
    private readonly nearest: Nearest,
    private readonly p: ReturnType<typeof affinities>,
  ) {}

  /** The neighbors are stored next to the data, because finding them takes minutes for 70,000 points. */
  static async prepare(dataset: Dataset, usesSigma: boolean, perplexity: number, signal: AbortSignal): Promise<Scorer> {
    const k = Math.min(Math.floor(3 * perplexity), dataset.n - 1);
    const stem = dataset.x.replace(/\.npy$/, `${usesSigma ? "-sigma" : ""}-${k}-nearest`);
    const [indexFile, distanceFile] = [`${stem}.npy`, `${stem}-squared.npy`];
    let nearest: Nearest;
    if (existsSync(indexFile)) {
      const squared = await readMatrix(distanceFile, { signal });
      const indices = Uint32Array.from((await readMatrix(indexFile, { signal })).data);
      nearest = { k, indices, squared: Float64Array.from(squared.data) };
    } else {
      const sigma = usesSigma && dataset.sigma ? await readMatrix(dataset.sigma, { signal }) : undefined;
      nearest = await findAllNearest(toPoints(await readMatrix(dataset.x, { signal }), sigma), k, signal);
      await writeMatrix(distanceFile, new Matrix(nearest.squared, dataset.n, k), { signal });
      await writeMatrix(indexFile, new Matrix(Float64Array.from(nearest.indices), dataset.n, k), { signal });
    }
    return new Scorer(nearest, affinities(nearest, perplexity));
  }

  /** An embedding that is equal to an earlier one is not scored again. */
  async score(file: string, signal: AbortSignal): Promise<Score> {
    const embedding = await readMatrix(file, { signal });
    const n = this.nearest.indices.length / this.nearest.k;
    if (embedding.rows !== n || !embedding.data.every((value) => Number.isFinite(value))) {
      throw new BenchmarkError(
        `gave an embedding of ${embedding.rows} x ${embedding.cols} that is not ${n} finite points`,
      );
    }
    const { buffer, byteOffset, byteLength } = embedding.data;
    const hash = createHash("sha256")
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest("hex");
    const known = this.known.get(hash);
    if (known) return known;
    const points = toPoints(embedding);
    const near = await findAllNearest(points, 10, signal);
    const score = { kl: klDivergence(this.p, points), kept10: keptNeighbors(this.nearest, near, 10) };
    this.known.set(hash, score);
    return score;
  }
}
