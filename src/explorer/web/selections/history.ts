import { batch, computed, effect, signal } from "@preact/signals";
import { selected } from "../state.js";

type Selection = Uint32Array | undefined;

const MAX_STEPS = 100;
/** Earlier and later selections for undo and redo. The nearest one is last. */
const past = signal<readonly Selection[]>([]);
const future = signal<readonly Selection[]>([]);
let shown: Selection;

export const canUndo = computed(() => past.value.length > 0);
export const canRedo = computed(() => future.value.length > 0);

effect(() => {
  const now = selected.value;
  if (now === shown) return;
  past.value = [...past.peek(), shown].slice(-MAX_STEPS);
  future.value = [];
  shown = now;
});

/** Restores the previous selection. */
export function undoSelection(): void {
  step(past, future);
}

/** Restores the selection that {@link undoSelection} left. */
export function redoSelection(): void {
  step(future, past);
}

function step(from: typeof past, to: typeof past): void {
  const steps = from.peek();
  if (steps.length === 0) return;
  batch(() => {
    from.value = steps.slice(0, -1);
    to.value = [...to.peek(), shown];
    shown = steps.at(-1);
    selected.value = shown;
  });
}

/** Clears the history, because the points have changed or the page has restored the selection in its address. */
export function forgetSelectionHistory(): void {
  shown = selected.peek();
  batch(() => {
    past.value = [];
    future.value = [];
  });
}
