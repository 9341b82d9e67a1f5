import { drawing, element, heading } from "../../page-map/elements.js";
import { type Coloring, colorByLabel, colorByQuantity, decodeFloats, labelTexts } from "../../page-map/points.js";
import { MapView, type Scene } from "../../page-map/view.js";
import { shuffled } from "../../shuffle.js";
import { chartByUncertainty, table, tile } from "./charts.js";
import type { ReportPayload } from "./payload.js";

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const payload = JSON.parse(byId("data").textContent) as ReportPayload;
const { n } = payload;

const maps = payload.maps.map((map) => ({ ...map, x: decodeFloats(map.x), y: decodeFloats(map.y) }));
const pairs = payload.pairs.map((pair) => ({
  ...pair,
  displacement: decodeFloats(pair.displacement),
  changed: decodeFloats(pair.changed),
}));
const sigma = payload.sigma === null ? undefined : decodeFloats(payload.sigma);
const labelOf = payload.labels ? labelTexts(payload.labels) : undefined;

const dark = matchMedia("(prefers-color-scheme: dark)");
const plain: Coloring = {
  name: "nothing",
  colorOf: new Uint8Array(n),
  light: ["#0072b2"],
  dark: ["#56b4e9"],
  order: shuffled(n),
};
const scene: Scene = {
  coloring: plain,
  isDark: dark.matches,
  frame: { x: 0, y: 0, reach: 1 },
  wholeReach: 1,
  selected: undefined,
  hovered: undefined,
  marks: [],
};
const views = [new MapView(scene), new MapView(scene)] as const;
let pair = pairs[0];
let hasNumbers = true;

// Drawing waits for the next frame, so that many events cause only one drawing.
let due: "points" | "top" | undefined;
let outline: { view: MapView; corners: [number, number][] } | undefined;
function redraw(what: "points" | "top"): void {
  if (due === undefined) {
    requestAnimationFrame(() => {
      for (const view of views) {
        if (due === "points") view.drawPoints();
        view.drawTop(outline?.view === view ? outline.corners : []);
      }
      due = undefined;
    });
  }
  if (due !== "points") due = what;
}

function showPair(first: number, second: number): void {
  // Each pair has one entry, whose maps are in the order of the variants.
  pair = pairs.find((one) => one.first === first && one.second === second) as typeof pair;
  const shown = [first, second].map((i) => maps[i]) as [(typeof maps)[number], (typeof maps)[number]];
  for (const [side, view] of views.entries()) {
    const [own, other] = [shown[side], shown[1 - side]] as typeof shown;
    view.name(own.name, own.summary);
    [view.x, view.y, view.otherX, view.otherY] = [own.x, own.y, other.x, other.y];
  }
  byId("tiles").replaceChildren(...pair.tiles.map(tile));
  showUncertainty();
  showMoved(shown[0].name, shown[1].name);
  chooseColor();
  showMarks();
  showWhole();
}

function showUncertainty(): void {
  if (sigma === undefined) {
    byId("uncertainty").remove();
    return;
  }
  byId("uncertainty").replaceChildren(
    chartByUncertainty("Displacement, in radii of the map", pair.displacement, sigma, false),
    chartByUncertainty("Neighbors changed", pair.changed, sigma, true),
  );
}

function showMoved(first: string, second: string): void {
  const columns = [
    "No.",
    "Row",
    ...(labelOf ? ["Label"] : []),
    "Moved (R)",
    "Neighbors changed",
    ...(sigma ? ["Mean sigma"] : []),
  ];
  const rows = pair.marks.map((row, index) => {
    const button = element("button", "", String(row)) as HTMLButtonElement;
    button.type = "button";
    button.setAttribute("aria-label", `Show row ${row} in both maps`);
    for (const event of ["focus", "mouseenter", "click"]) button.addEventListener(event, () => hover(row));
    const number = heading("row", String(index + 1));
    const cells = [
      element("td", "", button),
      ...(labelOf ? [element("td", "text", labelOf(row))] : []),
      element("td", "", figure(pair.displacement[row])),
      element("td", "", share(pair.changed[row])),
      ...(sigma ? [element("td", "", figure(sigma[row]))] : []),
    ];
    return element("tr", "", number, ...cells);
  });
  const head = element("thead", "", element("tr", "", ...columns.map((name) => heading("col", name))));
  const note = `From ${first} to ${second}. If neighboring points moved together, only the one that moved most is listed. R is the root mean square radius of the first map.`;
  byId("moved").replaceChildren(
    element(
      "div",
      "card",
      element("h2", "", "Points that moved most"),
      element("p", "note", rows.length > 0 ? note : "No point moved."),
      element("div", "scroll", rows.length > 0 ? element("table", "", head, element("tbody", "", ...rows)) : ""),
    ),
  );
}

const figure = (value: number | undefined): string =>
  value === undefined ? "" : Number(value.toPrecision(3)).toString();
const share = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? "not measured" : `${Math.round(100 * value)} %`;

function showMarks(): void {
  scene.marks = hasNumbers ? pair.marks : [];
  redraw("top");
}

function showWhole(): void {
  const spans = [views.flatMap((view) => [view.x]), views.flatMap((view) => [view.y])].map((axes) => {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const axis of axes) {
      for (const value of axis) {
        if (value < least) least = value;
        if (value > most) most = value;
      }
    }
    return { center: (least + most) / 2, reach: (most - least) / 2 };
  }) as [{ center: number; reach: number }, { center: number; reach: number }];
  const reach = Math.max(spans[0].reach, spans[1].reach) * 1.04 || 1;
  scene.wholeReach = reach;
  scene.frame = { x: spans[0].center, y: spans[1].center, reach };
  redraw("points");
}

function zoom(factor: number, x = scene.frame.x, y = scene.frame.y): void {
  const reach = Math.min(scene.wholeReach * 1.5, Math.max(scene.wholeReach / 500, scene.frame.reach / factor));
  const kept = reach / scene.frame.reach;
  scene.frame = { x: x + (scene.frame.x - x) * kept, y: y + (scene.frame.y - y) * kept, reach };
  redraw("points");
}

function hover(point: number | undefined): void {
  if (point === scene.hovered) return;
  scene.hovered = point;
  byId("point").textContent = point === undefined ? "" : describe(point);
  redraw("top");
}

function describe(i: number): string {
  const facts = [
    `Row ${i}`,
    ...(labelOf ? [`label ${labelOf(i) || "none"}`] : []),
    `moved ${figure(pair.displacement[i])} R`,
    `neighbors changed ${share(pair.changed[i])}`,
    ...(sigma ? [`mean sigma ${figure(sigma[i])}`] : []),
  ];
  return facts.join(" · ");
}

function select(points: readonly number[], isAdding: boolean): void {
  const selected = isAdding && scene.selected ? scene.selected : new Uint8Array(n);
  for (const i of points) selected[i] = 1;
  const rows = rowsOf(selected);
  scene.selected = rows.length > 0 ? selected : undefined;
  byId("selected").textContent = rows.length > 0 ? summarize(rows) : "";
  for (const id of ["save", "clear"]) byId(id).hidden = rows.length === 0;
  redraw("points");
}

const rowsOf = (selected: Uint8Array): number[] => Array.from(selected.keys()).filter((i) => selected[i] === 1);

function summarize(rows: readonly number[]): string {
  const mean = (values: Float32Array) => {
    const known = rows.map((i) => values[i]).filter((value) => !Number.isNaN(value));
    return known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  const counts = new Map<string, number>();
  if (labelOf) for (const i of rows) counts.set(labelOf(i), (counts.get(labelOf(i)) ?? 0) + 1);
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 4);
  const facts = [
    `${rows.length.toLocaleString("en")} of ${n.toLocaleString("en")} points selected`,
    `mean move ${figure(mean(pair.displacement))} R`,
    `neighbors changed ${share(mean(pair.changed))}`,
    ...(sigma ? [`mean sigma ${figure(mean(sigma))}`] : []),
    ...(most.length > 0 ? [`labels ${most.map(([label, count]) => `${label || "none"} (${count})`).join(", ")}`] : []),
  ];
  return facts.join(" · ");
}

const colorings = new Map<string, () => Coloring>([
  ...(payload.labels
    ? [["Label", () => colorByLabel(payload.labels as NonNullable<typeof payload.labels>, payload)] as const]
    : []),
  ["Displacement", () => colorByQuantity("displacement (R)", pair.displacement, payload)],
  ["Neighbors changed", () => colorByQuantity("share of neighbors changed", pair.changed, payload)],
  ...(sigma ? [["Mean sigma", () => colorByQuantity("mean sigma", sigma, payload)] as const] : []),
  ["Nothing", () => plain],
]);

function chooseColor(): void {
  scene.coloring = (colorings.get(byId<HTMLSelectElement>("color").value) as () => Coloring)();
  showLegend();
  redraw("points");
}

function showLegend(): void {
  const { coloring, isDark } = scene;
  const colors = isDark ? coloring.dark : coloring.light;
  if (coloring.classes) {
    const entries = coloring.classes.map(({ name, count }, code) => {
      const swatch = drawing("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" });
      swatch.append(drawing("circle", { cx: 5, cy: 5, r: 5, fill: colors[code] }));
      const entry = element("button", "", swatch, `${name} `, element("small", "", count.toLocaleString("en")));
      entry.title = "Select these points";
      entry.addEventListener("click", (event) => {
        select(rowsOf(coloring.colorOf.map((color) => Number(color === code))), event.shiftKey);
      });
      return entry;
    });
    byId("legend").replaceChildren(...entries);
  } else if (coloring.range) {
    const shades = colors.slice(0, -1);
    const bar = drawing("svg", {
      class: "bar",
      viewBox: `0 0 ${shades.length} 1`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    });
    for (const [x, fill] of shades.entries()) bar.append(drawing("rect", { x, width: 1.05, height: 1, fill }));
    const [least, most] = coloring.range;
    byId("legend").replaceChildren(coloring.name, figure(least), bar, `${figure(most)} and more`);
  } else byId("legend").replaceChildren();
}

const pixelOf = ({ top }: MapView, event: MouseEvent): [number, number] => {
  const { left, top: above } = top.getBoundingClientRect();
  return [event.clientX - left, event.clientY - above];
};

function listen(view: MapView): void {
  listenToPointer(view);
  view.top.addEventListener(
    "wheel",
    (event) => {
      // Without a modifier key, the wheel scrolls the page.
      if (!(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      zoom(1.0015 ** -event.deltaY, ...view.toPlane(...pixelOf(view, event)));
    },
    { passive: false },
  );
  view.top.addEventListener("dblclick", (event) => zoom(2, ...view.toPlane(...pixelOf(view, event))));
  view.top.addEventListener("keydown", (event) => {
    if (handleKey(view, event)) event.preventDefault();
  });
}

/** Makes dragging move the map or draw the outline of a selection. */
function listenToPointer(view: MapView): void {
  const { top } = view;
  let drag: { x: number; y: number; mode: string; last: [number, number] } | undefined;
  const mode = () => (new FormData(byId<HTMLFormElement>("controls")).get("mode") ?? "move") as string;
  top.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const [x, y] = pixelOf(view, event);
    drag = { x, y, mode: mode(), last: [x, y] };
    top.setPointerCapture(event.pointerId);
    if (drag.mode === "move") hover(view.nearest(x, y, 24));
    else outline = { view, corners: [[x, y]] };
  });
  top.addEventListener("pointermove", (event) => {
    const [x, y] = pixelOf(view, event);
    if (!drag) return hover(view.nearest(x, y, 14));
    if (drag.mode === "move") {
      const { frame } = scene;
      const [dx, dy] = [x - drag.last[0], y - drag.last[1]];
      scene.frame = { ...frame, x: frame.x - dx / view.scale, y: frame.y + dy / view.scale };
      drag.last = [x, y];
      return redraw("points");
    }
    if (drag.mode === "lasso") outline?.corners.push([x, y]);
    else outline = { view, corners: rectangle([drag.x, drag.y], [x, y]) };
    redraw("top");
  });
  const finish = (event: PointerEvent) => {
    if (!drag) return;
    drag = undefined;
    const drawn = outline;
    outline = undefined;
    if (drawn && event.type === "pointerup") {
      select(drawn.corners.length > 2 ? view.within(drawn.corners) : [], event.shiftKey);
    }
    redraw("top");
  };
  top.addEventListener("pointerup", finish);
  top.addEventListener("pointercancel", finish);
  top.addEventListener("pointerleave", () => !drag && hover(undefined));
}

const rectangle = ([x1, y1]: [number, number], [x2, y2]: [number, number]): [number, number][] => [
  [x1, y1],
  [x2, y1],
  [x2, y2],
  [x1, y2],
];

/** Handles a key and returns whether it is used by the page. */
function handleKey(view: MapView, { key, shiftKey }: KeyboardEvent): boolean {
  const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key];
  if (direction) {
    const [dx, dy] = direction as [number, number];
    const from = scene.hovered ?? view.nearest(view.width / 2, view.height / 2, Number.POSITIVE_INFINITY);
    if (from !== undefined) hover(scene.hovered === undefined ? from : (view.nextTowards(from, dx, dy) ?? from));
  } else if (key === "Enter" && scene.hovered !== undefined) select([scene.hovered], shiftKey);
  else if (key === "Escape") select([], false);
  else if (key === "+" || key === "=") zoom(1.5);
  else if (key === "-") zoom(1 / 1.5);
  else if (key === "0") showWhole();
  else return false;
  return true;
}

function saveRows(): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(
    new Blob([`row\n${rowsOf(scene.selected as Uint8Array).join("\n")}\n`], { type: "text/csv" }),
  );
  link.download = "selected_rows.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

byId("facts").textContent = payload.facts.join(" ");
byId("maps").append(...views.map(({ figure: shown }) => shown));
byId("tables").append(...payload.tables.map(table));
const option = (text: string, value: string) => new Option(text, value);
byId("color").append(...[...colorings.keys()].map((name) => option(name, name)));
for (const id of ["left", "right"]) byId(id).append(...maps.map(({ name }, i) => option(name, String(i))));
byId("choice").hidden = maps.length < 3;
byId<HTMLSelectElement>("right").value = String(maps.length - 1);

const sides = () => ["left", "right"].map((id) => Number(byId<HTMLSelectElement>(id).value)) as [number, number];
function keepSidesDifferent(changed: "left" | "right"): void {
  let [left, right] = sides();
  // The left map must be the earlier variant, as in the pairs.
  if (left >= right) {
    if (changed === "left") right = Math.min(left + 1, maps.length - 1);
    left = Math.min(left, right - 1);
    if (left < 0) [left, right] = [0, 1];
  }
  byId<HTMLSelectElement>("left").value = String(left);
  byId<HTMLSelectElement>("right").value = String(right);
  showPair(left, right);
}
for (const id of ["left", "right"] as const) byId(id).addEventListener("change", () => keepSidesDifferent(id));
byId("color").addEventListener("change", chooseColor);
byId("controls").addEventListener("submit", (event) => event.preventDefault());
byId("controls").addEventListener("change", () => {
  const isDrawing = !(byId<HTMLFormElement>("controls").elements.namedItem("mode") as RadioNodeList).value.includes(
    "move",
  );
  for (const { top } of views) top.classList.toggle("drawing", isDrawing);
});
byId("numbers").addEventListener("change", (event) => {
  hasNumbers = (event.target as HTMLInputElement).checked;
  showMarks();
});
byId("closer").addEventListener("click", () => zoom(1.5));
byId("farther").addEventListener("click", () => zoom(1 / 1.5));
byId("whole").addEventListener("click", showWhole);
byId("clear").addEventListener("click", () => select([], false));
byId("save").addEventListener("click", saveRows);
dark.addEventListener("change", () => {
  scene.isDark = dark.matches;
  showLegend();
  redraw("points");
});
for (const view of views) {
  listen(view);
  new ResizeObserver(() => redraw("points")).observe(view.top);
}
showPair(0, maps.length - 1);
