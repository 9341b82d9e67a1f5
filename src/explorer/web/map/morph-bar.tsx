import { effect, signal } from "@preact/signals";
import controls from "../controls.module.css";
import { icons } from "../icons.js";
import { firstLayout, layoutOf, morphProgress, secondLayout, view, watchedComputation } from "../state.js";
import { ease } from "./camera.js";
import styles from "./morph-bar.module.css";

/** Milliseconds of a morph from one map to the other. */
const LENGTH = 2600;
/** Milliseconds of the pause at either end. */
const REST = 700;

const isPlaying = signal(false);

export function playMorph(): void {
  isPlaying.value = !isPlaying.value;
}

effect(() => {
  if (!isPlaying.value) return;
  if (view.value !== "morph") {
    isPlaying.value = false;
    return;
  }
  const period = 2 * (LENGTH + REST);
  // Continues from the current position of the slider.
  const begun = performance.now() - LENGTH * (0.5 - Math.sin(Math.asin(1 - 2 * morphProgress.peek()) / 3));
  let frame = requestAnimationFrame(function step(now) {
    const at = (now - begun) % period;
    const share = at < LENGTH ? at / LENGTH : at < LENGTH + REST ? 1 : 1 - Math.min(1, (at - LENGTH - REST) / LENGTH);
    morphProgress.value = ease(Math.max(0, share));
    frame = requestAnimationFrame(step);
  });
  return () => cancelAnimationFrame(frame);
});

/** The slider that morphs between two maps. */
export function MorphBar() {
  if (view.value !== "morph" || watchedComputation.value) return null;
  return (
    <div class={styles.morphBar}>
      <button
        type="button"
        class={controls.plain}
        aria-label={isPlaying.value ? "Pause" : "Play"}
        title="Play or pause (Space)"
        onClick={playMorph}
      >
        {isPlaying.value ? icons.pause : icons.play}
      </button>
      <span>{layoutOf(firstLayout.value)?.title}</span>
      <input
        type="range"
        min="0"
        max="1"
        step="0.001"
        value={morphProgress.value}
        aria-label="Morph"
        onInput={(event) => {
          isPlaying.value = false;
          morphProgress.value = event.currentTarget.valueAsNumber;
        }}
      />
      <span>{layoutOf(secondLayout.value)?.title}</span>
    </div>
  );
}
