import type { ComponentChildren } from "preact";
import styles from "./controls.module.css";

/** A row of buttons of which exactly one is chosen. */
export function SegmentedControl<Value extends string>({
  label,
  value,
  choices,
  onChoose,
}: {
  label: string;
  value: Value;
  choices: readonly {
    readonly value: Value;
    readonly title: string;
    readonly hint?: string;
    readonly content?: ComponentChildren;
  }[];
  onChoose: (value: Value) => void;
}) {
  return (
    <fieldset class={styles.segments}>
      <legend>{label}</legend>
      {choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          aria-pressed={choice.value === value}
          title={choice.hint ?? choice.title}
          {...(choice.content !== undefined && { "aria-label": choice.title })}
          onClick={() => onChoose(choice.value)}
        >
          {choice.content ?? choice.title}
        </button>
      ))}
    </fieldset>
  );
}

export function Select({
  label,
  value,
  choices,
  onChoose,
}: {
  label: string;
  value: string;
  choices: readonly { readonly value: string; readonly title: string }[];
  onChoose: (value: string) => void;
}) {
  return (
    <label class={styles.select}>
      <span>{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.title}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Toggle({ label, isOn, onChange }: { label: string; isOn: boolean; onChange: (isOn: boolean) => void }) {
  return (
    <label class={styles.toggle}>
      <input type="checkbox" checked={isOn} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

/** The message of a panel that has nothing to show. */
export function EmptyState({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class={styles.empty}>
      <strong>{title}</strong>
      <p>{children}</p>
    </div>
  );
}
