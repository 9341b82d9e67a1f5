import { icons } from "./icons.js";
import { isActive } from "./live/watching.js";
import { isOffline } from "./server.js";
import { chosenTheme, description, isHelpOpen, liveRuns, panel, theme } from "./store.js";
import { TakeAway } from "./take-away/take-away.js";

export function Header() {
  const explored = description.value;
  const running = [...liveRuns.value.values()].find(isActive);
  return (
    <header>
      <span class="mark" aria-hidden="true">
        σ
      </span>
      <h1>{explored?.name ?? "sigma-tsne"}</h1>
      {explored && (
        <p class="facts">
          {explored.n.toLocaleString("en")} points
          {explored.dimensions !== null && ` · ${explored.dimensions} dimensions`}
          {explored.model && ` · ${explored.model.name}`}
          {isOffline && " · offline copy"}
        </p>
      )}
      <span class="spring" />
      {running && (
        <button
          type="button"
          class="running"
          title={running.message}
          onClick={() => {
            panel.value = "live";
          }}
        >
          <span class="spinner" />
          <span>
            {running.title}
            {running.fraction !== null && ` ${Math.round(100 * running.fraction)} %`}
          </span>
        </button>
      )}
      {explored && <TakeAway />}
      <button
        type="button"
        class="plain"
        title="Light or dark (t)"
        aria-label={theme.value === "dark" ? "Light" : "Dark"}
        onClick={toggleTheme}
      >
        {theme.value === "dark" ? icons.light : icons.dark}
      </button>
      <button
        type="button"
        class="plain"
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

export function toggleTheme(): void {
  chosenTheme.value = theme.value === "dark" ? "light" : "dark";
}
