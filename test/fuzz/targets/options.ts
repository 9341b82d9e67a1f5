import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as library from "../../../src/index.js";
import { Draws } from "../draws.js";
import { Random } from "../random.js";
import { promise, type Target, tolerate } from "../target.js";
import { isOurs } from "./files.js";

/** Milliseconds after which a call is aborted, because valid options may cause hours of work. */
const PATIENCE_MS = 300;

const seeds = async (): Promise<Uint8Array[]> =>
  Array.from({ length: 24 }, (_, seed) => {
    const random = new Random(seed + 1);
    return Uint8Array.from({ length: 400 }, () => random.below(256));
  });

const target = (name: string, run: (draws: Draws, folder: string) => Promise<void>): Target => ({
  name,
  extension: ".bin",
  seeds,
  run: async (bytes) => {
    const folder = await mkdtemp(join(tmpdir(), "sigma-tsne-fuzz-"));
    try {
      await run(new Draws(bytes), folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});

const finite = (matrix: library.Matrix, what: string) =>
  promise(matrix.data.every(Number.isFinite), `${what} is finite`);

/** Options that all long computations have. */
const common = (draws: Draws, signal: AbortSignal) => ({
  threads: () => draws.integer(1, 4),
  seed: () => draws.byte(),
  onProgress: () => () => {},
  signal: () => signal,
});

const perplexity = (draws: Draws) =>
  draws.once(4) ? [1 + draws.fraction() * 3, 1 + draws.fraction() * 12] : 1 + draws.fraction() * 14;

const distance = (draws: Draws, hasSigma: boolean) =>
  draws.pick(hasSigma || draws.once(8) ? library.DISTANCES : ["euclidean", "cosine", "correlation", "manhattan"]);

function neighbors(draws: Draws, n: number): unknown {
  const squared = draws.once(2) ? { squared: draws.once(2) } : {};
  if (draws.once(2)) return { distances: draws.matrixLike(n, n, true), ...squared };
  const m = draws.integer(0, 12);
  const indices = new library.Matrix(
    Float64Array.from({ length: n * m }, (_, at) => (Math.floor(at / Math.max(1, m)) + 1 + (at % Math.max(1, m))) % n),
    n,
    m,
  );
  if (draws.once(3) && indices.data.length > 0) {
    indices.data[draws.byte() % indices.data.length] = draws.pick([-1, -2, n, 0.5, Number.NaN, 2 ** 40]);
  }
  return draws.perhaps(() => ({ indices, distances: draws.matrixLike(n, m, true), ...squared }));
}

export const optionTargets: readonly Target[] = [
  target("tsne", async (draws) => {
    const [n, d] = [draws.integer(0, 40), draws.integer(0, 8)];
    const data = draws.perhaps(() => draws.matrixLike(n, d), 60) as library.Matrix;
    const hasSigma = draws.once(3);
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const options = {
      iterations: draws.integer(0, 12),
      ...draws.options({
        ...common(draws, signal),
        distance: () => distance(draws, hasSigma),
        neighbors: () => (draws.once(3) ? neighbors(draws, n) : draws.pick(library.NEIGHBOR_SEARCHES)),
        varianceFloor: () => draws.pick(["auto", 1e-30, 0.01, 1, 1e30] as const),
        perplexity: () => perplexity(draws),
        method: () => draws.pick(library.METHODS),
        meshSpacing: () => 0.1 + 0.9 * draws.fraction(),
        theta: () => draws.fraction(),
        degreesOfFreedom: () => draws.pick([0.1, 0.5, 1, 2, 100]),
        outputDimensions: () => draws.integer(1, 3),
        pca: () => draws.integer(1, 4),
        init: () => draws.pick([() => "pca", () => "random", () => draws.matrixLike(n, 2)])(),
        learningRate: () => draws.pick(["auto", 1e-300, 1, 200, 1e6, 1e300]),
        earlyExaggeration: () => draws.pick([1, 12, 1e6]),
        earlyExaggerationIterations: () => draws.integer(0, 10),
        exaggeration: () => draws.pick([0.01, 1, 4, 1e6]),
        momentum: () => draws.fraction() * 0.999,
        finalMomentum: () => draws.fraction() * 0.999,
        onSnapshot: () => () => {},
        snapshotEvery: () => draws.integer(1, 5),
      }),
      ...(hasSigma ? { sigma: draws.perhaps(() => draws.matrixLike(n, d, true)) } : {}),
      signal,
    } as library.TsneOptions;
    await tolerate(isOurs, async () => {
      const run = new library.Tsne(data, options);
      const { embedding } = await run.fit();
      promise(
        embedding.rows === n && embedding.cols === run.options.outputDimensions,
        "an embedding has a row for each point",
      );
      finite(embedding, "an embedding");
      const placing = draws.options({ perplexity: () => perplexity(draws), iterations: () => draws.integer(0, 30) });
      const wide = hasSigma ? { sigma: draws.matrixLike(3, d, true) } : {};
      await tolerate(
        isOurs,
        async () => {
          const given = draws.perhaps(() => draws.matrixLike(3, d)) as library.Matrix;
          finite((await run.place(given, { ...placing, ...wide, signal } as object)).embedding, "a position");
        },
        async () => {
          const drawn = draws.options({ draws: () => draws.integer(2, 5), points: () => [0, 1], neighbors: () => 2 });
          const { displacement } = await library.positionUncertainty(run, { draws: 2, ...drawn, signal } as object);
          promise(
            displacement.every((x) => x >= 0),
            "a displacement is a length",
          );
        },
        () => library.estimateMemory(n, d, options),
        () => library.estimateMemory(draws.strange() as number, draws.strange() as number, options),
      );
    });
  }),

  target("measures", async (draws) => {
    const [n, d] = [draws.integer(0, 40), draws.integer(0, 6)];
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const shared = { ...common(draws, signal), distance: () => distance(draws, false), varianceFloor: () => 0.01 };
    const points = () => draws.perhaps(() => draws.matrixLike(n, d)) as library.Matrix;
    const embedding = () => draws.perhaps(() => draws.matrixLike(n, 2)) as library.Matrix;
    const sigma = () => draws.matrixLike(n, d, true);
    const choice = draws.integer(0, 6);
    await tolerate(isOurs, async () => {
      if (choice === 0) {
        const options = draws.options({
          ...shared,
          sigma,
          perplexity: () => perplexity(draws),
          k: () => draws.pick([1, 5, [1, 2, 3], []]),
          labels: () => Array.from({ length: n }, (_, i) => draws.pick([0, 1, "a", "b", i])),
          sample: () => draws.pick(["auto", 2, 10, 1000]),
          perPoint: () => draws.once(2),
        });
        await library.evaluate(points(), embedding(), { ...options, signal } as object);
      } else if (choice === 1) {
        const { onProgress, threads } = common(draws, signal);
        const options = draws.options({
          onProgress,
          threads,
          method: () => draws.pick(["flow", "iterative", "conditional"]),
          relaxations: () => draws.integer(0, 20),
          grid: () => draws.integer(1, 200),
          gamma: () => draws.fraction(),
          tolerance: () => draws.fraction(),
          iterations: () => draws.integer(1, 30),
          bins: () => draws.integer(2, 60),
        });
        finite(
          (await library.separateUniformly(embedding(), { ...options, signal } as object)).points,
          "a separated embedding",
        );
      } else if (choice === 2) {
        const { onProgress, threads } = common(draws, signal);
        const sizes = { rows: () => draws.pick([1, 7, 40, 2 ** 20]), columns: () => draws.pick([1, 7, 40, 2 ** 20]) };
        await library.assignToGrid(embedding(), {
          ...draws.options({ onProgress, threads, ...sizes }),
          signal,
        } as object);
      } else if (choice === 3) {
        const options = draws.options({ ...shared, sigma, k: () => draws.integer(1, 12), querySigma: sigma });
        const query = draws.pick([
          () => draws.integer(0, 45),
          () => draws.matrixLike(2, d),
          () => Int32Array.of(0, 1),
          () => new Float32Array(d),
        ])();
        const found = await library.nearest(
          points(),
          draws.perhaps(() => query) as number,
          { ...options, signal } as object,
        );
        promise(
          found.distances.data.every((x) => x >= 0),
          "distances are not negative",
        );
      } else if (choice === 4) {
        const { seed, threads } = common(draws, signal);
        const given = draws.perhaps(() => draws.integer(0, 8)) as number;
        const { scores } = await library.pca(points(), given, {
          ...draws.options({ seed, threads }),
          signal,
        } as object);
        finite(scores, "scores");
      } else if (choice === 5) {
        library.procrustes(embedding(), embedding());
      } else {
        library.toMatrix(draws.perhaps(() => draws.matrixLike(n, d), 2) as library.Matrix);
      }
    });
  }),

  target("pictures", async (draws) => {
    const n = draws.integer(0, 30);
    const numbers = () => Array.from({ length: n }, () => draws.pick([0, 1, -1e300, 1e300, 5, 0.1, Number.NaN]));
    const look = {
      labels: () => Array.from({ length: n }, (_, i) => draws.pick([0, 1, "a", "", "x".repeat(300), i])),
      values: numbers,
      sizes: numbers,
      contours: () => draws.once(2),
      title: () => draws.pick(["", "A map", "𝒙".repeat(500), "\u0000<&>\"'", "\n\n"]),
      subtitle: () => "&amp;",
      theme: () => draws.pick(["light", "dark"]),
      format: () => draws.pick(["png", "svg"]),
      pointSize: () => draws.pick([1e-9, 4, 1000]),
      marks: () => [0, n - 1],
      ellipses: () => ({ covariances: draws.matrixLike(n, 3, true), level: draws.fraction() }),
    };
    const size = { width: draws.integer(200, 400), height: draws.integer(200, 400) };
    const embedding = () => draws.perhaps(() => draws.matrixLike(n, draws.integer(1, 3))) as library.Matrix;
    const kind = draws.integer(0, 3);
    await tolerate(isOurs, async () => {
      if (kind < 2) await library.drawMap(embedding(), { ...size, ...draws.options(look) } as object);
      else if (kind === 2) {
        const panels = draws.perhaps(() => [{ points: embedding(), title: "one" }, { points: embedding() }]);
        await library.drawMapsSideBySide(panels, { ...size, ...draws.options(look) } as object);
      } else {
        const { labels, title, theme } = look;
        const options = draws.options({ labels, title, theme, captions: () => ["a", "b"], delay: () => 100 });
        await library.drawAnimation([embedding(), embedding()], { ...size, ...options } as object);
      }
    });
  }),

  target("writers", async (draws, folder) => {
    const n = draws.integer(0, 20);
    const extension = draws.pick([".npy", ".csv", ".tsv", ".arrow", ".feather", ".arrows", ".parquet", ".png", ""]);
    const path = draws.perhaps(() => join(folder, `file${extension}`), 60);
    const text = () => draws.pick(["", "a", "ü", '"', ",", "\n", "\t#", "\u0000", "𝒙", " x ", "\ud800", "nan"]);
    await tolerate(
      isOurs,
      async () => {
        const matrix = draws.perhaps(() => draws.matrixLike(n, draws.integer(0, 5))) as library.Matrix;
        const options = draws.options({ columns: () => [text(), text()] });
        await library.writeMatrix(path, matrix, options as object);
        const { data } = await library.readMatrix(path);
        const wanted = library.toMatrix(matrix).data;
        // With names such as those of labels or row names, columns are read in other roles, so matrices with column
        // names are not checked.
        promise("columns" in options || wanted.length === data.length, "a matrix is read as it was written");
      },
      async () => {
        const column = () =>
          draws.perhaps(() =>
            draws.pick([
              () => Array.from({ length: n }, text),
              () => Float32Array.from({ length: n }, () => draws.fraction()),
              () => Int32Array.from({ length: n }, () => draws.byte()),
              () => new Float64Array(n).fill(Number.NaN),
            ])(),
          ) as string[];
        const table = new Map(Array.from({ length: draws.integer(0, 4) }, () => [text(), column()] as const));
        await library.writeTable(
          path,
          draws.perhaps(() => table),
        );
        const found = await library.readTable(path);
        promise(
          [...found.values()].every((values) => values.length === n),
          "a table is read as it was written",
        );
      },
      () =>
        library.writeMatrices(
          path,
          draws.perhaps(() => [draws.matrix(n, 2), draws.matrix(n, 2)]),
        ),
      () =>
        library.writeArray(
          path,
          new Float32Array(n),
          draws.perhaps(() => [n]),
        ),
    );
  }),

  target("models", async (draws) => {
    const { selectBackend } = await import("../../../src/vae/backends/index.js");
    const { createModel } = await import("../../../src/vae/models/registry.js");
    const { MODELS } = await import("../../../src/vae/models/settings.js");
    await selectBackend("wasm", { threads: 1 });
    const name = draws.perhaps(() => draws.pick(MODELS), 60);
    const options = {
      height: draws.integer(1, 12),
      width: draws.integer(1, 12),
      hiddenDim: draws.integer(1, 6),
      ...draws.options({
        channels: () => draws.integer(1, 3),
        zDim: () => draws.integer(1, 4),
        hiddenDim: () => draws.integer(1, 6),
        numLayers: () => draws.integer(0, 3),
        clusters: () => draws.integer(1, 4),
        likelihood: () => draws.pick(["bernoulli", "gaussian"]),
        outputVariance: () => draws.pick([1e-6, 0.1, 1]),
        seed: () => draws.byte(),
        filters: () => [1, 2],
        experiment: () => draws.integer(1, 5),
      }),
    };
    await tolerate(isOurs, () => createModel(name, options).dispose());
  }),
];
