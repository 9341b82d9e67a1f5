import { computed, effect, signal } from "@preact/signals";
import { type LiveRun, paths } from "../../protocol.js";
import { type Places, toPlaces } from "../map/places.js";
import { fetchLiveLayout } from "../server.js";
import { connection, description, first, layoutOf, layouts, liveRuns, watched } from "../store.js";

/** What a run measured, one entry whenever it was heard of with a new iteration. */
export interface RunHistory {
  readonly iterations: readonly number[];
  /** By name; the loss or KL divergence among them. */
  readonly values: ReadonlyMap<string, readonly number[]>;
}

export const histories = signal<ReadonlyMap<string, RunHistory>>(new Map());
/** Where the points of the watched run are now. */
export const livePlaces = signal<Places>();
export const liveIteration = signal(0);

export const isActive = ({ state }: LiveRun): boolean => state === "running" || state === "waiting";
export const lossTitle = ({ kind }: LiveRun): string => (kind === "embedding" ? "KL divergence" : "Loss");

/**
 * Listens to the server's runs, and notices when the server is gone.
 *
 * @param onChange is called when what is explored has changed, and when the server is back
 */
export function listenToServer(onChange: () => void): void {
  const events = new EventSource(paths.live);
  events.addEventListener("open", () => {
    const wasLost = connection.value === "lost";
    connection.value = description.value ? "ready" : "loading";
    if (wasLost) onChange();
  });
  events.addEventListener("run", ({ data }) => hear(JSON.parse(data) as LiveRun));
  events.addEventListener("exploration", onChange);
  events.addEventListener("error", () => {
    connection.value = "lost";
    if (events.readyState !== EventSource.CLOSED) return;
    // The browser has given up, as it does where the server answered with an error.
    setTimeout(() => listenToServer(onChange), 3000);
  });
}

/** Takes note of a run. */
export function hear(run: LiveRun): void {
  liveRuns.value = new Map([...liveRuns.peek(), [run.id, run]]);
  record(run);
}

function record(run: LiveRun): void {
  const measured = { ...(run.loss !== null && { [lossTitle(run)]: run.loss }), ...run.parts };
  const names = Object.keys(measured);
  if (names.length === 0) return;
  const known = histories.peek().get(run.id);
  const last = known?.iterations.at(-1);
  // A run that begins anew has a new history.
  const before = known && last !== undefined && last <= run.iteration ? known : { iterations: [], values: new Map() };
  if (last === run.iteration && before === known) return;
  const values = new Map<string, readonly number[]>();
  for (const name of new Set([...before.values.keys(), ...names])) {
    const earlier = before.values.get(name) ?? before.iterations.map(() => Number.NaN);
    values.set(name, [...earlier, measured[name] ?? Number.NaN]);
  }
  histories.value = new Map([
    ...histories.peek(),
    [run.id, { iterations: [...before.iterations, run.iteration], values }],
  ]);
}

/** Embeddings that have begun to move and are not finished. */
export const watchable = computed(() =>
  [...liveRuns.value.values()].filter(
    ({ kind, state, layout, iteration }) =>
      kind === "embedding" && layout !== null && iteration > 0 && (state === "running" || state === "stopped"),
  ),
);

/** Milliseconds between two looks at a run. */
const PACE = 300;

// The positions of the watched run, again and again while it is watched.
effect(() => {
  const id = watched.value;
  livePlaces.value = undefined;
  if (id === undefined) return;
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = async () => {
    try {
      const { positions, iteration } = await fetchLiveLayout(id);
      if (isOver) return;
      if (positions.length === 2 * (description.peek()?.n ?? 0)) {
        livePlaces.value = toPlaces(`live:${id}`, "map", positions);
        liveIteration.value = iteration;
      }
    } catch {
      // Just over, or the server is gone: the next look will tell.
    }
    if (!isOver) timer = setTimeout(look, PACE);
  };
  look();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
});

// While there is no map, the first one is watched as it forms.
effect(() => {
  if (layouts.value.length === 0 && watched.value === undefined) watched.value = watchable.value[0]?.id;
});

// A run that is over is shown as the layout it has become.
effect(() => {
  const run = watched.value === undefined ? undefined : liveRuns.value.get(watched.value);
  if (!run || watchable.value.some(({ id }) => id === run.id)) return;
  if (run.layout !== null && layoutOf(run.layout)) {
    first.value = run.layout;
    watched.value = undefined;
  } else if (layouts.value.length > 0 && run.state === "failed") watched.value = undefined;
});
