import { drawing, element, heading } from "../../page-map/elements.js";
import type { PerplexityChart, TrustPayload } from "./payload.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [340, 190, 52, 12, 12, 34];

/** Creates the card with one chart of each score against the perplexity, and a table of the numbers. */
export function makePerplexityCard({ note, values, charts }: NonNullable<TrustPayload["perplexities"]>): HTMLElement {
  const columns = ["Perplexity", ...charts.map(({ title }) => title)];
  const head = element("thead", "", element("tr", "", ...columns.map((name) => heading("col", name))));
  const rows = values.map((perplexity, i) => {
    const cells = charts.map((chart) =>
      element("td", values[i] === chart.chosen ? "best" : "", figure(chart.scores[i])),
    );
    return element("tr", "", heading("row", String(perplexity)), ...cells);
  });
  return element(
    "div",
    "card",
    element("h2", "", "Perplexities"),
    element("p", "note", note),
    element("div", "charts", ...charts.map((chart) => makeChart(chart, values))),
    element("div", "scroll", element("table", "", head, element("tbody", "", ...rows))),
  );
}

const figure = (value: number | null): string => (value === null ? "infinite" : String(Number(value.toPrecision(3))));

/** Draws a score against the logarithm of the perplexity. */
function makeChart({ title, explanation, scores, chosen }: PerplexityChart, values: readonly number[]): HTMLElement {
  const finite = scores.filter((score) => score !== null);
  const [least, most] = [Math.min(...finite), Math.max(...finite)];
  const [first, last] = [Math.log(values[0]), Math.log(values[values.length - 1])];
  const x = (perplexity: number) => LEFT + ((Math.log(perplexity) - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (score: number) => TOP + (HEIGHT - TOP - BOTTOM) * (most > least ? (most - score) / (most - least) : 0.5);
  const points = values.flatMap((perplexity, i) => {
    const score = scores[i];
    return score === null ? [] : [{ perplexity, left: x(perplexity), top: y(score) }];
  });
  const words = chosen === null ? "no value stands out" : `the value it suggests is ${chosen}`;
  const picture = drawing("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": `${title} over the perplexity; ${words}.`,
  });
  for (const score of most > least ? [least, most] : [least]) {
    picture.append(
      drawing("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(score), y2: y(score) }),
      drawing("text", { x: LEFT - 6, y: y(score) + 4, "text-anchor": "end" }, figure(score)),
    );
  }
  for (const perplexity of values) {
    picture.append(drawing("text", { x: x(perplexity), y: HEIGHT - 14, "text-anchor": "middle" }, String(perplexity)));
  }
  picture.append(
    drawing("polyline", { class: "curve", points: points.map(({ left, top }) => `${left},${top}`).join(" ") }),
    ...points.map(({ perplexity, left, top }) =>
      drawing("circle", {
        class: perplexity === chosen ? "chosen" : "dot",
        cx: left,
        cy: top,
        r: perplexity === chosen ? 6 : 3.5,
      }),
    ),
  );
  return element("div", "chart", element("h3", "", title), picture, element("p", "", explanation));
}
