import { nameMachine } from "./machine.js";
import { count, markdownTable, median, significant } from "./markdown.js";
import type { Race, RaceRun } from "./race.js";

/** Ratios of the times of the implementation's runs to the time of this project's run directly before each. */
export function ratiosTo(race: Race, implementation: string): number[] {
  if (implementation === "ours") return [];
  return race.runs.flatMap((theirs, i) => {
    const before = race.runs[i - 1];
    return theirs.implementation === implementation && before?.implementation === "ours"
      ? [theirs.seconds / before.seconds]
      : [];
  });
}

/** Races of one kind with the same settings have the same key and share a row of the published table. */
function keyOf({ dataset, settings }: Race): string {
  const { rounds: _, timeout: __, ...rest } = settings;
  return JSON.stringify([dataset.name, rest]);
}

/** Returns the known races. Races that were run again replace earlier ones. */
export function mergeRaces(known: readonly Race[], latest: readonly Race[]): Race[] {
  const races = new Map([...known, ...latest].map((race) => [keyOf(race), race]));
  return [...races.values()];
}

/** Formats races as a Markdown table, followed by the machines and versions. */
export function formatRaces(races: readonly Race[]): string {
  const header = ["data", "program", "seconds", "times ours", "iterations", "KL", "10-NN kept", "peak MiB"];
  const rows = races.flatMap((race) => {
    const { name, n, d } = race.dataset;
    return race.implementations.map((implementation, i) => [
      i === 0 ? `**${name}**, ${count(n)} x ${d}` : "",
      ...cells(race, implementation),
    ]);
  });
  return [markdownTable(header, rows, 6), stagesOf(races), notes(races)].filter((part) => part !== "").join("\n\n");
}

function cells(race: Race, { name, label, failure }: Race["implementations"][number]): string[] {
  const runs = race.runs.filter((run) => run.implementation === name);
  const program = name.startsWith("ours") ? label + describeOptions(race) : label;
  if (runs.length === 0) return [program, failure === undefined ? "not run" : `failed: ${failure}`, "", "", "", "", ""];
  const middle = (pick: (run: RaceRun) => number) => median(runs.map(pick));
  const ratios = ratiosTo(race, name);
  return [
    failure === undefined ? program : `${program} (failed once: ${failure})`,
    significant(middle((run) => run.seconds)),
    ratios.length === 0 ? "1" : formatRatios(ratios),
    count(middle((run) => run.iterations ?? race.settings.iterations)),
    middle((run) => run.kl).toFixed(3),
    middle((run) => run.kept10).toFixed(3),
    count(Math.round(middle((run) => run.peakMib))),
  ];
}

function formatRatios(ratios: readonly number[]): string {
  const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  return ratios.length === 1 ? median(ratios).toFixed(2) : `**${median(ratios).toFixed(2)}** (${range})`;
}

function describeOptions({ settings, runs }: Race): string {
  const method = runs.find((run) => run.method !== undefined)?.method;
  const options = Object.entries(settings.ours).map(([key, value]) => `${key} ${value}`);
  const parts = method === undefined || "method" in settings.ours ? options : [method, ...options];
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** Seconds of each stage of this project: medians over its runs. */
function stagesOf(races: readonly Race[]): string {
  const measured = races.flatMap((race) =>
    race.implementations
      .filter(({ name }) => name.startsWith("ours"))
      .map(({ name, label }) => ({ race, label, runs: race.runs.filter((run) => run.implementation === name) })),
  );
  const rows = measured.filter(({ runs }) => runs.some(({ stages }) => stages));
  const names = Object.keys(rows[0]?.runs.find((run) => run.stages)?.stages ?? {});
  const used = names.filter((name) => rows.some(({ runs }) => runs.some((run) => run.stages?.[name])));
  if (used.length === 0) return "";
  return `Seconds of the stages of sigma-tsne:\n\n${markdownTable(
    ["data", "program", ...used],
    rows.map(({ race, label, runs }) => [
      race.dataset.name,
      label + describeOptions(race),
      ...used.map((name) => significant(median(runs.map((run) => run.stages?.[name] ?? 0)))),
    ]),
    used.length,
  )}`;
}

/** Lists each different machine and set of versions once. */
function notes(races: readonly Race[]): string {
  const lines = races.map(({ date, machine, versions, settings }) => {
    const { threads, perplexity, iterations, rounds, seed } = settings;
    const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    return [
      `Threads ${threads}, perplexity ${perplexity}, iterations of the peers ${iterations}, seed ${seed} and one more each round, rounds ${rounds} (medians).`,
      `Measured on ${date.slice(0, 10)} on ${nameMachine(machine)}.`,
      `Versions: ${used.join(", ")}.`,
    ].join(" ");
  });
  const loads = races.map(({ machine, dataset }) => `${dataset.name} ${machine.load}`);
  return [...new Set(lines), `Load of the machine before the first run: ${loads.join(", ")}.`].join("\n\n");
}
