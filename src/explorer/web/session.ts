import { batch } from "@preact/signals";
import type { ExplorationDescription } from "../protocol.js";
import { hear, isActive, listenToServer } from "./live/watching.js";
import { forgetColumns } from "./map/coloring.js";
import { forgetPoints } from "./map/hover-card.js";
import { forgetLayouts, placesOf } from "./map/layouts.js";
import { forgetThumbnails } from "./map/thumbnails.js";
import { fetchDescription, isOffline, RefusedError } from "./server.js";
import {
  clicked,
  coloredBy,
  connection,
  description,
  failure,
  first,
  hovered,
  layoutOf,
  maps,
  panel,
  placed,
  previousClicked,
  second,
  selected,
  view,
  watched,
} from "./store.js";

/** Reads what is explored, now and whenever it changes. */
export async function start(): Promise<void> {
  await read();
  if (!isOffline) listenToServer(read);
}

async function read(): Promise<void> {
  let come: ExplorationDescription;
  try {
    come = await fetchDescription();
  } catch (error) {
    if (error instanceof RefusedError) failure.value = error.message;
    connection.value = "lost";
    return;
  }
  const before = description.peek();
  if (before?.version !== come.version) {
    // A layout or a column that was added leaves the others as they are; other points are another exploration.
    if (before && (before.n !== come.n || before.name !== come.name)) forget();
    batch(() => {
      description.value = come;
      choose(come);
    });
    for (const run of come.live) hear(run);
    // Where there is nothing else to look at yet.
    if (!before && come.layouts.length === 0 && come.live.some(isActive)) panel.value = "live";
  }
  connection.value = "ready";
}

/** Keeps what is shown where it still is there, else chooses anew. */
function choose({ columns, name }: ExplorationDescription): void {
  document.title = `${name} · sigma-tsne explorer`;
  if (!layoutOf(first.peek())) first.value = maps.peek()[0]?.id ?? "";
  if (!layoutOf(second.peek())) second.value = maps.peek()[1]?.id ?? "";
  if (!second.peek()) view.value = "one";
  if (first.peek()) placesOf(first.peek());
  if (!columns.some(({ id }) => id === coloredBy.peek())) {
    const byClass = columns.find(({ id }) => id === "label") ?? columns.find(({ kind }) => kind === "category");
    coloredBy.value = (byClass ?? columns[0])?.id ?? "";
  }
}

function forget(): void {
  forgetColumns();
  forgetLayouts();
  forgetPoints();
  forgetThumbnails();
  batch(() => {
    for (const row of [hovered, clicked, previousClicked]) row.value = undefined;
    selected.value = undefined;
    placed.value = undefined;
    watched.value = undefined;
  });
}
