import type { LiveRun } from "../../protocol.js";
import { Empty } from "../controls.js";
import { formatNumber } from "../map/coloring.js";
import { continueRun, isOffline, stopRun } from "../server.js";
import { failure, layouts, liveRuns, watched } from "../store.js";
import { Curve } from "./curve.js";
import { hear, histories, lossTitle, watchable } from "./watching.js";

/** What the server computes, and the training that it watches. */
export function LivePanel() {
  const runs = [...liveRuns.value.values()];
  const finished = runs.filter(({ state }) => state === "finished");
  const others = runs.filter(({ state }) => state !== "finished").sort((a, b) => rank(a) - rank(b));
  return (
    <>
      <h2>Live</h2>
      {runs.length === 0 && (
        <Empty title="Nothing is running">Maps that are computed and trainings that are watched appear here.</Empty>
      )}
      {others.map((run) => (
        <Run key={run.id} run={run} />
      ))}
      {finished.length > 0 && (
        <>
          <h3>Finished</h3>
          <ul class="finished">
            {finished.map((run) => (
              <li key={run.id}>
                <span class="name">{run.title}</span>
                {run.loss !== null && (
                  <small>
                    {lossTitle(run)} {formatNumber(run.loss)}
                  </small>
                )}
                <Curves run={run} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

/** What runs comes first, what waits last. */
const rank = ({ state }: LiveRun): number => ["running", "stopped", "failed", "waiting"].indexOf(state);

function Curves({ run }: { run: LiveRun }) {
  const history = histories.value.get(run.id);
  if (!history || history.iterations.length < 2) return null;
  return (
    <div class="curves">
      {[...history.values].map(([name, values]) => (
        <Curve key={name} title={name} x={history.iterations} y={values} />
      ))}
    </div>
  );
}

function Run({ run }: { run: LiveRun }) {
  const unit = run.kind === "training" ? "Epoch" : "Iteration";
  const act = async (what: (id: string) => Promise<LiveRun>) => {
    try {
      hear(await what(run.id));
    } catch (error) {
      failure.value = `“${run.title}”: ${(error as Error).message}`;
    }
  };
  return (
    <section class="run" aria-label={run.title}>
      <div class="run-head">
        <h3>{run.title}</h3>
        <span class={`state ${run.state}`}>{run.state}</span>
      </div>
      {run.message && <p class="note">{run.message}</p>}
      {run.state === "running" && (run.fraction === null ? <progress /> : <progress value={run.fraction} max="1" />)}
      {run.iteration > 0 && (
        <p class="figures">
          <span>
            {unit} <b>{run.iteration.toLocaleString("en")}</b>
            {run.iterations !== null && ` of ${run.iterations.toLocaleString("en")}`}
          </span>
          {run.loss !== null && (
            <span>
              {lossTitle(run)} <b>{formatNumber(run.loss)}</b>
            </span>
          )}
        </p>
      )}
      <Curves run={run} />
      {!isOffline && (
        <div class="buttons">
          {run.controllable && run.state === "running" && (
            <button type="button" onClick={() => act(stopRun)}>
              Stop
            </button>
          )}
          {run.controllable && run.state === "stopped" && (
            <button type="button" class="primary" onClick={() => act(continueRun)}>
              Go on
            </button>
          )}
          {watchable.value.some(({ id }) => id === run.id) && layouts.value.length > 0 && (
            <button
              type="button"
              aria-pressed={watched.value === run.id}
              onClick={() => {
                watched.value = watched.value === run.id ? undefined : run.id;
              }}
            >
              {watched.value === run.id ? "Back to the maps" : "Watch it form"}
            </button>
          )}
        </div>
      )}
    </section>
  );
}
