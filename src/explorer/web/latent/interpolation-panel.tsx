import { useState } from "preact/hooks";
import { EmptyState, SegmentedControl } from "../controls.js";
import controls from "../controls.module.css";
import { icons } from "../icons.js";
import { PointImage } from "../panels/point-image.js";
import { save } from "../server-requests.js";
import { clicked, description, failure, hovered, previousClicked } from "../state.js";
import { DecodedImage } from "./decoded-image.js";
import {
  currentRequest,
  exchange,
  FRAMES,
  frame,
  frames,
  isPlaying,
  kind,
  play,
  problem,
  speed,
} from "./interpolation.js";
import styles from "./interpolation-panel.module.css";
import { fetchGif } from "./latent-requests.js";
import { Reconstruction } from "./reconstruction.js";

const SIDE = 224;
const SPEEDS = [
  { value: "0.5", title: "½×" },
  { value: "1", title: "1×" },
  { value: "2", title: "2×" },
];

/** The interpolation between the two points that were chosen last. */
export function InterpolationPanel() {
  const [from, to] = [previousClicked.value, clicked.value];
  if (!description.value?.abilities.decode) return null;
  if (from === undefined || to === undefined) {
    return (
      <>
        <h2>Between two points</h2>
        <EmptyState title={to === undefined ? "No points chosen" : "One point chosen"}>
          Click {to === undefined ? "two points in the map, one after the other" : "another point in the map"}. The
          model then decodes images between them.
        </EmptyState>
      </>
    );
  }
  return (
    <>
      <h2>
        Between two points <small>in the latent space</small>
      </h2>
      <div class={styles.ends}>
        <End name="A" row={from} />
        <button
          type="button"
          class={controls.plain}
          aria-label="Exchange A and B"
          title="Exchange A and B"
          onClick={exchange}
        >
          {icons.exchange}
        </button>
        <End name="B" row={to} />
      </div>
      <p class={controls.note}>
        Each image is shown with its reconstruction. The interpolation goes from one reconstruction to the other.
      </p>
      <Stage />
      <div class={styles.ways}>
        <SegmentedControl
          label="Path"
          value={kind.value}
          choices={[
            { value: "linear", title: "Linear", hint: "A straight line between the codes" },
            { value: "spherical", title: "Spherical", hint: "An arc on which the length of the code changes evenly" },
          ]}
          onChoose={(value) => {
            kind.value = value;
          }}
        />
        <SegmentedControl
          label="Speed"
          value={String(speed.value)}
          choices={SPEEDS}
          onChoose={(value) => {
            speed.value = Number(value);
          }}
        />
      </div>
      <SaveGif />
    </>
  );
}

function End({ name, row }: { name: string; row: number }) {
  const leave = () => {
    hovered.value = undefined;
  };
  return (
    <figure
      onPointerEnter={() => {
        hovered.value = row;
      }}
      onPointerLeave={leave}
    >
      <div class={styles.images}>
        <PointImage row={row} size={64} />
        <Reconstruction row={row} size={64} />
      </div>
      <figcaption>
        <b>{name}</b> row {row.toLocaleString("en")}
      </figcaption>
    </figure>
  );
}

/** The player of the frames, with a slider. */
function Stage() {
  const shown = frames.value;
  if (problem.value) return <p class={controls.note}>The frames could not be loaded: {problem.value}</p>;
  return (
    <div class={styles.stageBetween}>
      <DecodedImage
        picture={shown?.picture}
        index={frame.value}
        size={SIDE}
        title={shown ? `Frame ${frame.value + 1} of ${FRAMES}` : "The frames are being loaded"}
      />
      <div class={styles.player}>
        <button
          type="button"
          class={controls.plain}
          disabled={!shown}
          aria-label={isPlaying.value ? "Pause" : "Play"}
          onClick={play}
        >
          {isPlaying.value ? icons.pause : icons.play}
        </button>
        <input
          type="range"
          min="0"
          max={FRAMES - 1}
          step="1"
          value={frame.value}
          disabled={!shown}
          aria-label="Frame"
          onInput={(event) => {
            isPlaying.value = false;
            frame.value = event.currentTarget.valueAsNumber;
          }}
        />
        <output>
          {frame.value + 1} / {FRAMES}
        </output>
      </div>
    </div>
  );
}

function SaveGif() {
  const [isSaving, setSaving] = useState(false);
  const write = async () => {
    const request = currentRequest();
    if (!request) return;
    setSaving(true);
    try {
      save(await fetchGif(request), `interpolation-${request.from}-${request.to}-${request.kind}.gif`);
    } catch (error) {
      failure.value = `The GIF could not be created: ${(error as Error).message}`;
    } finally {
      setSaving(false);
    }
  };
  return (
    <div class={controls.buttons}>
      <button type="button" disabled={isSaving} onClick={write}>
        {isSaving && <span class={controls.spinner} />} Save as GIF
      </button>
      <span class={controls.note}>{FRAMES} frames, repeated endlessly</span>
    </div>
  );
}
