import type { ReadColumn, TableColumn } from "../io/index.js";
import { describeTrust, explainColumns, type Trust, trust, trustColumns } from "../trust/index.js";
import type { Tsne } from "../tsne/index.js";
import { isTooLong, tableColumn } from "./columns.js";
import { Preparation } from "./computation.js";
import type { Exploration } from "./exploration.js";

/** Titles of the columns, in the order in which the page lists them. */
const TITLES: Readonly<Record<string, string>> = {
  doubts: "Doubts",
  map_group: "Group of the map",
  map_group_verdict: "Verdict on the group",
  staying: "Staying with the group",
  perturbation: "Perturbation",
  singularity: "Singularity",
  reliability: "Reliability",
  reliability_class: "Reliability class",
};

/**
 * Computes the trust report of a run with its groups while the page shows the map, then adds its columns and notices.
 */
export async function addTrust(exploration: Exploration, run: Tsne): Promise<void> {
  const { signal } = exploration;
  const preparation = new Preparation("trust", "Which points can be trusted", exploration.report);
  exploration.addComputation(preparation);
  const report = await preparation.run((onProgress) =>
    trust(run, { groups: true, signal, onProgress: ({ fraction }) => onProgress(fraction) }),
  );
  addTrustColumns(exploration, report);
}

/**
 * Adds the scores of a report as columns of the points, each with its explanation and threshold, and one notice per
 * finding.
 */
export function addTrustColumns(exploration: Exploration, report: Trust): void {
  const notes = explainColumns(report);
  const columns = trustColumns(report);
  for (const [name, title] of Object.entries(TITLES)) {
    const values = columns[name];
    if (values === undefined) continue;
    const names = { id: `trust:${name}`, title, name, note: notes[name] };
    const column = tableColumn(names, { holds: holdsOf(values), values: values as ReadColumn["values"] });
    if (!isTooLong(column)) exploration.addColumn(column);
  }
  for (const { sentence } of describeTrust(report)) exploration.addNotice(sentence);
}

const holdsOf = (values: TableColumn): ReadColumn["holds"] =>
  Array.isArray(values) && typeof values[0] === "string" ? "texts" : "numbers";
