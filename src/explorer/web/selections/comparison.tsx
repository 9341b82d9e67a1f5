import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import controls from "../controls.module.css";
import { formatDate, formatNumber } from "../map/column-values.js";
import { visibleText } from "../map/visible-text.js";
import { description, selected } from "../state.js";
import { countCommon } from "./common-rows.js";
import styles from "./comparison.module.css";
import { loadSelection, reporting } from "./saved-selections.js";
import { type ColumnSummary, summarizeColumn } from "./selection-summary.js";

const CURRENT = "Current selection";

interface Compared {
  readonly name: string;
  readonly rows: Uint32Array;
}

const loaded = signal<readonly Compared[]>([]);

/** A table that compares selections: size, common rows, shares of labels, means of numbers, over-represented values. */
export function SelectionsComparison({ names }: { names: readonly string[] }) {
  const key = names.join("\n");
  useEffect(() => {
    void reporting("The selections were not compared", async () => {
      const all = await Promise.all(key.split("\n").map(async (name) => ({ name, rows: await loadSelection(name) })));
      loaded.value = all;
    });
  }, [key]);
  const current = selected.value;
  const saved = loaded.value.filter(({ name }) => names.includes(name));
  const isNew = current !== undefined && saved.every(({ rows }) => !areSame(rows, current));
  const compared = isNew ? [...saved, { name: CURRENT, rows: current }] : saved;
  if (compared.length < 2) return <p class={controls.note}>The current selection is the one that is checked.</p>;
  const n = description.value?.n ?? 0;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls has to be reached by the keyboard
    <section class={styles.comparison} tabIndex={0} aria-label="Comparison of selections">
      <table>
        <thead>
          <tr>
            <td />
            {compared.map(({ name }) => (
              <th key={name} scope="col">
                {visibleText(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Points</th>
            {compared.map(({ name, rows }) => (
              <td key={name}>
                {rows.length.toLocaleString("en")} <small>{percent(rows.length / n)}</small>
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">In common with {visibleText(compared[0].name)}</th>
            {compared.map(({ name, rows }, at) => (
              <td key={name}>{at === 0 ? "" : countCommon(compared[0].rows, rows).toLocaleString("en")}</td>
            ))}
          </tr>
          {description.value?.columns.map((column) => (
            <ColumnRow
              key={column.id}
              title={column.title}
              summaries={compared.map(({ rows }) => summarizeColumn(column, rows))}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ColumnRow({ title, summaries }: { title: string; summaries: readonly (ColumnSummary | undefined)[] }) {
  if (summaries.every((summary) => summary === undefined)) return null;
  return (
    <tr>
      <th scope="row">{visibleText(title)}</th>
      {summaries.map((summary, at) => (
        <td key={at}>{summary && <Summary summary={summary} />}</td>
      ))}
    </tr>
  );
}

function Summary({ summary }: { summary: ColumnSummary }) {
  if (summary.kind === "number") {
    if (summary.count === 0) return <small>no values</small>;
    const { column, mean, overall } = summary;
    const text = (value: number) => (column.kind === "date" ? formatDate(column, value) : formatNumber(value));
    return (
      <>
        mean {text(mean)} <small>all points: {text(overall)}</small>
      </>
    );
  }
  return (
    <>
      {summary.shares.map(({ name, share }) => (
        <div key={name}>
          {name} <small>{percent(share)}</small>
        </div>
      ))}
      {summary.over.length > 0 && (
        <div class={styles.over}>
          <small>Over-represented:</small>{" "}
          {summary.over.map(({ name, lift }) => `${name} ×${formatNumber(Number(lift.toPrecision(2)))}`).join(", ")}
        </div>
      )}
    </>
  );
}

const percent = (share: number): string => `${formatNumber(Number((100 * share).toPrecision(3)))} %`;

const areSame = (one: Uint32Array, other: Uint32Array): boolean =>
  one === other || (one.length === other.length && one.every((row, at) => row === other[at]));
