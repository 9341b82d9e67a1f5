import { drawing, element, heading } from "../../page-map/elements.js";
import { type Coloring, colorByLabel, colorByQuantity, decodeFloats, labelTexts } from "../../page-map/points.js";
import { MapView, type Scene } from "../../page-map/view.js";
import { shuffled } from "../../shuffle.js";
import type { TrustGroupRow, TrustPayload, TrustScore } from "./payload.js";
import { makePerplexityCard } from "./perplexities.js";

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const payload = JSON.parse(byId("data").textContent) as TrustPayload;
const { n } = payload;

const scores = payload.scores.map((score) => {
  const values = score.values === null ? undefined : decodeFloats(score.values);
  const textOf = score.labels === null ? undefined : labelTexts(score.labels);
  return { ...score, values, textOf };
});
const dark = matchMedia("(prefers-color-scheme: dark)");
const scene: Scene = {
  coloring: { name: "", colorOf: new Uint8Array(n), light: ["#0072b2"], dark: ["#56b4e9"], order: shuffled(n) },
  isDark: dark.matches,
  frame: { x: 0, y: 0, reach: 1 },
  wholeReach: 1,
  selected: undefined,
  hovered: undefined,
  marks: [],
};
const view = new MapView(scene);
view.x = view.otherX = decodeFloats(payload.x);
view.y = view.otherY = decodeFloats(payload.y);
view.name("of the points", "");

let isDue = false;
function redraw(): void {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    view.drawPoints();
    view.drawTop();
  });
}

function showWhole(): void {
  const range = (values: Float32Array) => {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
    return { center: (least + most) / 2, reach: (most - least) / 2 };
  };
  const [across, up] = [range(view.x), range(view.y)];
  // The canvas is wider than high, so its height limits the scale, unless the map is much wider than high.
  const reach =
    Math.max(up.reach, (across.reach * view.height) / Math.max(1, view.width), across.reach / 3) * 1.05 || 1;
  scene.wholeReach = reach;
  scene.frame = { x: across.center, y: up.center, reach };
  redraw();
}

function zoom(factor: number, x = scene.frame.x, y = scene.frame.y): void {
  const reach = Math.min(scene.wholeReach * 1.5, Math.max(scene.wholeReach / 500, scene.frame.reach / factor));
  const kept = reach / scene.frame.reach;
  scene.frame = { x: x + (scene.frame.x - x) * kept, y: y + (scene.frame.y - y) * kept, reach };
  redraw();
}

function hover(point: number | undefined): void {
  if (point === scene.hovered) return;
  scene.hovered = point;
  byId("point").textContent = point === undefined ? "" : describe(point);
  view.drawTop();
}

const figure = (value: number): string =>
  Number.isFinite(value) ? Number(value.toPrecision(3)).toString() : value > 0 ? "infinite" : "none";

function textFor({ values, textOf }: (typeof scores)[number], i: number): string {
  return values ? figure(values[i]) : textOf ? textOf(i) || "none" : "";
}

const describe = (i: number): string =>
  [`Row ${i}`, ...scores.map((score) => `${score.name.toLowerCase()} ${textFor(score, i)}`)].join(" · ");

function colorBy(score: (typeof scores)[number]): Coloring {
  if (score.labels) return colorByLabel(score.labels, payload);
  const values = score.values as Float32Array;
  return colorByQuantity(score.name.toLowerCase(), score.isLogarithmic ? logarithms(values) : values, payload);
}

/** Computes logarithms to base 10. Infinite values are replaced by the largest finite one. */
function logarithms(values: Float32Array): Float32Array {
  let most = 0;
  for (const value of values) if (Number.isFinite(value) && value > most) most = value;
  return values.map((value) => Math.log10(Math.max(1e-6, Math.min(value, most))));
}

function chooseColor(): void {
  const score = scores[Number(byId<HTMLSelectElement>("color").value)];
  scene.coloring = colorBy(score);
  byId("explanation").textContent = score.explanation;
  showLegend(score);
  redraw();
}

function showLegend({ isLogarithmic }: TrustScore | (typeof scores)[number]): void {
  const { coloring, isDark } = scene;
  const colors = isDark ? coloring.dark : coloring.light;
  if (coloring.classes) {
    const entries = coloring.classes.map(({ name, count }, code) => {
      const swatch = drawing("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" });
      swatch.append(drawing("circle", { cx: 5, cy: 5, r: 5, fill: colors[code] }));
      return element("span", "", swatch, `${name} `, element("small", "", count.toLocaleString("en")));
    });
    byId("legend").replaceChildren(...entries);
    return;
  }
  if (!coloring.range) return;
  const shades = colors.slice(0, -1);
  const attributes = { class: "bar", viewBox: `0 0 ${shades.length} 1`, preserveAspectRatio: "none" };
  const bar = drawing("svg", { ...attributes, "aria-hidden": "true" });
  for (const [x, fill] of shades.entries()) bar.append(drawing("rect", { x, width: 1.05, height: 1, fill }));
  const [least, most] = coloring.range.map((end) => (isLogarithmic ? 10 ** end : end));
  byId("legend").replaceChildren(`${coloring.name} ${figure(least)}`, bar, `${figure(most)} and more`);
}

function showFindings(): void {
  const tiles = payload.findings.map(({ name, value, sentence }) =>
    element("div", "tile", element("h2", "", name), element("strong", "", value), element("p", "", sentence)),
  );
  byId("findings").replaceChildren(...tiles);
}

function showGroups(): void {
  const isLabels = [false, true];
  const cards = isLabels.flatMap((isLabel) => {
    const rows = payload.groups.filter((group) => group.isLabel === isLabel);
    return rows.length > 0 ? [makeGroupCard(rows, isLabel)] : [];
  });
  byId("groups").replaceChildren(...cards);
  byId("groups").hidden = cards.length === 0;
}

function makeGroupCard(groups: readonly TrustGroupRow[], isLabel: boolean): HTMLElement {
  const rows = groups.map(({ name, cells, light, dark: darkColor }) => {
    const swatch = drawing("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" });
    swatch.append(drawing("circle", { cx: 5, cy: 5, r: 5, fill: scene.isDark ? darkColor : light }));
    const head = heading("row", name);
    head.prepend(swatch);
    return element("tr", "", head, ...cells.map((cell) => element("td", "", cell)));
  });
  const names = [isLabel ? "Label" : "Group", ...payload.groupColumns[isLabel ? "labels" : "groups"]];
  const head = element("thead", "", element("tr", "", ...names.map((name) => heading("col", name))));
  const note = `Together: the share of the pairs of points of a ${isLabel ? "label" : "group"} that share a group again. Mixed: the share of the pairs that its points form with other points.${isLabel ? "" : " Separation: the depth of the shallowest valley around the group, 0 to 1."}`;
  const list = element("ul", "", ...groups.map(({ sentence }) => element("li", "", sentence)));
  return element(
    "div",
    "card",
    element("h2", "", isLabel ? "Labels" : "Groups of the map"),
    element("p", "note", note),
    element("div", "scroll", element("table", "", head, element("tbody", "", ...rows))),
    element("details", "", element("summary", "", "In sentences"), list),
  );
}

function showDoubtful(): void {
  const rows = payload.doubtful.map((row, index) => {
    const button = element("button", "", String(row)) as HTMLButtonElement;
    button.type = "button";
    button.setAttribute("aria-label", `Show row ${row} in the map`);
    for (const event of ["focus", "mouseenter", "click"]) button.addEventListener(event, () => hover(row));
    const cells = scores.map((score) => element("td", "", textFor(score, row)));
    return element("tr", "", heading("row", String(index + 1)), element("td", "", button), ...cells);
  });
  const names = ["No.", "Row", ...scores.map(({ name }) => name)];
  const head = element("thead", "", element("tr", "", ...names.map((name) => heading("col", name))));
  const table = element("table", "", head, element("tbody", "", ...rows));
  const note =
    rows.length > 0
      ? "The points that fail most thresholds; among these, those that jump farthest."
      : "No point fails a threshold.";
  byId("doubtful").replaceChildren(
    element(
      "div",
      "card",
      element("h2", "", "The most doubtful points"),
      element("p", "note", note),
      element("div", "scroll", rows.length > 0 ? table : ""),
    ),
  );
}

const pixelOf = (event: MouseEvent): [number, number] => {
  const { left, top } = view.top.getBoundingClientRect();
  return [event.clientX - left, event.clientY - top];
};

function listen(): void {
  const { top } = view;
  let last: [number, number] | undefined;
  top.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    last = pixelOf(event);
    top.setPointerCapture(event.pointerId);
    hover(view.nearest(...last, 24));
  });
  top.addEventListener("pointermove", (event) => {
    const [x, y] = pixelOf(event);
    if (!last) return hover(view.nearest(x, y, 14));
    const { frame } = scene;
    scene.frame = { ...frame, x: frame.x - (x - last[0]) / view.scale, y: frame.y + (y - last[1]) / view.scale };
    last = [x, y];
    redraw();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    top.addEventListener(end, () => {
      last = undefined;
    });
  }
  top.addEventListener("pointerleave", () => last || hover(undefined));
  top.addEventListener("dblclick", (event) => zoom(2, ...view.toPlane(...pixelOf(event))));
  top.addEventListener(
    "wheel",
    (event) => {
      // Without a modifier key, the wheel scrolls the page.
      if (!(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      zoom(1.0015 ** -event.deltaY, ...view.toPlane(...pixelOf(event)));
    },
    { passive: false },
  );
  top.addEventListener("keydown", (event) => {
    if (handleKey(event.key)) event.preventDefault();
  });
}

/** Handles a key and returns whether it is used by the page. */
function handleKey(key: string): boolean {
  const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key];
  if (direction) {
    const [dx, dy] = direction as [number, number];
    const from = scene.hovered ?? view.nearest(view.width / 2, view.height / 2, Number.POSITIVE_INFINITY);
    if (from !== undefined) hover(scene.hovered === undefined ? from : (view.nextTowards(from, dx, dy) ?? from));
  } else if (key === "+" || key === "=") zoom(1.5);
  else if (key === "-") zoom(1 / 1.5);
  else if (key === "0") showWhole();
  else return false;
  return true;
}

byId("facts").textContent = payload.facts.join(" ");
byId("map").append(view.figure);
byId("color").append(...scores.map(({ name }, i) => new Option(name, String(i))));
byId("color").addEventListener("change", chooseColor);
byId("controls").addEventListener("submit", (event) => event.preventDefault());
byId("numbers").addEventListener("change", (event) => {
  scene.marks = (event.target as HTMLInputElement).checked ? payload.doubtful : [];
  redraw();
});
byId("closer").addEventListener("click", () => zoom(1.5));
byId("farther").addEventListener("click", () => zoom(1 / 1.5));
byId("whole").addEventListener("click", showWhole);
dark.addEventListener("change", () => {
  scene.isDark = dark.matches;
  chooseColor();
  showGroups();
});
listen();
showFindings();
showGroups();
showDoubtful();
if (payload.perplexities) {
  byId("perplexities").replaceChildren(makePerplexityCard(payload.perplexities));
  byId("perplexities").hidden = false;
}
chooseColor();
new ResizeObserver(redraw).observe(view.top);
showWhole();
