/*
 * Compares the filters of the explorer with crossfilter2 and DuckDB-WASM: `npm install && node filter-engines.mjs 1000000` in this folder.
 *
 * The table has six columns of numbers and two of classes (12 and 200 classes). Three columns are filtered. Then a
 * range is moved over a fourth column in 40 steps. In each step, the engine counts, for every column, the rows per bar
 * that pass the filters of all other columns, and finds the rows that pass all filters. Prints the processor time per
 * step, because other programs on the machine affect it less than the elapsed time.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const n = Number(process.argv[2] ?? 70_000);
const BARS = 40;
const STEPS = 40;
const CLASSES = [12, 200];

let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return (state >>> 8) / 2 ** 24;
};
const numbers = Array.from({ length: 6 }, () => Float32Array.from({ length: n }, () => uniform() + uniform()));
const classes = CLASSES.map((count) => Uint16Array.from({ length: n }, () => Math.floor(count * uniform())));
const ranges = Array.from({ length: STEPS }, (_, i) => [0.4 + 0.02 * i, 0.9 + 0.02 * i]);
const barOf = (value) => Math.floor((value / 2) * BARS);

/** Runs the steps and prints their median. */
function measure(name, step, steps = STEPS) {
  const times = [];
  let passing = 0;
  for (const range of ranges.slice(0, steps)) {
    const begun = process.cpuUsage();
    passing += step(range);
    const { user, system } = process.cpuUsage(begun);
    times.push((user + system) / 1000);
  }
  times.sort((a, b) => a - b);
  const median = times[times.length >> 1];
  console.log(`${name}: ${n} rows, ${median.toFixed(1)} ms per step (median of ${steps}), ${passing} rows passed`);
}

async function runOurs() {
  const entry = fileURLToPath(new URL("../../src/explorer/web/filters/cross-filter.ts", import.meta.url));
  const bundle = await rolldown({ input: entry });
  const { output } = await bundle.generate({ format: "esm" });
  const { CrossFilter } = await import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);
  const filter = new CrossFilter(n);
  const bars = [
    ...numbers.map((values) => ({ barOf: Uint8Array.from(values, barOf), count: BARS })),
    ...classes.map((values, at) => ({ barOf: values, count: CLASSES[at] })),
  ];
  filter.set("1", (row) => numbers[1][row] >= 0.5);
  filter.set("2", (row) => numbers[2][row] <= 1.6);
  filter.set("6", (row) => classes[0][row] < 8);
  const values = numbers[0];
  measure("typed arrays of the explorer", ([low, high]) => {
    filter.set("0", (row) => values[row] >= low && values[row] <= high);
    for (const [column, bar] of bars.entries()) filter.countBars(String(column), bar);
    return filter.countPassing();
  });
}

async function runCrossfilter() {
  const { default: crossfilter } = await import("crossfilter2");
  const begun = process.cpuUsage();
  const filter = crossfilter(Array.from({ length: n }, (_, row) => row));
  const dimensions = [...numbers, ...classes].map((values) => filter.dimension((row) => values[row]));
  const groups = dimensions.map((dimension, at) => (at < numbers.length ? dimension.group(barOf) : dimension.group()));
  console.log(`crossfilter2: ${Math.round(process.cpuUsage(begun).user / 1000)} ms to set up`);
  dimensions[1].filterRange([0.5, 3]);
  dimensions[2].filterRange([0, 1.6000001]);
  dimensions[6].filterRange([0, 8]);
  const all = filter.groupAll();
  measure("crossfilter2", ([low, high]) => {
    dimensions[0].filterRange([low, high]);
    for (const group of groups) group.all();
    return all.value();
  });
}

async function runDuckDb() {
  const require = createRequire(import.meta.url);
  const duckdb = require("@duckdb/duckdb-wasm/dist/duckdb-node-blocking.cjs");
  const arrow = require("apache-arrow");
  const module = (kind) => ({
    mainModule: require.resolve(`@duckdb/duckdb-wasm/dist/duckdb-${kind}.wasm`),
    mainWorker: "",
  });
  const bundles = { mvp: module("mvp"), eh: module("eh") };
  const database = await duckdb.createDuckDB(bundles, new duckdb.VoidLogger(), duckdb.NODE_RUNTIME);
  await database.instantiate(() => {});
  const connection = database.connect();
  const names = [...numbers.map((_, at) => `n${at}`), ...classes.map((_, at) => `c${at}`)];
  const columns = Object.fromEntries([...numbers, ...classes].map((values, at) => [names[at], values]));
  connection.insertArrowFromIPCStream(arrow.tableToIPC(arrow.tableFromArrays(columns), "stream"), {
    name: "points",
    create: true,
  });
  const filters = { n1: "n1 >= 0.5", n2: "n2 <= 1.6", c0: "c0 < 8" };
  const steps = n > 500_000 ? 8 : STEPS;
  const step = ([low, high]) => {
    const conditions = { ...filters, n0: `n0 between ${low} and ${high}` };
    for (const name of names) {
      const others = Object.entries(conditions).filter(([column]) => column !== name);
      const where = others.map(([, condition]) => condition).join(" and ");
      const bar = name.startsWith("n") ? `floor(${name} * ${BARS / 2})` : name;
      connection.query(`select ${bar} as bar, count(*) as rows from points where ${where} group by bar`).toArray();
    }
    const all = Object.values(conditions).join(" and ");
    const passing = connection.query(`select (${all})::utinyint as passes from points`).getChildAt(0).toArray();
    return passing.reduce((sum, passes) => sum + passes, 0);
  };
  measure("DuckDB-WASM", step, steps);
}

await runOurs();
await runCrossfilter();
await runDuckDb();
