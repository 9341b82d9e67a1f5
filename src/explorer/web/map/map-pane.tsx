import { computed, effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { watchedIteration, watchedLayout } from "../computations/computations.js";
import controls from "../controls.module.css";
import { legendOf, namesShown } from "../names/map-names.js";
import {
  clicked,
  computations,
  description,
  firstLayout,
  hovered,
  layoutOf,
  morphProgress,
  mostMovedRows,
  placedExample,
  previousClicked,
  secondLayout,
  selected,
  showsEllipses,
  showsImages,
  showsMoved,
  theme,
  tool,
  view,
  watchedComputation,
} from "../state.js";
import { camera } from "./camera.js";
import { colorOf, drawnOrder, tints } from "./coloring.js";
import { listen, outline, pointAt, pointed } from "./gestures.js";
import { HoverCard } from "./hover-card.js";
import { covariancesOf, drawnLayout, loadingLayouts } from "./loaded-layouts.js";
import styles from "./map-pane.module.css";
import { MapView } from "./map-view.js";
import { mapViews } from "./map-views.js";
import type { OverlayScene } from "./overlay-scene.js";
import { cancelThumbnails, missingThumbnails, thumbnailsCome } from "./thumbnails.js";

/** The picture of the placed example, once it is loaded. */
const placedImage = signal<HTMLImageElement>();
effect(() => {
  placedImage.value = undefined;
  if (!placedExample.value) return;
  const image = new Image();
  image.addEventListener("load", () => {
    placedImage.value = image;
  });
  image.src = placedExample.value.image;
});

/** One map with its title. If two maps are side by side, `side` is 0 or 1. */
export function MapPane({ side }: { side: 0 | 1 }) {
  const base = useRef<HTMLCanvasElement>(null);
  const top = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    const map: MapView = new MapView(base.current as HTMLCanvasElement, top.current as HTMLCanvasElement, () =>
      overlayOf(map, side),
    );
    map.onFirstDraw = () => performance.mark("first map");
    map.onMotion = () => {
      if (pointed.peek()?.map === map && map.isMoving) pointAt(map, undefined);
    };
    listen(map);
    mapViews.value = side === 0 ? [map, ...mapViews.peek()] : [...mapViews.peek(), map];
    const stops = [
      effect(() => showLayout(map, side)),
      effect(() => map.setTints(tints.value, drawnOrder.value)),
      effect(() => {
        camera.value;
        theme.value;
        map.redraw();
      }),
      effect(() => {
        overlayOf(map, side);
        thumbnailsCome.value;
        map.redrawTop();
      }),
    ];
    const resized = new ResizeObserver(() => map.redraw());
    resized.observe(map.top);
    return () => {
      for (const stop of stops) stop();
      resized.disconnect();
      mapViews.value = mapViews.peek().filter((one) => one !== map);
      cancelThumbnails(map.top);
      map.dispose();
    };
  }, [side]);

  const title = paneTitle(side);
  return (
    <figure class={styles.map} data-side={side}>
      <figcaption>
        <strong>{title.value.name}</strong>
        <span>{title.value.note}</span>
      </figcaption>
      <div class={styles.canvas} data-tool={tool.value}>
        <canvas ref={base} class={styles.base} />
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: arrow keys are for the map, not for a screen reader */}
        <canvas
          ref={top}
          class={styles.top}
          tabIndex={0}
          role="application"
          aria-label={`Map ${title.value.name}. Arrow keys go from point to point, Enter chooses one, question mark shows all keys.`}
        />
        {/* A screen reader reads this aloud when the user moves from point to point with the keys. */}
        <div aria-live="polite">
          <HoverCard side={side} />
        </div>
        <Waiting side={side} />
        {side === 0 && <LoadingImages />}
      </div>
    </figure>
  );
}

const paneTitle = (side: 0 | 1) =>
  computed(() => {
    const [one, other] = [layoutOf(firstLayout.value), layoutOf(secondLayout.value)];
    const computation =
      watchedComputation.value === undefined ? undefined : computations.value.get(watchedComputation.value);
    if (computation)
      return {
        name: computation.title,
        note: `being computed, iteration ${watchedIteration.value.toLocaleString("en")}`,
      };
    if (view.value === "morph" && one && other) return { name: `${one.title} → ${other.title}`, note: "" };
    const shown = side === 0 ? one : other;
    return { name: shown?.title ?? "", note: shown?.subtitle ?? "" };
  });

/** The reason why a map is not shown yet. */
function Waiting({ side }: { side: 0 | 1 }) {
  const ids =
    view.value === "morph"
      ? [firstLayout.value, secondLayout.value]
      : [side === 0 ? firstLayout.value : secondLayout.value];
  const late = ids.find((id) => loadingLayouts.value.has(id));
  if (late === undefined || watchedComputation.value) return null;
  const layout = layoutOf(late);
  return (
    <p class={controls.pill} role="status">
      <span class={controls.spinner} />
      {layout && layout.kind !== "map" ? `Computing “${layout.title}” …` : `Loading “${layout?.title ?? "map"}” …`}
    </p>
  );
}

/** A message that visible images are being loaded. */
function LoadingImages() {
  const count = missingThumbnails.value;
  if (count === 0) return null;
  return (
    <p class={`${controls.pill} ${styles.loadingImages}`} role="status">
      <span class={controls.spinner} /> Loading {count.toLocaleString("en")} {count === 1 ? "image" : "images"} …
    </p>
  );
}

function showLayout(map: MapView, side: 0 | 1): void {
  if (watchedComputation.value && side === 0) {
    if (watchedLayout.value) map.show(watchedLayout.value, 250);
    return;
  }
  const [start, end] = [
    drawnLayout(firstLayout.value),
    view.value === "one" ? undefined : drawnLayout(secondLayout.value),
  ];
  if (view.value === "morph") {
    if (start && end) map.morph(start, end, morphProgress.value);
    else if (start) map.show(start);
    return;
  }
  const layout = side === 0 ? start : end;
  if (layout) map.show(layout);
}

function overlayOf(map: MapView, side: 0 | 1): OverlayScene {
  const isOne = view.value === "one";
  const shown = side === 0 ? firstLayout.value : secondLayout.value;
  const other = isOne
    ? undefined
    : drawnLayout(side === 0 && view.value === "beside" ? secondLayout.value : firstLayout.value);
  // During a morph, this uses the map that the current state is closer to.
  const id = view.value === "morph" && morphProgress.value > 0.5 ? secondLayout.value : shown;
  const isMorphing = view.value === "morph" && morphProgress.value % 1 !== 0;
  return {
    theme: theme.value,
    hovered: hovered.value,
    clicked: clicked.value,
    previousClicked: previousClicked.value,
    selected: selected.value,
    marks: showsMoved.value && !isOne ? mostMovedRows.value : [],
    elsewhere: other && ((row) => [other.xy[2 * row], other.xy[2 * row + 1]]),
    images: showsImages.value ? (description.value?.images ?? undefined) : undefined,
    colorOf,
    covariances:
      showsEllipses.value && selected.value && !watchedComputation.value && !isMorphing ? covariancesOf(id) : undefined,
    legend: isMorphing || watchedComputation.value ? undefined : legendOf(drawnLayout(id)),
    areNamesOfClasses: namesShown.value === "classes",
    placedExample: watchedComputation.value ? undefined : placedExample.value,
    placedImage: placedImage.value,
    outline: outline.value?.map === map ? outline.value.corners : [],
  };
}
