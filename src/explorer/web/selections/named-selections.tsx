import { signal } from "@preact/signals";
import { useRef, useState } from "preact/hooks";
import controls from "../controls.module.css";
import { icons } from "../icons.js";
import { visibleText } from "../map/visible-text.js";
import { isOffline } from "../server-requests.js";
import { selected } from "../state.js";
import { SelectionsComparison } from "./comparison.js";
import styles from "./named-selections.module.css";
import {
  deleteSelection,
  exportSelections,
  importSelections,
  reporting,
  savedSelections,
  saveSelectionAs,
  showSelection,
} from "./saved-selections.js";

const MAX_NAME = 100;
/** Names of the selections that are compared. */
const compared = signal<ReadonlySet<string>>(new Set());

/** The list of saved selections, which can be shown, exported, imported and compared. */
export function NamedSelections() {
  const saved = savedSelections();
  const chosen = saved.filter(({ name }) => compared.value.has(name)).map(({ name }) => name);
  const canCompare = chosen.length + (selected.value ? 1 : 0) > 1;
  return (
    <section aria-label="Saved selections">
      <h3>Saved selections</h3>
      <p class={controls.note}>
        {isOffline
          ? "Selections that are saved here are lost when this page is closed. Export them to keep them."
          : "Selections are saved in a file in the folder of the source, so everyone who opens the source can use them."}
      </p>
      {selected.value && <SaveForm rows={selected.value} />}
      <ul class={styles.list}>
        {saved.map(({ name, size }) => (
          <li key={name}>
            <input
              type="checkbox"
              aria-label={`Compare ${name}`}
              title="Compare"
              checked={compared.value.has(name)}
              onChange={() => toggle(name)}
            />
            <button type="button" class={styles.name} title={`Select “${name}”`} onClick={() => showSelection(name)}>
              <span class={controls.name}>{visibleText(name)}</span>
              <small>{size.toLocaleString("en")}</small>
            </button>
            <button
              type="button"
              class={controls.plain}
              aria-label={`Delete ${name}`}
              title="Delete"
              onClick={() => reporting(`“${name}” was not deleted`, () => deleteSelection(name))}
            >
              {icons.close}
            </button>
          </li>
        ))}
      </ul>
      <FileButtons hasSelections={saved.length > 0} />
      {saved.length > 0 && !canCompare && (
        <p class={controls.note}>
          Select the check boxes of two selections, or of one selection and the current one, to compare them.
        </p>
      )}
      {canCompare && chosen.length > 0 && <SelectionsComparison names={chosen} />}
    </section>
  );
}

function toggle(name: string): void {
  const next = new Set(compared.value);
  if (!next.delete(name)) next.add(name);
  compared.value = next;
}

function SaveForm({ rows }: { rows: Uint32Array }) {
  const [name, setName] = useState("");
  const trimmed = name.trim();
  const isKnown = savedSelections().some((one) => one.name === trimmed);
  return (
    <form
      class={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (trimmed === "") return;
        void reporting("The selection was not saved", async () => {
          await saveSelectionAs(trimmed, rows);
          setName("");
        });
      }}
    >
      <input
        type="text"
        value={name}
        maxLength={MAX_NAME}
        placeholder="Name of this selection"
        aria-label="Name of this selection"
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <button type="submit" disabled={trimmed === ""}>
        {isKnown ? "Replace" : "Save"}
      </button>
    </form>
  );
}

function FileButtons({ hasSelections }: { hasSelections: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div class={controls.buttons}>
      <button type="button" disabled={!hasSelections} onClick={exportSelections}>
        Export
      </button>
      <button type="button" onClick={() => input.current?.click()}>
        Import
      </button>
      <input
        ref={input}
        type="file"
        accept=".json,application/json"
        aria-label="File of selections"
        hidden
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file) void importSelections(file);
          currentTarget.value = "";
        }}
      />
    </div>
  );
}
