import { batch } from "@preact/signals";
import type { LayoutDescription } from "../../protocol.js";
import { SegmentedControl, Select } from "../controls.js";
import { firstLayout, layoutOf, layouts, maps, secondLayout, type View, view, watchedComputation } from "../state.js";
import styles from "./view-bar.module.css";

const ARRANGEMENTS = [
  { value: "map", title: "Map", hint: "The map as it is (m)" },
  { value: "separated", title: "Separated", hint: "Spread evenly, so that no point hides another (s)" },
  { value: "wall", title: "Wall", hint: "A grid with one cell per point (w)" },
] as const;
type Arrangement = LayoutDescription["kind"];

/** The id of the map that a layout was derived from; for a map, its own id. */
const mapOf = (id: string): string => layoutOf(id)?.derivedFrom ?? id;
/** The id of the layout of a map in an arrangement; undefined if the map does not have this arrangement. */
const arranged = (map: string, kind: Arrangement): string | undefined =>
  kind === "map" ? map : layouts.value.find((one) => one.derivedFrom === map && one.kind === kind)?.id;

export function arrange(kind: Arrangement): void {
  batch(() => {
    watchedComputation.value = undefined;
    for (const shown of [firstLayout, secondLayout]) shown.value = arranged(mapOf(shown.value), kind) ?? shown.value;
  });
}

/** Shows a map on one side in the current arrangement. */
export function chooseMap(side: 0 | 1, map: string): void {
  const kind = layoutOf(firstLayout.value)?.kind ?? "map";
  batch(() => {
    watchedComputation.value = undefined;
    const [own, other] = side === 0 ? [firstLayout, secondLayout] : [secondLayout, firstLayout];
    const chosen = arranged(map, kind) ?? map;
    // If both sides would show the same map, they swap.
    if (chosen === other.value) other.value = own.value;
    own.value = chosen;
  });
}

export function chooseView(next: View): void {
  if (next !== "one" && maps.value.length < 2) return;
  batch(() => {
    watchedComputation.value = undefined;
    const order = (id: string) => maps.value.findIndex((map) => map.id === mapOf(id));
    // The first map of the list is on the left.
    if (next !== "one" && order(firstLayout.value) > order(secondLayout.value)) {
      [firstLayout.value, secondLayout.value] = [secondLayout.value, firstLayout.value];
    }
    view.value = next;
  });
}

/** The controls that choose one or two maps and their arrangement. */
export function ViewBar() {
  if (layouts.value.length === 0) return null;
  const shown = mapOf(firstLayout.value);
  const choices = maps.value.map(({ id, title }) => ({ value: id, title }));
  const kinds = ARRANGEMENTS.filter(({ value }) => arranged(shown, value) !== undefined);
  const isOne = view.value === "one";
  return (
    <div class={styles.viewBar} role="toolbar" aria-label="View">
      {isOne && choices.length > 1 && choices.length <= 3 && (
        <SegmentedControl label="Map" value={shown} choices={choices} onChoose={(id) => chooseMap(0, id)} />
      )}
      {(isOne ? choices.length > 3 : choices.length > 2) && (
        <Select label={isOne ? "Map" : "From"} value={shown} choices={choices} onChoose={(id) => chooseMap(0, id)} />
      )}
      {!isOne && choices.length > 2 && (
        <Select label="To" value={mapOf(secondLayout.value)} choices={choices} onChoose={(id) => chooseMap(1, id)} />
      )}
      {kinds.length > 1 && (
        <SegmentedControl
          label="Arrangement"
          value={layoutOf(firstLayout.value)?.kind ?? "map"}
          choices={kinds}
          onChoose={arrange}
        />
      )}
      {choices.length > 1 && (
        <SegmentedControl<View>
          label="Comparison"
          value={view.value}
          choices={[
            { value: "one", title: "One" },
            { value: "beside", title: "Side by side", hint: "Two linked maps (b)" },
            { value: "morph", title: "Morph", hint: "One map that turns into the other (x)" },
          ]}
          onChoose={chooseView}
        />
      )}
    </div>
  );
}
