import type { CategoryColumn, TextColumn } from "../../protocol.js";
import { visibleText } from "../map/visible-text.js";
import { filters } from "../state.js";
import { changeFilter } from "./change-filter.js";
import styles from "./filters-panel.module.css";

/** A text box. Only rows that contain its text are shown. */
export function TextFilter({ column }: { column: TextColumn | CategoryColumn }) {
  const filter = filters.value[column.id];
  return (
    <input
      class={styles.text}
      type="search"
      aria-label={`${visibleText(column.title)} contains`}
      placeholder="contains …"
      value={filter?.kind === "contains" ? filter.text : ""}
      onInput={({ currentTarget: { value } }) =>
        changeFilter(column.id, value === "" ? undefined : { kind: "contains", text: value })
      }
    />
  );
}
