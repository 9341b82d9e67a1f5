import { signal } from "@preact/signals";
import { useId } from "preact/hooks";
import { describeBytes } from "../../byte-size.js";
import type { EmbeddingChoices } from "../../protocol.js";
import { isActive } from "../computations/computations.js";
import { ComputationList } from "../computations/computations-panel.js";
import { EmptyState, Toggle } from "../controls.js";
import controls from "../controls.module.css";
import { computations, description, layouts, watchedComputation } from "../state.js";
import styles from "./compute-panel.module.css";
import { defaultSettings, distancesFor, type MapSettings } from "./map-settings.js";
import { offline } from "./offline-data.js";
import { computeMap } from "./offline-maps.js";

/** The settings of the next map, which are kept while other panels are shown. */
const settings = signal<MapSettings>();

/** The panel of an offline page that computes maps with other settings. */
export function ComputePanel() {
  const { recomputation, n = 0, dimensions } = description.value ?? {};
  const computer = offline?.computer;
  if (!recomputation) return null;
  if (!computer) {
    return (
      <>
        <h2>Compute a map</h2>
        <EmptyState title="This file cannot compute maps">{recomputation.obstacle}</EmptyState>
      </>
    );
  }
  const { hasSigma, bytes } = recomputation;
  return (
    <>
      <h2>Compute a map</h2>
      <p class={controls.note}>
        This file contains the data: {n.toLocaleString("en")} points with {dimensions} columns
        {hasSigma && " and their standard deviations"} ({describeBytes(bytes)}). This browser computes, and nothing
        leaves the machine.
      </p>
      <SettingsForm choices={computer.settings} hasSigma={hasSigma} />
      <ComputationList />
    </>
  );
}

function SettingsForm({ choices, hasSigma }: { choices: EmbeddingChoices; hasSigma: boolean }) {
  const now = settings.value ?? defaultSettings(choices, hasSigma);
  const change = (changed: Partial<MapSettings>) => {
    settings.value = { ...now, ...changed };
  };
  const isBusy = [...computations.value.values()].some((one) => isActive(one) || one.state === "stopped");
  const start = (event: Event) => {
    event.preventDefault();
    const id = computeMap(now);
    if (layouts.peek().length > 0) watchedComputation.value = id;
  };
  return (
    <form class={styles.form} onSubmit={start}>
      <NumberField
        label="Perplexity"
        hint={`Effective number of neighbors per point, 1 to ${choices.largestPerplexity.toLocaleString("en")}`}
        value={now.perplexity}
        range={{ min: 1, max: choices.largestPerplexity, step: "any" }}
        onChange={(perplexity) => change({ perplexity })}
      />
      {hasSigma && (
        <Toggle
          label="Use the standard deviations"
          isOn={now.usesSigma}
          onChange={(usesSigma) => change({ usesSigma, distance: distancesFor(choices, usesSigma)[0] })}
        />
      )}
      <Choice
        label="Distance"
        value={now.distance}
        names={distancesFor(choices, now.usesSigma)}
        onChange={(distance) => change({ distance })}
      />
      <details
        class={styles.more}
        onInvalidCapture={({ currentTarget }) => {
          // A field with an error must be visible, so that the browser can show its message.
          currentTarget.open = true;
        }}
      >
        <summary>More settings</summary>
        <div class={styles.form}>
          <NumberField
            label="Iterations"
            hint="Empty: until the map has converged"
            value={now.iterations === "auto" ? undefined : now.iterations}
            range={{ min: 0, max: 1e6, step: 1 }}
            onChange={(iterations) => change({ iterations })}
            onClear={() => change({ iterations: "auto" })}
          />
          <NumberField
            label="Early exaggeration"
            hint="Factor that multiplies the attraction during the first iterations"
            value={now.earlyExaggeration}
            range={{ min: 1, max: 1e6, step: "any" }}
            onChange={(earlyExaggeration) => change({ earlyExaggeration })}
          />
          <Choice label="Start" value={now.start} names={choices.starts} onChange={(start) => change({ start })} />
          <NumberField
            label="Seed"
            hint="Seed of the random numbers"
            value={now.seed}
            range={{ min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 }}
            onChange={(seed) => change({ seed })}
          />
        </div>
      </details>
      <div class={controls.buttons}>
        <button type="submit" class={controls.primary} disabled={isBusy}>
          Compute map
        </button>
        {isBusy && <span class={controls.note}>One map is computed at a time.</span>}
      </div>
    </form>
  );
}

/** A number with a hint. The browser itself says which numbers are valid when the form is sent. */
function NumberField({
  label,
  hint,
  value,
  range,
  onChange,
  onClear,
}: {
  label: string;
  hint: string;
  value: number | undefined;
  range: { readonly min: number; readonly max: number; readonly step: number | "any" };
  onChange: (value: number) => void;
  onClear?: () => void;
}) {
  const id = useId();
  return (
    <div class={styles.field}>
      <label for={id}>{label}</label>
      <input
        id={id}
        aria-describedby={`${id}-hint`}
        type="number"
        required={onClear === undefined}
        placeholder={onClear && "auto"}
        value={value ?? ""}
        {...range}
        onInput={({ currentTarget: { valueAsNumber, value: text } }) => {
          if (!Number.isNaN(valueAsNumber)) onChange(valueAsNumber);
          else if (text === "") onClear?.();
        }}
      />
      <small id={`${id}-hint`}>{hint}</small>
    </div>
  );
}

function Choice({
  label,
  value,
  names,
  onChange,
}: {
  label: string;
  value: string;
  names: readonly string[];
  onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <div class={styles.field}>
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}
