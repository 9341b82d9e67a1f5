import { AbortError, Tsne } from "../browser/index.js";
import { element } from "../page-map/elements.js";
import { colorBy, legendOf, plainColoring } from "./coloring.js";
import { exampleTable } from "./example.js";
import { Maps } from "./maps.js";
import { READER } from "./parts.js";
import { findRoles, type Input, ROLES, type Role, type Roles, toInput } from "./roles.js";
import { download, type Embedding, toCsv, toPicture } from "./save.js";
import type { Column, ReadReply, Table } from "./table.js";

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const dark = matchMedia("(prefers-color-scheme: dark)");
const maps = new Maps(byId("maps"), dark.matches);

let table: Table | undefined;
let roles: Roles = new Map();
let run: Tsne | undefined;
let isStopping = false;
const embeddings: Embedding[] = [];

/** Maximum number of columns in the list. */
const MOST_LISTED = 300;

function say(text: string, isBad = false): void {
  byId("message").textContent = text;
  byId("message").classList.toggle("bad", isBad);
}

const describeError = (error: unknown) => (error instanceof Error ? error.message : String(error));

// ---- Data

function readFile(file: File): void {
  say(`Reading ${file.name} …`);
  const url = URL.createObjectURL(new Blob([READER], { type: "text/javascript" }));
  const worker = new Worker(url);
  URL.revokeObjectURL(url);
  const end = () => worker.terminate();
  worker.onmessage = ({ data }: MessageEvent<ReadReply>) => {
    end();
    if ("failure" in data) say(data.failure, true);
    else open(data.table, file.name);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    end();
    say(`${file.name}: it cannot be read (${event.message || "not enough memory"}).`, true);
  };
  worker.postMessage(file);
}

function open(opened: Table, name: string): void {
  run?.end();
  table = opened;
  roles = findRoles(opened);
  embeddings.length = 0;
  byId("settings").hidden = false;
  byId("result").hidden = true;
  byId<HTMLInputElement>("perplexity").value = String(Math.min(30, Math.max(1, Math.floor((opened.rows - 1) / 3))));
  listColumns();
  say(`${name}: ${opened.rows.toLocaleString("en")} rows, ${opened.columns.length.toLocaleString("en")} columns.`);
}

const countValues = ({ values }: Column) => new Set<string | number>(values).size;

function listColumns(): void {
  const { columns } = table as Table;
  const rows = columns.slice(0, MOST_LISTED).map(({ name, type }) => {
    const choice = document.createElement("select");
    choice.ariaLabel = `Use of ${name}`;
    const allowed = Object.entries(ROLES).filter(([role]) => type !== "text" || role === "color" || role === "unused");
    choice.append(...allowed.map(([role, text]) => new Option(text, role, false, roles.get(name) === role)));
    choice.addEventListener("change", () => {
      roles.set(name, choice.value as Role);
      summarizeColumns();
    });
    return element("tr", "", element("th", "", name || "(no name)"), element("td", "", choice));
  });
  byId("columns").replaceChildren(...rows);
  const list = byId<HTMLSelectElement>("color");
  list.replaceChildren(
    new Option("one color", ""),
    ...columns.slice(0, MOST_LISTED).map(({ name }) => new Option(name, name)),
  );
  const classes = columns.filter(({ name }) => roles.get(name) === "color");
  // A column of names differs in every row. The column with the fewest different values is the most informative color.
  list.value = classes.sort((a, b) => countValues(a) - countValues(b))[0]?.name ?? "";
  summarizeColumns();
}

function summarizeColumns(): void {
  const count = (role: Role) => [...roles.values()].filter((one) => one === role).length;
  const [data, sigma] = [count("data"), count("sigma")];
  const listed = (table as Table).columns.length > MOST_LISTED ? ` The first ${MOST_LISTED} columns are listed.` : "";
  byId("columns-summary").textContent =
    `Columns: ${data} of data, ${sigma} of standard deviations, ${count("unused")} not used.${listed}`;
  const choice = byId<HTMLSelectElement>("sigma");
  choice.disabled = sigma === 0;
  choice.value = sigma === 0 ? "without" : "both";
}

// ---- Computation

const NAMES = { with: "with standard deviations", without: "without standard deviations" };

async function start(): Promise<void> {
  if (!table) return;
  let input: Input;
  try {
    input = toInput(table, roles);
  } catch (error) {
    say(describeError(error), true);
    return;
  }
  const choice = byId<HTMLSelectElement>("sigma").value as "with" | "without" | "both";
  const wanted = choice === "both" ? (["without", "with"] as const) : ([choice] as const);
  setComputing(true);
  embeddings.length = 0;
  maps.begin(
    wanted.map((one) => NAMES[one]),
    table.rows,
  );
  byId("result").hidden = false;
  chooseColor();
  const begin = performance.now();
  const notes = new Set<string>();
  try {
    for (const [which, one] of wanted.entries()) {
      if (isStopping) break;
      for (const warning of await embed(input, one, which, wanted.length)) notes.add(warning);
    }
    say([`${isStopping ? "Stopped after" : "Done in"} ${secondsSince(begin)}.`, ...notes].join("\n"));
  } catch (error) {
    say(error instanceof AbortError ? "Stopped." : describeError(error), !(error instanceof AbortError));
  } finally {
    setComputing(false);
  }
}

/** Returns the warnings of the run. */
async function embed(
  { data, sigma }: Input,
  one: "with" | "without",
  which: number,
  count: number,
): Promise<readonly string[]> {
  const name = count === 1 && !sigma ? "the embedding" : NAMES[one];
  const begin = performance.now();
  const seconds = () => secondsSince(begin);
  run = new Tsne(data, {
    perplexity: Number(byId<HTMLInputElement>("perplexity").value),
    ...(one === "with" && sigma && { sigma }),
    snapshotEvery: 10,
    onProgress: ({ stage, iteration, fraction }) => {
      byId<HTMLProgressElement>("progress").value =
        (which + (stage === "optimization" ? 0.3 + 0.7 * fraction : 0.3 * fraction)) / count;
      say(stage === "optimization" ? `Embedding ${name}: iteration ${iteration}, ${seconds()}` : `${STAGES[stage]} …`);
    },
    onSnapshot: ({ iteration, embedding }) => maps.show(which, embedding.data, `iteration ${iteration}`, name),
  });
  const { embedding, kl, iterations, warnings } = await run.fit();
  run.end();
  embeddings[which] = { suffix: count > 1 && one === "without" ? " without sigma" : "", positions: embedding.data };
  maps.show(which, embedding.data, `KL divergence ${kl.toFixed(3)}, ${iterations} iterations, ${seconds()}`, name);
  return warnings;
}

const secondsSince = (begin: number) => `${((performance.now() - begin) / 1000).toFixed(1)} s`;

const STAGES = {
  pca: "Computing principal components",
  neighbors: "Searching nearest neighbors",
  affinities: "Computing affinities",
  initialization: "Computing initial positions",
  optimization: "Embedding",
};

function setComputing(isComputing: boolean): void {
  isStopping = false;
  byId<HTMLButtonElement>("start").disabled = isComputing;
  byId<HTMLButtonElement>("stop").disabled = !isComputing;
  byId("progress").hidden = !isComputing;
}

// ---- Looking at the result

function chooseColor(): void {
  const n = (table as Table).rows;
  const column = (table as Table).columns.find(({ name }) => name === byId<HTMLSelectElement>("color").value);
  maps.scene.coloring = column ? colorBy(column, n) : plainColoring(n);
  byId("legend").replaceChildren(...legendOf(maps.scene.coloring, maps.scene.isDark));
  maps.redraw();
}

function describePoint(point: number | undefined): string {
  if (point === undefined || !table) return describeSelection();
  const shown = table.columns.filter(
    ({ name }) => roles.get(name) === "color" || name === byId<HTMLSelectElement>("color").value,
  );
  return [`Row ${point}`, ...shown.map(({ name, values }) => `${name} ${values[point]}`)].join(" · ");
}

function describeSelection(): string {
  const { selected } = maps.scene;
  return selected ? `${selected.reduce((sum, one) => sum + one, 0).toLocaleString("en")} points selected` : "";
}

maps.onHover = (point) => {
  byId("point").textContent = describePoint(point);
};
maps.onSelect = () => {
  byId("point").textContent = describeSelection();
};

// ---- Controls

const drop = byId("drop");
for (const [event, isOver] of [
  ["dragover", true],
  ["dragleave", false],
  ["drop", false],
] as const) {
  addEventListener(event, (given) => {
    given.preventDefault();
    drop.classList.toggle("over", isOver);
  });
}
addEventListener("drop", ({ dataTransfer }) => {
  const [file] = dataTransfer?.files ?? [];
  if (file) readFile(file);
});
byId<HTMLInputElement>("file").addEventListener("change", ({ target }) => {
  const [file] = (target as HTMLInputElement).files ?? [];
  if (file) readFile(file);
});
byId("example").addEventListener("click", () => open(exampleTable(), "Example"));
byId("controls").addEventListener("submit", (event) => {
  event.preventDefault();
  void start();
});
byId("stop").addEventListener("click", () => {
  isStopping = true;
  run?.stop();
});
byId("tools").addEventListener("submit", (event) => event.preventDefault());
byId("color").addEventListener("change", chooseColor);
byId("closer").addEventListener("click", () => maps.zoom(1.5));
byId("farther").addEventListener("click", () => maps.zoom(1 / 1.5));
byId("whole").addEventListener("click", () => maps.showWhole());
byId("lasso").addEventListener("change", ({ target }) => {
  maps.isLasso = (target as HTMLInputElement).checked;
});
byId("save-table").addEventListener("click", () => {
  if (!table || embeddings.length === 0) return;
  const kept = table.columns.filter(({ name }) => roles.get(name) === "color").map(({ name }) => name);
  const csv = toCsv(table, kept, embeddings, maps.scene.selected);
  download("embedding.csv", new Blob([csv], { type: "text/csv" }));
});
byId("save-picture").addEventListener("click", async () => {
  try {
    download("embedding.png", await toPicture(maps.views));
  } catch (error) {
    say(describeError(error), true);
  }
});
dark.addEventListener("change", () => {
  maps.scene.isDark = dark.matches;
  if (table) chooseColor();
});
