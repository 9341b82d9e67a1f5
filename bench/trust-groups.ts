import { Matrix } from "../src/matrix.js";
import { pca } from "../src/pca/index.js";
import { type TrustGroups, trust } from "../src/trust/index.js";
import { Tsne } from "../src/tsne/index.js";
import { readTestImages, readTestLabels } from "./datasets.js";
import { GENERATORS, normals } from "./generated-data.js";
import { type Machine, round } from "./machine.js";
import { markdownTable } from "./markdown.js";

export interface TrustGroupsRecord {
  date: string;
  machine: Machine;
  versions: Readonly<Record<string, string>>;
  settings: { runs: number; threads: number };
  /**
   * Embeddings of one Gaussian, and the number of them in which a group is called stable or unstable, instead of no
   * evidence.
   */
  gaussians: { columns: string; points: number; perplexity: number; runs: number; shown: number }[];
  /** Data that have groups. */
  real: {
    data: string;
    points: number;
    groups: number;
    stable: number;
    /** Number of classes, and number of stable ones. */
    classes: number;
    stableClasses: number;
    /** Means over the classes. */
    together: number;
    mixed: number;
    seconds: number;
  }[];
}

/** The standard deviations of the columns of a Gaussian. */
const SHAPES: readonly [name: string, deviations: number[]][] = [
  ["2, equal", [1, 1]],
  ["5, equal", new Array(5).fill(1)],
  ["20, equal", new Array(20).fill(1)],
  ["20, falling as 1 / k", Array.from({ length: 20 }, (_, k) => 1 / (k + 1))],
  ["5, one ten times the others", [10, 1, 1, 1, 1]],
];
const SIZES: readonly [points: number, perplexity: number][] = [
  [250, 10],
  [250, 30],
  [500, 30],
  [1000, 30],
];

/** Runs both parts and adds them to the record. */
export async function measureTrustGroups(
  record: TrustGroupsRecord,
  folder: string | undefined,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { runs, threads } = record.settings;
  const settings = SHAPES.flatMap((shape) => SIZES.map((size) => [...shape, ...size] as const));
  for (const [index, [columns, deviations, points, perplexity]] of settings.entries()) {
    const count = Math.floor((runs * (index + 1)) / settings.length) - Math.floor((runs * index) / settings.length);
    let shown = 0;
    for (let seed = 1; seed <= count; seed++) {
      const normal = normals(1000 * index + seed);
      const d = deviations.length;
      const values = Float32Array.from({ length: points * d }, (_, at) => deviations[at % d] * normal());
      const run = new Tsne(new Matrix(values, points, d), { perplexity, seed, threads, signal });
      await run.fit();
      const { groups } = await trust(run, { groups: true, reruns: 2, seed, signal });
      shown += Number(groups?.groups.some(({ verdict }) => verdict !== "no evidence"));
    }
    if (count === 0) continue;
    record.gaussians.push({ columns, points, perplexity, runs: count, shown });
    log(
      `one Gaussian of ${columns} columns, ${points} points, perplexity ${perplexity}: ${shown} of ${count} show a group`,
    );
  }
  const normal = normals(5);
  const mixture = GENERATORS.generated.generate(4000);
  const components = Array.from({ length: 4000 }, (_, i) => `component ${i % 20}`);
  const far = GENERATORS["far-groups"].generate(2000);
  const overlapping = new Matrix(
    Float32Array.from({ length: 2000 * 10 }, (_, at) => normal() + (at % 10 === Math.floor(at / 10) % 4 ? 4 : 0)),
    2000,
    10,
  );
  await examine(record, "mixture of 20 Gaussians", mixture, components, log, signal);
  await examine(
    record,
    "two Gaussians far apart",
    far,
    Array.from({ length: 2000 }, (_, i) => i % 2),
    log,
    signal,
  );
  const fourth = Array.from({ length: 2000 }, (_, i) => i % 4);
  await examine(record, "four Gaussians 5.7 standard deviations apart", overlapping, fourth, log, signal);
  if (folder === undefined) return;
  const images = await readTestImages(folder);
  const { scores } = await pca(images, 50, { signal });
  await examine(record, "MNIST, test images", scores, await readTestLabels(folder), log, signal);
}

async function examine(
  record: TrustGroupsRecord,
  data: string,
  points: Matrix,
  labels: ArrayLike<string | number>,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const run = new Tsne(points, { threads: record.settings.threads, signal });
  await run.fit();
  const { groups: tested, seconds } = await trust(run, { groups: true, labels, signal });
  const { groups, labels: classes } = tested as TrustGroups;
  const mean = (of: "together" | "mixed") =>
    round(classes.reduce((sum, { reruns }) => sum + reruns[of], 0) / classes.length, 3);
  const isStable = ({ verdict }: { verdict: string }) => verdict === "stable";
  record.real.push({
    data,
    points: points.rows,
    groups: groups.length,
    stable: groups.filter(isStable).length,
    classes: classes.length,
    stableClasses: classes.filter(isStable).length,
    together: mean("together"),
    mixed: mean("mixed"),
    seconds: round(seconds, 1),
  });
  log(`${data}: ${JSON.stringify(record.real.at(-1))}`);
}

/** Formats the tables of bench/README.md. */
export function formatTrustGroups({ gaussians, real }: TrustGroupsRecord): string {
  const sum = (of: "runs" | "shown") => gaussians.reduce((total, row) => total + row[of], 0);
  return [
    `${sum("shown")} of ${sum("runs")} maps of one Gaussian show a group.`,
    "",
    markdownTable(
      ["columns", "points", "perplexity", "maps", "with a group"],
      gaussians.map(({ columns, points, perplexity, runs, shown }) => [
        columns,
        `${points}`,
        `${perplexity}`,
        `${runs}`,
        `${shown}`,
      ]),
      1,
    ),
    "",
    markdownTable(
      ["data with groups", "points", "groups", "stable", "classes", "stable", "together", "mixed"],
      real.map((row) => [
        row.data,
        ...[row.points, row.groups, row.stable, row.classes, row.stableClasses].map(String),
        row.together.toFixed(3),
        row.mixed.toFixed(3),
      ]),
      1,
    ),
  ].join("\n");
}
