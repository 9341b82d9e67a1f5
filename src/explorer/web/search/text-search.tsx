import { computed, signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ColumnDescription } from "../../protocol.js";
import { Select } from "../controls.js";
import controls from "../controls.module.css";
import { exactText } from "../map/column-values.js";
import { goTo } from "../map/map-views.js";
import { visibleText } from "../map/visible-text.js";
import { click, description, hovered, select } from "../state.js";
import { ANY_COLUMN, findRows, ROW_NUMBER } from "./find-rows.js";
import styles from "./text-search.module.css";

/** The searched text and the searched column. */
const wanted = signal("");
const where = signal(ANY_COLUMN);
const found = computed(() => (wanted.value.trim() === "" ? undefined : findRows(wanted.value, where.value)));

/** Maximum number of listed rows. */
const MOST_LISTED = 50;
/** Milliseconds without typing after which a search begins. */
const PAUSE = 150;

/** Search by text in any column, by label, by row number or by identifier. */
export function TextSearch() {
  const { columns = [] } = description.value ?? {};
  const [typed, setTyped] = useState(wanted.value);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => {
      wanted.value = typed;
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  useEffect(() => input.current?.focus({ preventScroll: true }), []);
  const choices = [
    { value: ANY_COLUMN, title: "Any column" },
    { value: ROW_NUMBER, title: "Row number" },
    ...columns.map(({ id, title }) => ({ value: id, title: visibleText(title) })),
  ];
  return (
    <>
      <h2>Search</h2>
      <form
        class={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          wanted.value = typed;
          const [first] = found.value?.rows ?? [];
          if (first !== undefined) show(first);
        }}
      >
        <input
          ref={input}
          type="search"
          aria-label="Search for"
          placeholder="Text, label, identifier or row number"
          value={typed}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        />
        <Select label="In" value={where.value} choices={choices} onChoose={(id) => (where.value = id)} />
      </form>
      <Results />
    </>
  );
}

function Results() {
  const result = found.value;
  if (!result) {
    return (
      <p class={controls.note}>
        Finds texts and labels that contain the search text, dates that begin with it, and numbers that are equal to it.
        Enter goes to the first result.
      </p>
    );
  }
  const { rows, loading } = result;
  return (
    <>
      <p class={controls.note} role="status">
        {rows.length.toLocaleString("en")} {rows.length === 1 ? "point" : "points"} found
        {rows.length > MOST_LISTED && `, the first ${MOST_LISTED} are listed`}.
        {loading > 0 && ` ${loading} ${loading === 1 ? "column is" : "columns are"} still being loaded.`}
      </p>
      {rows.length > 0 && (
        <div class={controls.buttons}>
          <button type="button" onClick={() => select(rows)}>
            Select {rows.length === 1 ? "it" : "all of them"}
          </button>
        </div>
      )}
      <ul class={styles.found}>
        {Array.from(rows.subarray(0, MOST_LISTED), (row) => (
          <li key={row}>
            <button
              type="button"
              onPointerEnter={() => (hovered.value = row)}
              onPointerLeave={() => (hovered.value = undefined)}
              onFocus={() => (hovered.value = row)}
              onBlur={() => (hovered.value = undefined)}
              onClick={() => show(row)}
            >
              <span>Row {row.toLocaleString("en")}</span>
              <Match column={result.columnOf(row)} row={row} />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function show(row: number): void {
  click(row);
  goTo(row);
}

/** The value that contains the text, with the text highlighted. */
function Match({ column, row }: { column: ColumnDescription | undefined; row: number }) {
  if (!column) return null;
  const text = exactText(column, row);
  const at = text.toLowerCase().indexOf(wanted.value.trim().toLowerCase());
  const end = at + wanted.value.trim().length;
  return (
    <small>
      {visibleText(column.title)}: {at < 0 ? text : text.slice(0, at)}
      {at >= 0 && <mark>{text.slice(at, end)}</mark>}
      {at >= 0 && text.slice(end)}
    </small>
  );
}
