import { SegmentedControl } from "../controls.js";
import controls from "../controls.module.css";
import { icons } from "../icons.js";
import { type Tool, tool } from "../state.js";
import { flyTo, WHOLE, zoom } from "./camera.js";
import styles from "./map-tools.module.css";

/** The buttons for the pointer mode and the zoom. */
export function MapTools() {
  return (
    <div class={styles.mapTools} role="toolbar" aria-label="Pointer and zoom">
      <SegmentedControl<Tool>
        label="Pointer"
        value={tool.value}
        choices={[
          { value: "move", title: "Move", hint: "Drag to move the map", content: icons.move },
          { value: "lasso", title: "Lasso", hint: "Drag around points to select them (l)", content: icons.lasso },
        ]}
        onChoose={(next) => {
          tool.value = next;
        }}
      />
      <div class={controls.segments}>
        <button type="button" title="Zoom in (+)" aria-label="Zoom in" onClick={() => zoom(1.5)}>
          {icons.nearer}
        </button>
        <button type="button" title="Zoom out (−)" aria-label="Zoom out" onClick={() => zoom(1 / 1.5)}>
          {icons.farther}
        </button>
        <button type="button" title="The whole map (0)" aria-label="The whole map" onClick={() => flyTo(WHOLE)}>
          {icons.whole}
        </button>
      </div>
    </div>
  );
}
