import { useRef } from "preact/hooks";
import { MANIFOLD_REACH, paths } from "../../protocol.js";
import controls from "../controls.module.css";
import { formatNumber } from "../map/column-values.js";
import { description } from "../state.js";
import { code, moveTo } from "./latent-vector.js";
import styles from "./manifold.module.css";

const CELLS = 20;

/** A picture of the decoded images over the whole two-dimensional latent space. Pointing at it sets the code. */
export function Manifold() {
  const ground = useRef<HTMLButtonElement>(null);
  const model = description.value?.model;
  if (model?.latentDimensions !== 2) return null;
  const { mean, standardDeviation: spread } = model;
  // The code of a cell is at the middle of the cell, so the picture extends half a cell beyond the outer codes.
  const width = 2 * MANIFOLD_REACH * (CELLS / (CELLS - 1));
  const toCode = (shares: readonly [number, number]) =>
    shares.map((share, j) => mean[j] + (share - 0.5) * width * spread[j]);
  const toShares = (values: readonly number[]) =>
    values.map((value, j) => 0.5 + (value - mean[j]) / (width * spread[j] || 1));
  const inside = (share: number) => Math.min(1, Math.max(0, share));
  const [across = 0.5, up = 0.5] = toShares(code.value);
  const point = (event: PointerEvent) => {
    if (event.buttons !== 1) return;
    const box = ground.current?.getBoundingClientRect();
    if (!box) return;
    ground.current?.setPointerCapture(event.pointerId);
    const shares = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height] as const;
    moveTo(toCode([inside(shares[0]), inside(shares[1])]));
  };
  const step = (event: KeyboardEvent) => {
    const size = (event.shiftKey ? 4 : 1) / CELLS;
    const [x, y] =
      { ArrowLeft: [-size, 0], ArrowRight: [size, 0], ArrowUp: [0, size], ArrowDown: [0, -size] }[event.key] ?? [];
    if (x === undefined || y === undefined) return;
    moveTo(toCode([inside(across + x), inside(up + y)]));
    event.preventDefault();
    event.stopPropagation();
  };
  const isSeen = inside(across) === across && inside(up) === up;
  return (
    <section aria-label="Manifold">
      <h3>Manifold</h3>
      <p class={controls.note}>
        Decoded images over both latent dimensions, up to {MANIFOLD_REACH} standard deviations of the codes from their
        mean. Click an image to set the sliders to its code.
      </p>
      <button
        type="button"
        ref={ground}
        class={styles.manifold}
        aria-label={`Manifold, at z1 ${formatNumber(code.value[0] ?? 0)}, z2 ${formatNumber(code.value[1] ?? 0)}; arrow keys move`}
        onPointerDown={point}
        onPointerMove={point}
        onKeyDown={step}
      >
        <img src={paths.manifold(CELLS)} alt="" draggable={false} decoding="async" />
        {isSeen && <i style={{ "--across": across, "--up": up }} />}
      </button>
    </section>
  );
}
