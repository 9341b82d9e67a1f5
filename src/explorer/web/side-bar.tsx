import type { ComponentChildren, JSX } from "preact";
import { ComputationsPanel } from "./computations/computations-panel.js";
import { filteredRows } from "./filters/filtered-rows.js";
import { FiltersPanel } from "./filters/filters-panel.js";
import { icons } from "./icons.js";
import { InterpolationPanel } from "./latent/interpolation-panel.js";
import { LatentPanel } from "./latent/latent-panel.js";
import { SearchPanel } from "./latent/search-panel.js";
import { ComputePanel } from "./offline/compute-panel.js";
import { ColorsPanel } from "./panels/colors-panel.js";
import { MovedPanel } from "./panels/moved-panel.js";
import { PointPanel } from "./panels/point-panel.js";
import { SelectionPanel } from "./panels/selection-panel.js";
import { TextSearch } from "./search/text-search.js";
import { isOffline } from "./server-requests.js";
import styles from "./side-bar.module.css";
import { computations, description, maps, type Panel, panel, selected } from "./state.js";

interface Tab {
  readonly id: Panel;
  readonly title: string;
  readonly icon: JSX.Element;
  readonly content: () => ComponentChildren;
}

function tabs(): Tab[] {
  const abilities = description.value?.abilities;
  return [
    { id: "colors", title: "Colors", icon: icons.colors, content: () => <ColorsPanel /> },
    { id: "filters", title: "Filters", icon: icons.filters, content: () => <FiltersPanel /> },
    { id: "point", title: "Point", icon: icons.point, content: () => <PointPanel /> },
    { id: "selection", title: "Selection", icon: icons.selection, content: () => <SelectionPanel /> },
    ...(abilities?.decode
      ? ([
          { id: "latent", title: "Latent", icon: icons.latent, content: () => <LatentPanel /> },
          {
            id: "interpolation",
            title: "Interpolate",
            icon: icons.interpolation,
            content: () => <InterpolationPanel />,
          },
        ] as const)
      : []),
    {
      id: "search",
      title: "Search",
      icon: icons.search,
      content: () => (
        <>
          <TextSearch />
          <SearchPanel />
        </>
      ),
    },
    ...(maps.value.length > 1
      ? [{ id: "moved", title: "Moved", icon: icons.moved, content: () => <MovedPanel /> } as const]
      : []),
    ...(isOffline && description.value?.recomputation
      ? [
          {
            id: "computations",
            title: "Compute",
            icon: icons.computations,
            content: () => <ComputePanel />,
          } as const,
        ]
      : []),
    ...(!isOffline && computations.value.size > 0
      ? [
          {
            id: "computations",
            title: "Progress",
            icon: icons.computations,
            content: () => <ComputationsPanel />,
          } as const,
        ]
      : []),
  ];
}

/** The side bar, which shows one panel of information about the points at a time. */
export function SideBar() {
  if (!description.value) return <aside id="side" class={styles.sideBar} tabIndex={-1} />;
  const all = tabs();
  const shown = all.find(({ id }) => id === panel.value) ?? all[0];
  const turn = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = all[(all.indexOf(shown) + step + all.length) % all.length];
    panel.value = next.id;
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
    event.preventDefault();
  };
  return (
    <aside id="side" class={styles.sideBar} tabIndex={-1} aria-label="About the points">
      <div class={styles.tabs} role="tablist" aria-orientation="vertical" onKeyDown={turn}>
        {all.map(({ id, title, icon }) => (
          <button
            key={id}
            id={`tab-${id}`}
            type="button"
            role="tab"
            aria-selected={id === shown.id}
            aria-controls="panel"
            tabIndex={id === shown.id ? 0 : -1}
            onClick={() => {
              panel.value = id;
            }}
          >
            {icon}
            <span>{title}</span>
            {((id === "selection" && selected.value) || (id === "filters" && filteredRows.value.isFiltering)) && (
              <i class={styles.dot} />
            )}
          </button>
        ))}
      </div>
      <div id="panel" class={styles.panel} role="tabpanel" aria-labelledby={`tab-${shown.id}`} key={shown.id}>
        {shown.content()}
      </div>
    </aside>
  );
}
