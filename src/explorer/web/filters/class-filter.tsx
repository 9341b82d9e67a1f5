import { useMemo, useState } from "preact/hooks";
import type { CategoryColumn } from "../../protocol.js";
import controls from "../controls.module.css";
import { columnValues } from "../map/column-values.js";
import { visibleText } from "../map/visible-text.js";
import { filters } from "../state.js";
import { classBars, countAll } from "./bars.js";
import { changeFilter } from "./change-filter.js";
import { filteredRows } from "./filtered-rows.js";
import styles from "./filters-panel.module.css";

/** Number of classes that are listed until the user asks for all. */
const FEW = 10;

interface ClassBar {
  readonly name: string;
  readonly bar: number;
  readonly total: number;
}

/** One bar per class, the most frequent first. A click chooses a class; further clicks add other classes. */
export function ClassFilter({ column }: { column: CategoryColumn }) {
  const values = columnValues(column);
  const [isWhole, setWhole] = useState(false);
  const bars = useMemo(() => values && classBars(column, values), [column, values]);
  const classes = useMemo<ClassBar[]>(() => {
    if (!bars) return [];
    const totals = countAll(bars);
    const all = [...column.categories, ""].map((name, bar) => ({ name, bar, total: totals[bar] }));
    return all.filter(({ total }) => total > 0).sort((a, b) => b.total - a.total || a.bar - b.bar);
  }, [column, bars]);
  if (!bars) return <p class={controls.note}>Loading …</p>;
  const filter = filters.value[column.id];
  const chosen = filter?.kind === "classes" ? filter.names : [];
  const passing = filteredRows.value.crossFilter.countBars(column.id, bars);
  const most = Math.max(1, classes[0]?.total ?? 1);
  const toggle = (name: string) => {
    const names = chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name];
    changeFilter(column.id, names.length > 0 ? { kind: "classes", names } : undefined);
  };
  const listed = classes.filter(({ name }, at) => isWhole || at < FEW || chosen.includes(name));
  return (
    <>
      <ul class={styles.classes}>
        {listed.map(({ name, bar, total }) => (
          <li key={bar}>
            <button type="button" aria-pressed={chosen.includes(name)} onClick={() => toggle(name)}>
              <span class={controls.name}>{name === "" ? <i>none</i> : visibleText(name)}</span>
              <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                <rect class={styles.all} width={(100 * total) / most} height="8" />
                <rect class={styles.passing} width={(100 * passing[bar]) / most} height="8" />
              </svg>
              <small>{passing[bar].toLocaleString("en")}</small>
            </button>
          </li>
        ))}
      </ul>
      {classes.length > FEW && (
        <button type="button" class={styles.small} onClick={() => setWhole(!isWhole)}>
          {isWhole ? `The ${FEW} most frequent` : `All ${classes.length.toLocaleString("en")}`}
        </button>
      )}
    </>
  );
}
