import { useEffect, useRef } from "preact/hooks";
import controls from "./controls.module.css";
import { toggleTable, toggleTheme } from "./header.js";
import { icons } from "./icons.js";
import styles from "./keys.module.css";
import { flyTo, WHOLE, zoom } from "./map/camera.js";
import { playMorph } from "./map/morph-bar.js";
import { arrange, chooseMap, chooseView } from "./map/view-bar.js";
import { redoSelection, undoSelection } from "./selections/history.js";
import { coloredBy, description, failure, isHelpOpen, maps, panel, select, showsImages, tool, view } from "./state.js";

const KEYS: readonly (readonly [string, string])[] = [
  ["Drag, ⇧ arrows", "Move the map"],
  ["Wheel, pinch, + −", "Zoom in and out"],
  ["0", "Show the whole map"],
  ["Arrows", "Move from point to point, if the map has the focus"],
  ["Click, Enter", "Choose a point; the last two chosen points are A and B"],
  ["⇧ drag", "Select points with a lasso"],
  ["L", "Switch between lasso and move"],
  ["Esc", "Clear the selection"],
  ["Ctrl Z, Ctrl Y", "Undo and redo a change of the selection"],
  ["1 … 9", "Choose a map"],
  ["M  S  W", "Show the map, the separated map or the wall"],
  ["B", "Show two maps side by side"],
  ["X", "Morph from one map to the other; Space plays the animation"],
  ["C", "Color by the next column"],
  ["R", "Show or hide the table of the points"],
  ["I", "Show or hide images"],
  ["/", "Search"],
  ["T", "Switch between light and dark"],
  ["?", "Show this list"],
];

/** Handles keys anywhere on the page except in text fields. */
export function listenToKeys(): () => void {
  const press = (event: KeyboardEvent) => {
    const from = event.target as HTMLElement;
    if (isHelpOpen.value || from.closest("input:not([type=checkbox], [type=range]), textarea, select")) return;
    const step = stepOf(event);
    if (!step) return;
    step();
    event.preventDefault();
  };
  const pressPlain = (event: KeyboardEvent) => {
    const from = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || isHelpOpen.value) return;
    if (from.closest("input:not([type=checkbox]), textarea, select")) return;
    const act = actionOf(event, from);
    if (!act) return;
    act();
    event.preventDefault();
  };
  document.addEventListener("keydown", press);
  document.addEventListener("keydown", pressPlain);
  return () => {
    document.removeEventListener("keydown", press);
    document.removeEventListener("keydown", pressPlain);
  };
}

/** Ctrl-Z undoes and Ctrl-Y or Ctrl-Shift-Z redoes a change of the selection. On a Mac, Command replaces Ctrl. */
function stepOf({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): (() => void) | undefined {
  if (altKey || !(ctrlKey || metaKey)) return undefined;
  const letter = key.toLowerCase();
  if (letter === "z") return shiftKey ? redoSelection : undoSelection;
  return letter === "y" ? redoSelection : undefined;
}

function actionOf({ key }: KeyboardEvent, from: HTMLElement): (() => void) | undefined {
  if (/^[1-9]$/.test(key)) {
    const map = maps.value[Number(key) - 1];
    return map && (() => chooseMap(0, map.id));
  }
  if (key === " " && view.value === "morph" && !from.closest("button, a, summary")) return playMorph;
  return {
    "?": () => {
      isHelpOpen.value = true;
    },
    Escape: () => {
      select([]);
      failure.value = undefined;
    },
    l: () => {
      tool.value = tool.value === "lasso" ? "move" : "lasso";
    },
    m: () => arrange("map"),
    s: () => arrange("separated"),
    w: () => arrange("wall"),
    b: () => chooseView(view.value === "beside" ? "one" : "beside"),
    x: () => chooseView(view.value === "morph" ? "one" : "morph"),
    c: nextColumn,
    i: () => {
      showsImages.value = !showsImages.value;
    },
    "/": () => {
      if (description.value) panel.value = "search";
    },
    t: toggleTheme,
    r: toggleTable,
    "0": () => flyTo(WHOLE),
    "+": () => zoom(1.5),
    "=": () => zoom(1.5),
    "-": () => zoom(1 / 1.5),
  }[key.length === 1 ? key.toLowerCase() : key];
}

function nextColumn(): void {
  const columns = description.value?.columns ?? [];
  const at = columns.findIndex(({ id }) => id === coloredBy.value);
  coloredBy.value = columns[(at + 1) % columns.length]?.id ?? "";
}

/** The dialog with the list of keys. */
export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = isHelpOpen.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  const close = () => {
    isHelpOpen.value = false;
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      class={styles.dialog}
      ref={dialog}
      aria-labelledby="keys-title"
      // Escape hides the dialog before its event "close", and a key pressed between them would be ignored.
      onCancel={close}
      onClose={close}
      onClick={(event) => event.target === event.currentTarget && close()}
    >
      <div class={styles.dialogHead}>
        <h2 id="keys-title">Keys</h2>
        <button type="button" class={controls.plain} aria-label="Close" onClick={close}>
          {icons.close}
        </button>
      </div>
      <table>
        <tbody>
          {KEYS.map(([keys, meaning]) => (
            <tr key={keys}>
              <th scope="row">
                <kbd>{keys}</kbd>
              </th>
              <td>{meaning}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </dialog>
  );
}
