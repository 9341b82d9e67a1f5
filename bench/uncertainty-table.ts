import { markdownTable } from "./markdown.js";
import type { Recovery, UncertaintyRecord } from "./uncertainty.js";

/** One row of the table: the same data, noise and level, over all seeds. */
interface Cell {
  readonly data: string;
  readonly noise: string;
  readonly level: number;
  readonly runs: readonly Recovery[];
}

/** Two tables: the share of true neighbors with label accuracy, and how the automatic floor compares with plain maps. */
export function formatUncertainty({ recoveries, settings }: UncertaintyRecord): string {
  const cells = groupBySeed(recoveries);
  const variants = Object.keys(recoveries[0]?.scores ?? {});
  const rows = cells.map((cell) => [
    cell.data,
    `per ${cell.noise}`,
    String(cell.level),
    ...variants.map((name) => `${mean(cell, name, "kept").toFixed(3)} / ${mean(cell, name, "accuracy").toFixed(3)}`),
  ]);
  const table = markdownTable(["data", "noise", "median sigma", ...variants], rows, variants.length + 1);
  return `${table}\n\n${summary(cells)}\n\n${settings.seeds} seeds; ${settings.points} points of MNIST, ${settings.syntheticPoints} of each synthetic truth.`;
}

function summary(cells: readonly Cell[]): string {
  const gains = cells.map((cell) => mean(cell, "auto", "kept") - mean(cell, "without sigma", "kept"));
  const worst = Math.min(...gains);
  const better = gains.filter((gain) => gain > 0).length;
  const words = worst < 0 ? `${(-worst).toFixed(3)} below` : `${worst.toFixed(3)} above`;
  return `With the automatic floor the share of true neighbors is higher than without sigma in ${better} of ${cells.length} rows. In its worst row it is ${words}.`;
}

function groupBySeed(recoveries: readonly Recovery[]): Cell[] {
  const cells = new Map<string, Recovery[]>();
  for (const recovery of recoveries) {
    const key = [recovery.data, recovery.noise, recovery.level].join();
    cells.set(key, [...(cells.get(key) ?? []), recovery]);
  }
  return [...cells.values()].map((runs) => {
    const [{ data, noise, level }] = runs as [Recovery];
    return { data, noise, level, runs };
  });
}

const mean = ({ runs }: Cell, variant: string, score: "kept" | "accuracy"): number =>
  runs.reduce((sum, { scores }) => sum + (scores[variant]?.[score] ?? Number.NaN), 0) / runs.length;
