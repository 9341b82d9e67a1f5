import { isActive } from "./computations/computations.js";
import controls from "./controls.module.css";
import { ExportMenu } from "./export/export-menu.js";
import styles from "./header.module.css";
import { icons } from "./icons.js";
import { isOffline } from "./server-requests.js";
import { chosenTheme, computations, description, isHelpOpen, isTableOpen, panel, theme } from "./state.js";

export function Header() {
  const explored = description.value;
  const running = [...computations.value.values()].find(isActive);
  return (
    <header class={styles.header}>
      <span class={styles.mark} aria-hidden="true">
        σ
      </span>
      <h1>{explored?.name ?? "sigma-tsne"}</h1>
      {explored && (
        <p class={styles.facts}>
          {explored.n.toLocaleString("en")} points
          {explored.dimensions !== null && ` · ${explored.dimensions} dimensions`}
          {explored.model && ` · ${explored.model.name}`}
          {explored.withoutPosition > 0 &&
            ` · ${explored.withoutPosition.toLocaleString("en")} rows without a position are left out`}
          {isOffline && " · offline copy"}
        </p>
      )}
      <span class={styles.spring} />
      {running && (
        <button
          type="button"
          class={styles.running}
          title={running.message}
          onClick={() => {
            panel.value = "computations";
          }}
        >
          <span class={controls.spinner} />
          <span>
            {running.title}
            {running.fraction !== null && ` ${Math.round(100 * running.fraction)} %`}
          </span>
        </button>
      )}
      {explored && (
        <button
          type="button"
          class={controls.plain}
          title="Table of the points (r)"
          aria-pressed={isTableOpen.value}
          onClick={toggleTable}
        >
          {icons.table}
          <span>Table</span>
        </button>
      )}
      {explored && <ExportMenu />}
      <button
        type="button"
        class={controls.plain}
        title="Light or dark (t)"
        aria-label={theme.value === "dark" ? "Light" : "Dark"}
        onClick={toggleTheme}
      >
        {theme.value === "dark" ? icons.light : icons.dark}
      </button>
      <button
        type="button"
        class={controls.plain}
        title="Keys (?)"
        aria-label="Keys"
        onClick={() => {
          isHelpOpen.value = true;
        }}
      >
        {icons.help}
      </button>
    </header>
  );
}

export function toggleTable(): void {
  isTableOpen.value = !isTableOpen.value;
}

export function toggleTheme(): void {
  chosenTheme.value = theme.value === "dark" ? "light" : "dark";
}
