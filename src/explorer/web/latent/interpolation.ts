import { batch, effect, signal } from "@preact/signals";
import type { InterpolationRequest } from "../../protocol.js";
import { isMotionWanted } from "../map/camera.js";
import { clicked, description, panel, previousClicked } from "../state.js";
import { fetchFrames } from "./latent-requests.js";

/** Number of frames of an interpolation on the page and in the saved GIF. */
export const FRAMES = 100;
/** Milliseconds per frame at speed 1, the same as in the GIF. */
const DELAY = 40;

export const kind = signal<InterpolationRequest["kind"]>("linear");
export const speed = signal(1);
export const isPlaying = signal(false);
/** The frame that is shown. */
export const frame = signal(0);
/** The frames side by side with their request; undefined until they are loaded. */
export const frames = signal<{ readonly picture: ImageBitmap; readonly request: InterpolationRequest }>();
/** The reason why the frames could not be loaded. */
export const problem = signal<string>();

/**
 * The interpolation from the previously chosen point to the point chosen last; undefined if fewer than two points were
 * chosen.
 */
export function currentRequest(): InterpolationRequest | undefined {
  const [from, to] = [previousClicked.value, clicked.value];
  if (from === undefined || to === undefined) return undefined;
  return { from, to, kind: kind.value, frames: FRAMES };
}

export function play(): void {
  isPlaying.value = !isPlaying.value;
}

/** Reverses the direction of the interpolation. */
export function exchange(): void {
  batch(() => {
    const from = previousClicked.value;
    previousClicked.value = clicked.value;
    clicked.value = from;
    frame.value = FRAMES - 1 - frame.value;
  });
}

effect(() => {
  const request = currentRequest();
  if (panel.value !== "interpolation" || !description.value?.abilities.decode || !request) return;
  const known = frames.peek()?.request;
  if (known && known.from === request.from && known.to === request.to && known.kind === request.kind) return;
  const abort = new AbortController();
  problem.value = undefined;
  fetchFrames(request, abort.signal)
    .then((picture) => {
      const isAnother = known?.from !== request.from || known.to !== request.to;
      const isReversed = known?.from === request.to && known.to === request.from;
      batch(() => {
        frames.value = { picture, request };
        if (isAnother && !isReversed) {
          frame.value = 0;
          isPlaying.value = isMotionWanted();
        }
      });
    })
    .catch((error: Error) => {
      if (!abort.signal.aborted) problem.value = error.message;
    });
  return () => abort.abort();
});

// Plays from the current frame and starts again after the last one, like the GIF.
effect(() => {
  if (!isPlaying.value || panel.value !== "interpolation" || !frames.value) return;
  const rate = speed.value / DELAY;
  const begun = performance.now() - frame.peek() / rate;
  let next = requestAnimationFrame(function step(now) {
    frame.value = Math.floor(Math.max(0, now - begun) * rate) % FRAMES;
    next = requestAnimationFrame(step);
  });
  return () => cancelAnimationFrame(next);
});
