import { signal } from "@preact/signals";
import controls from "../controls.module.css";
import { icons } from "../icons.js";
import { PointImage } from "../panels/point-image.js";
import { clicked, description, panel, previousClicked } from "../state.js";
import styles from "./interpolation-card.module.css";

const areChosen = (): boolean =>
  previousClicked.value !== undefined &&
  clicked.value !== undefined &&
  description.value?.abilities.decode === true &&
  panel.value !== "interpolation";

function interpolate(): void {
  panel.value = "interpolation";
}

/** A button that opens the interpolation between the two points that were chosen last. */
export function InterpolationButton() {
  if (!areChosen()) return null;
  return (
    <button type="button" onClick={interpolate}>
      Interpolate from A to B
    </button>
  );
}

/** The two points for which the card was closed. */
const dismissed = signal("");

/** A card on the map that offers to interpolate between the two points that were chosen last. */
export function InterpolationCard() {
  const [from, to] = [previousClicked.value, clicked.value];
  if (!areChosen() || from === undefined || to === undefined || dismissed.value === `${from} ${to}`) return null;
  return (
    <section class={`${controls.card} ${styles.interpolationCard}`} aria-label="Interpolation">
      <b>A</b>
      <PointImage row={from} size={32} />
      <button type="button" class={controls.primary} onClick={interpolate}>
        Interpolate from A to B
      </button>
      <PointImage row={to} size={32} />
      <b>B</b>
      <button
        type="button"
        class={controls.plain}
        aria-label="Dismiss"
        onClick={() => {
          dismissed.value = `${from} ${to}`;
        }}
      >
        {icons.close}
      </button>
    </section>
  );
}
