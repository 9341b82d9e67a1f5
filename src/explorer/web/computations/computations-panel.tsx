import type { ComputationState } from "../../protocol.js";
import { EmptyState } from "../controls.js";
import controls from "../controls.module.css";
import { formatNumber } from "../map/column-values.js";
import { forgetMap } from "../offline/offline-maps.js";
import { continueComputation, isOffline, stopComputation } from "../server-requests.js";
import { computations, failure, layouts, watchedComputation } from "../state.js";
import { histories, lossTitle, watchableComputations } from "./computations.js";
import styles from "./computations-panel.module.css";
import { Curve } from "./curve.js";

/** The computations of the server and the training that it monitors. */
export function ComputationsPanel() {
  return (
    <>
      <h2>Progress</h2>
      {computations.value.size === 0 && (
        <EmptyState title="Nothing is running">
          The progress of maps that are being computed, and of trainings that are monitored, appears here.
        </EmptyState>
      )}
      <ComputationList />
    </>
  );
}

/** All computations, first those that go on. */
export function ComputationList() {
  const all = [...computations.value.values()];
  const finished = all.filter(({ state }) => state === "finished");
  const others = all.filter(({ state }) => state !== "finished").sort((a, b) => rank(a) - rank(b));
  return (
    <>
      {others.map((computation) => (
        <ComputationSection key={computation.id} computation={computation} />
      ))}
      {finished.length > 0 && (
        <>
          <h3>Finished</h3>
          <ul class={styles.finished}>
            {finished.map((computation) => (
              <li key={computation.id}>
                <span class={styles.title}>{computation.title}</span>
                {computation.loss !== null && (
                  <small>
                    {lossTitle(computation)} {formatNumber(computation.loss)}
                  </small>
                )}
                {isOffline && (
                  <button type="button" onClick={() => forget(computation)}>
                    Remove
                  </button>
                )}
                <Curves computation={computation} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

/** Sorts running computations first and waiting ones last. */
const rank = ({ state }: ComputationState): number => ["running", "stopped", "failed", "waiting"].indexOf(state);

/** Cancels a computation of an offline page, or removes its map. */
function forget({ id }: ComputationState): void {
  if (watchedComputation.value === id) watchedComputation.value = undefined;
  forgetMap(id);
}

function Curves({ computation }: { computation: ComputationState }) {
  const history = histories.value.get(computation.id);
  if (!history || history.iterations.length < 2) return null;
  return (
    <div class={styles.curves}>
      {[...history.values].map(([name, values]) => (
        <Curve key={name} title={name} x={history.iterations} y={values} />
      ))}
    </div>
  );
}

function ComputationSection({ computation }: { computation: ComputationState }) {
  const unit = computation.kind === "training" ? "Epoch" : "Iteration";
  const act = async (what: (id: string) => Promise<ComputationState>) => {
    try {
      // The new state comes as an event. The answer may be older than an event that has already arrived.
      await what(computation.id);
    } catch (error) {
      failure.value = `“${computation.title}”: ${(error as Error).message}`;
    }
  };
  return (
    <section class={styles.run} aria-label={computation.title}>
      <div class={styles.runHead}>
        <h3>{computation.title}</h3>
        <span class={styles.state} data-state={computation.state}>
          {computation.state}
        </span>
      </div>
      {computation.message && <p class={controls.note}>{computation.message}</p>}
      {computation.state === "running" &&
        (computation.fraction === null ? <progress /> : <progress value={computation.fraction} max="1" />)}
      {computation.iteration > 0 && (
        <p class={styles.figures}>
          <span>
            {unit} <b>{computation.iteration.toLocaleString("en")}</b>
            {computation.iterations !== null && ` of ${computation.iterations.toLocaleString("en")}`}
          </span>
          {computation.loss !== null && (
            <span>
              {lossTitle(computation)} <b>{formatNumber(computation.loss)}</b>
            </span>
          )}
        </p>
      )}
      <Curves computation={computation} />
      <div class={controls.buttons}>
        {computation.controllable && computation.state === "running" && (
          <button type="button" onClick={() => act(stopComputation)}>
            Stop
          </button>
        )}
        {computation.controllable && computation.state === "stopped" && (
          <button type="button" class={controls.primary} onClick={() => act(continueComputation)}>
            Continue
          </button>
        )}
        {watchableComputations.value.some(({ id }) => id === computation.id) && layouts.value.length > 0 && (
          <button
            type="button"
            aria-pressed={watchedComputation.value === computation.id}
            onClick={() => {
              watchedComputation.value = watchedComputation.value === computation.id ? undefined : computation.id;
            }}
          >
            {watchedComputation.value === computation.id ? "Back to the maps" : "Watch the map form"}
          </button>
        )}
        {isOffline && (
          <button type="button" onClick={() => forget(computation)}>
            {computation.state === "failed" ? "Dismiss" : "Cancel"}
          </button>
        )}
      </div>
    </section>
  );
}
