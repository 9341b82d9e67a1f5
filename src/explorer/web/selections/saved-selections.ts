import { signal } from "@preact/signals";
import { paths, SELECTIONS_KIND, type SelectionDescription, type SelectionsFile } from "../../protocol.js";
import { ask, isOffline, save } from "../server-requests.js";
import { description, failure, selected } from "../state.js";

/** Loaded rows of saved selections. An offline page keeps its saved selections here until it is closed. */
const loaded = signal<ReadonlyMap<string, Uint32Array>>(new Map());
const ownOfOffline = signal<readonly SelectionDescription[]>();

/** The saved selection that was shown last. */
export const shownSelection = signal<{ readonly name: string; readonly rows: Uint32Array }>();

/** All saved selections. */
export const savedSelections = (): readonly SelectionDescription[] =>
  ownOfOffline.value ?? description.value?.selections ?? [];

/** Rows of a saved selection. */
export async function loadSelection(name: string): Promise<Uint32Array> {
  const size = savedSelections().find((one) => one.name === name)?.size;
  const known = loaded.value.get(name);
  if (known && known.length === size) return known;
  const rows = new Uint32Array(await (await ask(paths.savedSelection(name))).arrayBuffer());
  remember(name, rows);
  return rows;
}

function remember(name: string, rows: Uint32Array): void {
  loaded.value = new Map([...loaded.peek(), [name, rows]]);
}

export function forgetSelections(): void {
  loaded.value = new Map();
  ownOfOffline.value = undefined;
  shownSelection.value = undefined;
}

export async function saveSelectionAs(name: string, rows: Uint32Array): Promise<void> {
  if (isOffline) {
    ownOfOffline.value = [...savedSelections().filter((one) => one.name !== name), { name, size: rows.length }];
  } else {
    const headers = { "content-type": "application/octet-stream" };
    await ask(paths.savedSelection(name), { method: "PUT", headers, body: Uint32Array.from(rows) });
  }
  remember(name, rows);
  if (selected.peek() === rows) shownSelection.value = { name, rows };
}

export async function deleteSelection(name: string): Promise<void> {
  if (isOffline) ownOfOffline.value = savedSelections().filter((one) => one.name !== name);
  else await ask(paths.savedSelection(name), { method: "DELETE" });
  if (shownSelection.peek()?.name === name) shownSelection.value = undefined;
}

/** Selects the rows of a saved selection. */
export async function showSelection(name: string): Promise<void> {
  await reporting(`“${name}” was not loaded`, async () => {
    const rows = await loadSelection(name);
    shownSelection.value = { name, rows };
    selected.value = rows;
  });
}

/** Saves all selections as one JSON file. */
export async function exportSelections(): Promise<void> {
  await reporting("The selections were not exported", async () => {
    const selections: Record<string, readonly number[]> = {};
    for (const { name } of savedSelections()) selections[name] = Array.from(await loadSelection(name));
    const file: SelectionsFile = { kind: SELECTIONS_KIND, version: 1, points: description.value?.n ?? 0, selections };
    save(new Blob([JSON.stringify(file)], { type: "application/json" }), "selections.json");
  });
}

/** Imports the selections of an exported file. They replace selections with the same names. */
export async function importSelections(file: File): Promise<void> {
  await reporting(`${file.name} was not imported`, async () => {
    const { kind, points, selections } = JSON.parse(await file.text()) as Partial<SelectionsFile>;
    const n = description.value?.n ?? 0;
    if (kind !== SELECTIONS_KIND || typeof selections !== "object" || selections === null) {
      throw new Error("it is not a file of selections: expected a file that “Export” has written.");
    }
    if (points !== n) throw new Error(`it contains selections of ${points} points, but this source has ${n}.`);
    for (const [name, rows] of Object.entries(selections)) {
      const isList = Array.isArray(rows) && rows.every((row) => Number.isInteger(row) && row >= 0 && row < n);
      if (!isList || rows.length === 0)
        throw new Error(`selection “${name}” is not a list of row numbers from 0 to ${n - 1}.`);
      await saveSelectionAs(name, Uint32Array.from(rows).sort());
    }
  });
}

/** Runs `act`, and shows an error on the page if it fails. */
export async function reporting(what: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    failure.value = `${what}: ${(error as Error).message}`;
  }
}
