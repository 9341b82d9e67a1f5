import { computed, effect, signal } from "@preact/signals";
import { type ComputationState, paths } from "../../protocol.js";
import { type DrawnLayout, toDrawnLayout } from "../map/drawn-layout.js";
import { fetchComputationLayout } from "../server-requests.js";
import { computations, connection, description, firstLayout, layoutOf, layouts, watchedComputation } from "../state.js";

/** The measurements of a computation, with one entry for each received state with a new iteration. */
export interface ComputationHistory {
  readonly iterations: readonly number[];
  /** Measurements by name, including the loss or KL divergence. */
  readonly values: ReadonlyMap<string, readonly number[]>;
}

export const histories = signal<ReadonlyMap<string, ComputationHistory>>(new Map());
/** Current positions of the points in the watched embedding. */
export const watchedLayout = signal<DrawnLayout>();
export const watchedIteration = signal(0);

export const isActive = ({ state }: ComputationState): boolean => state === "running" || state === "waiting";
export const lossTitle = ({ kind }: ComputationState): string => (kind === "embedding" ? "KL divergence" : "Loss");

/**
 * Listens to the computations of the server, and detects when the server stops answering.
 *
 * @param onChange called when the description has changed, and when the server answers again
 */
export function listenToServer(onChange: () => void): void {
  const events = new EventSource(paths.events);
  events.addEventListener("open", () => {
    const wasLost = connection.value === "lost";
    connection.value = description.value ? "ready" : "loading";
    if (wasLost) onChange();
  });
  events.addEventListener("computation", ({ data }) => updateComputation(JSON.parse(data) as ComputationState));
  events.addEventListener("exploration", onChange);
  events.addEventListener("error", () => {
    connection.value = "lost";
    if (events.readyState !== EventSource.CLOSED) return;
    // The browser stops reconnecting if the server answers with an error status. The next request shows which error it
    // was.
    onChange();
    setTimeout(() => listenToServer(onChange), 3000);
  });
}

/** Replaces all computations. Computations that are missing from the new list belonged to a server that has ended. */
export function replaceComputations(known: readonly ComputationState[]): void {
  computations.value = new Map(known.map((computation) => [computation.id, computation]));
  for (const computation of known) record(computation);
}

/** Stores the new state of a computation. */
export function updateComputation(computation: ComputationState): void {
  computations.value = new Map([...computations.peek(), [computation.id, computation]]);
  record(computation);
}

function record(computation: ComputationState): void {
  const measured = {
    ...(computation.loss !== null && { [lossTitle(computation)]: computation.loss }),
    ...computation.parts,
  };
  const names = Object.keys(measured);
  if (names.length === 0) return;
  const known = histories.peek().get(computation.id);
  const last = known?.iterations.at(-1);
  // If the iteration goes backwards, the computation was restarted, and its history begins again.
  const before =
    known && last !== undefined && last <= computation.iteration ? known : { iterations: [], values: new Map() };
  if (last === computation.iteration && before === known) return;
  const values = new Map<string, readonly number[]>();
  for (const name of new Set([...before.values.keys(), ...names])) {
    const earlier = before.values.get(name) ?? before.iterations.map(() => Number.NaN);
    values.set(name, [...earlier, measured[name] ?? Number.NaN]);
  }
  histories.value = new Map([
    ...histories.peek(),
    [computation.id, { iterations: [...before.iterations, computation.iteration], values }],
  ]);
}

/** Unfinished embeddings after their first iteration. */
export const watchableComputations = computed(() =>
  [...computations.value.values()].filter(
    ({ kind, state, layout, iteration }) =>
      kind === "embedding" && layout !== null && iteration > 0 && (state === "running" || state === "stopped"),
  ),
);

/** Milliseconds between two requests for the positions of a computation. */
const PACE = 300;

// Requests the positions of the watched embedding repeatedly.
effect(() => {
  const id = watchedComputation.value;
  watchedLayout.value = undefined;
  if (id === undefined) return;
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = async () => {
    try {
      const { positions, iteration } = await fetchComputationLayout(id);
      if (isOver) return;
      if (positions.length === 2 * (description.peek()?.n ?? 0)) {
        watchedLayout.value = toDrawnLayout(`running:${id}`, "map", positions);
        watchedIteration.value = iteration;
      }
    } catch {
      // Either the embedding has just finished or the server is gone. The next request shows which.
    }
    if (!isOver) timer = setTimeout(look, PACE);
  };
  look();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
});

// Before the first map is finished, the page shows how it forms.
effect(() => {
  if (layouts.value.length === 0 && watchedComputation.value === undefined)
    watchedComputation.value = watchableComputations.value[0]?.id;
});

// When the watched embedding is finished, its layout is shown.
effect(() => {
  const computation =
    watchedComputation.value === undefined ? undefined : computations.value.get(watchedComputation.value);
  if (!computation || watchableComputations.value.some(({ id }) => id === computation.id)) return;
  if (computation.layout !== null && layoutOf(computation.layout)) {
    firstLayout.value = computation.layout;
    watchedComputation.value = undefined;
  } else if (layouts.value.length > 0 && computation.state === "failed") watchedComputation.value = undefined;
});
