import { drawing, element, heading } from "../../page-map/elements.js";
import type { ReportTable, ReportTile } from "./payload.js";

export function tile({ name, value, explanation }: ReportTile): HTMLElement {
  return element("div", "tile", element("h2", "", name), element("strong", "", value), element("p", "", explanation));
}

export function table({ caption, explanation, columns, rows }: ReportTable): HTMLElement {
  const head = element("tr", "", element("th", "", ""), ...columns.map((name) => heading("col", name)));
  const body = rows.map(({ name, explanation: small, cells }) => {
    const row = heading("row", name);
    row.append(element("small", "", small));
    const figures = cells.map(({ text, best }) => {
      const cell = element("td", best ? "best" : "", text);
      if (best) cell.title = "the better value";
      return cell;
    });
    return element("tr", "", row, ...figures);
  });
  const grid = element("table", "", element("thead", "", head), element("tbody", "", ...body));
  grid.setAttribute("aria-label", caption);
  const title = [element("h2", "", caption), ...(explanation ? [element("p", "note", explanation)] : [])];
  return element("div", "card", ...title, element("div", "scroll", grid));
}

const GROUPS = 10;
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [440, 190, 44, 34, 8];

/**
 * Draws the median and the middle half of a quantity for each tenth of the points, from the least to the most uncertain
 * tenth.
 */
export function chartByUncertainty(
  title: string,
  values: Float32Array,
  sigma: Float32Array,
  isShare: boolean,
): HTMLElement {
  const known = Uint32Array.from(values.keys())
    .filter((i) => !Number.isNaN(values[i]))
    .sort((i, j) => sigma[i] - sigma[j]);
  const groups = Math.min(GROUPS, known.length);
  const quartiles = Array.from({ length: groups }, (_, g) => {
    const members = known.subarray(
      Math.floor((g * known.length) / groups),
      Math.floor(((g + 1) * known.length) / groups),
    );
    const sorted = Float32Array.from(members, (i) => values[i]).sort();
    return [0.25, 0.5, 0.75].map((share) => sorted[Math.round(share * (sorted.length - 1))]) as [
      number,
      number,
      number,
    ];
  });
  const most = isShare ? 1 : Math.max(1e-9, ...quartiles.map(([, , upper]) => upper)) * 1.08;
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / most);
  const step = (WIDTH - LEFT - 6) / groups;
  const format = (value: number) => (isShare ? `${Math.round(100 * value)} %` : value.toPrecision(2));
  const lines = [0, 0.25, 0.5, 0.75, 1].map((share) => share * most);
  const label = `${title} by uncertainty: medians ${quartiles.map(([, median]) => format(median)).join(", ")}, from the least to the most uncertain tenth.`;
  const picture = drawing(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
    ...lines.flatMap((value) => [
      drawing("line", { class: "grid", x1: LEFT, x2: WIDTH - 6, y1: y(value), y2: y(value) }),
      drawing("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, format(value)),
    ]),
    ...quartiles.flatMap(([lower, median, upper], g) => {
      const x = LEFT + g * step + step * 0.15;
      return [
        drawing("rect", {
          class: "range",
          x,
          width: step * 0.7,
          y: y(upper),
          height: Math.max(0.5, y(lower) - y(upper)),
        }),
        drawing("line", { class: "middle", x1: x, x2: x + step * 0.7, y1: y(median), y2: y(median) }),
      ];
    }),
    drawing("text", { x: LEFT, y: HEIGHT - 14 }, "certain"),
    drawing("text", { x: WIDTH - 6, y: HEIGHT - 14, "text-anchor": "end" }, "uncertain"),
    drawing(
      "text",
      { x: (LEFT + WIDTH) / 2, y: HEIGHT - 14, "text-anchor": "middle" },
      "tenths of the points by mean sigma →",
    ),
  );
  const note = "Line: median; bar: the middle half of the points.";
  return element("div", "card", element("h2", "", title), element("p", "note", note), picture);
}
