import { batch } from "@preact/signals";
import type { ExplorationDescription } from "../protocol.js";
import { restoreFromAddress } from "./address/page-address.js";
import { isActive, listenToServer, replaceComputations, updateComputation } from "./computations/computations.js";
import { forgetColumns } from "./map/column-values.js";
import { drawnLayout, forgetLayouts } from "./map/loaded-layouts.js";
import { forgetPoints } from "./map/point-descriptions.js";
import { forgetSingleImages } from "./map/single-images.js";
import { forgetThumbnails } from "./map/thumbnails.js";
import { listenToOfflineMaps } from "./offline/offline-maps.js";
import { shareSelectionWithFrame } from "./selections/frame-selection.js";
import { forgetSelectionHistory } from "./selections/history.js";
import { forgetSelections } from "./selections/saved-selections.js";
import { fetchDescription, isOffline, RequestFailure } from "./server-requests.js";
import {
  clicked,
  coloredBy,
  connection,
  description,
  failure,
  firstLayout,
  hasChosenHoverColumns,
  hoverColumns,
  hovered,
  layoutOf,
  maps,
  panel,
  placedExample,
  previousClicked,
  secondLayout,
  selected,
  view,
  watchedComputation,
} from "./state.js";

/** Reads the description now and whenever it changes. */
export async function start(): Promise<void> {
  await read();
  if (isOffline) {
    listenToOfflineMaps({ onChange: read, onComputation: updateComputation });
    return;
  }
  listenToServer(read);
  await shareSelectionWithFrame();
}

const NEW_TOKEN = "The explorer was started again and has a new token. Open the address that its terminal shows.";

async function read(): Promise<void> {
  let come: ExplorationDescription;
  try {
    come = await fetchDescription();
  } catch (error) {
    if (error instanceof RequestFailure) failure.value = error.code === "TOKEN" ? NEW_TOKEN : error.message;
    connection.value = "lost";
    return;
  }
  const before = description.peek();
  if (before?.version !== come.version) {
    // New layouts and columns leave the existing ones unchanged. If the points are different, another source is
    // explored, and everything that was loaded is discarded.
    if (before && (before.n !== come.n || before.name !== come.name)) forget();
    batch(() => {
      description.value = come;
      choose(come);
    });
    replaceComputations(come.computations);
    restoreFromAddress();
    // The panel of computations opens only if there is nothing else to show.
    if (!before && come.layouts.length === 0 && come.computations.some(isActive)) panel.value = "computations";
  }
  connection.value = "ready";
}

/** Keeps the shown layouts and columns if they still exist; otherwise chooses new ones. */
function choose({ columns, name }: ExplorationDescription): void {
  document.title = `${name} · sigma-tsne explorer`;
  if (!layoutOf(firstLayout.peek())) firstLayout.value = maps.peek()[0]?.id ?? "";
  if (!layoutOf(secondLayout.peek())) secondLayout.value = maps.peek()[1]?.id ?? "";
  if (!secondLayout.peek()) view.value = "one";
  if (firstLayout.peek()) drawnLayout(firstLayout.peek());
  if (!columns.some(({ id }) => id === coloredBy.peek())) {
    const byClass = columns.find(({ id }) => id === "label") ?? columns.find(({ kind }) => kind === "category");
    coloredBy.value = (byClass ?? columns[0])?.id ?? "";
  }
  const identifier = columns.find(({ role }) => role === "identifier");
  if (!hasChosenHoverColumns.peek()) hoverColumns.value = identifier ? [identifier.id] : [];
}

function forget(): void {
  forgetColumns();
  forgetLayouts();
  forgetPoints();
  forgetThumbnails();
  forgetSingleImages();
  batch(() => {
    for (const row of [hovered, clicked, previousClicked]) row.value = undefined;
    selected.value = undefined;
    placedExample.value = undefined;
    watchedComputation.value = undefined;
  });
  forgetSelections();
  forgetSelectionHistory();
}
