import controls from "../controls.module.css";
import { formatNumber } from "../map/column-values.js";
import { description } from "../state.js";
import { code, moveOne, moveTo, origin } from "./latent-vector.js";
import styles from "./sliders.module.css";

/** Number of visible sliders. Sliders of further dimensions are in a section that the user can open. */
const SHOWN = 10;
/** Range of a slider on either side of the mean of all codes, in standard deviations of the codes. */
const REACH = 3.5;
/** Number of steps of a slider, fine enough to look continuous. */
const STEPS = 400;

/** One slider per dimension of the code, the most active dimensions first. */
export function Sliders() {
  const model = description.value?.model;
  const from = origin.value;
  if (!model || !from) return null;
  const order = model.standardDeviation
    .map((sd, dimension) => ({ sd, dimension }))
    .sort((a, b) => b.sd - a.sd || a.dimension - b.dimension)
    .map(({ dimension }) => dimension);
  const [first, rest] = [order.slice(0, SHOWN), order.slice(SHOWN)];
  const inactive = rest.filter((dimension) => !(model.activeDimensions ?? order).includes(dimension)).length;
  const isMoved = code.value.some((value, j) => value !== from.mean[j]);
  return (
    <section class={styles.sliders} aria-label="Latent vector">
      <div class={controls.rowHead}>
        <h3>Latent vector</h3>
        <button type="button" disabled={!isMoved} onClick={() => moveTo(from.mean)}>
          Reset
        </button>
      </div>
      <p class={controls.note}>
        {from.standardDeviation
          ? "The blue bar shows the mean ± σ of the code, the gray bar the range of most codes."
          : "The blue mark shows the initial value of the code, the gray bar the range of most codes."}
      </p>
      {first.map((dimension) => (
        <Slider key={dimension} dimension={dimension} />
      ))}
      {rest.length > 0 && (
        <details>
          <summary>
            {rest.length} more {rest.length === 1 ? "dimension" : "dimensions"}
            {inactive > 0 && (
              <small> {inactive === rest.length ? "which carry" : `${inactive} carry`} little information</small>
            )}
          </summary>
          {rest.map((dimension) => (
            <Slider key={dimension} dimension={dimension} />
          ))}
        </details>
      )}
    </section>
  );
}

function Slider({ dimension }: { dimension: number }) {
  const model = description.value?.model;
  const from = origin.value;
  const value = code.value[dimension];
  if (!model || !from || value === undefined) return null;
  const [center, spread] = [model.mean[dimension], model.standardDeviation[dimension]];
  const mean = from.mean[dimension];
  const sigma = from.standardDeviation?.[dimension];
  // If all codes are equal in a dimension, its slider has the range of the prior.
  const reach = Math.max(
    REACH * (spread > 0 ? spread : 1),
    1.1 * Math.abs(mean - center),
    1.1 * Math.abs(value - center),
  );
  const [least, most] = [center - reach, center + reach];
  const share = (place: number) => Math.min(1, Math.max(0, (place - least) / (most - least)));
  const bar = (low: number, high: number) => ({ "--from": share(low), "--to": share(high) });
  const name = `z${dimension + 1}`;
  return (
    <label
      class={styles.slider}
      title={`${name}: mean ${formatNumber(mean)}${sigma === undefined ? "" : `, σ ${formatNumber(sigma)}`}`}
    >
      <span>{name}</span>
      <span class={styles.track}>
        <i class={styles.spread} style={bar(center - spread, center + spread)} />
        {sigma !== undefined && <i class={styles.sigma} style={bar(mean - sigma, mean + sigma)} />}
        <i class={styles.mean} style={bar(mean, mean)} />
        <input
          type="range"
          min={least}
          max={most}
          step={(most - least) / STEPS}
          value={value}
          aria-label={name}
          aria-valuetext={formatNumber(value)}
          onInput={(event) => moveOne(dimension, event.currentTarget.valueAsNumber)}
          onDblClick={() => moveOne(dimension, mean)}
        />
      </span>
      <output>{value.toFixed(2).replace("-", "−")}</output>
    </label>
  );
}
