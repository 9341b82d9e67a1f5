import { effect, signal } from "@preact/signals";
import { fetchCovariances, fetchLayout } from "../server-requests.js";
import { failure, firstLayout, layoutOf, mostMovedRows, secondLayout, view } from "../state.js";
import { type DrawnLayout, toDrawnLayout } from "./drawn-layout.js";
import { mostMoved } from "./geometry.js";

const loaded = signal<ReadonlyMap<string, DrawnLayout>>(new Map());
const covariances = signal<ReadonlyMap<string, Float32Array>>(new Map());
/** Ids of layouts that were requested and are not loaded yet. */
export const loadingLayouts = signal<ReadonlySet<string>>(new Set());
const asked = new Set<string>();

/** A layout; undefined until it is loaded. The first call requests it. */
export function drawnLayout(id: string): DrawnLayout | undefined {
  const found = loaded.value.get(id);
  const layout = layoutOf(id);
  if (!found && layout && !asked.has(id)) {
    asked.add(id);
    loadingLayouts.value = new Set([...loadingLayouts.peek(), id]);
    fetchLayout(id)
      .then((raw) => {
        loaded.value = new Map([...loaded.peek(), [id, toDrawnLayout(id, layout.kind, raw)]]);
      })
      .catch((error: Error) => {
        asked.delete(id);
        failure.value = `“${layout.title}” was not loaded: ${error.message}`;
      })
      .finally(() => {
        loadingLayouts.value = new Set([...loadingLayouts.peek()].filter((one) => one !== id));
      });
  }
  return found;
}

/** Covariances of a layout, n x 3; undefined if the layout has none or they are not loaded yet. */
export function covariancesOf(id: string): Float32Array | undefined {
  const found = covariances.value.get(id);
  const layout = layoutOf(id);
  const key = `covariances of ${id}`;
  if (!found && layout?.hasCovariances && !asked.has(key)) {
    asked.add(key);
    fetchCovariances(layout)
      .then((values) => {
        covariances.value = new Map([...covariances.peek(), [id, values]]);
      })
      .catch((error: Error) => {
        failure.value = `The uncertainty of “${layout.title}” was not loaded: ${error.message}`;
      });
  }
  return found;
}

/** Discards all layouts, because the explored data have changed. */
export function forgetLayouts(): void {
  asked.clear();
  loaded.value = new Map();
  covariances.value = new Map();
}

const MAX_MARKS = 20;

effect(() => {
  if (view.value === "one") {
    mostMovedRows.value = [];
    return;
  }
  const [start, end] = [drawnLayout(firstLayout.value), drawnLayout(secondLayout.value)];
  mostMovedRows.value = start && end && start !== end ? mostMoved(start.xy, end.xy, MAX_MARKS) : [];
});
