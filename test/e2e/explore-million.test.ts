import { afterAll, beforeAll, expect, it } from "vitest";
import { explore } from "../../src/explorer/index.js";
import { type ExplorationDescription, paths } from "../../src/explorer/protocol.js";
import { TextValues } from "../../src/explorer/text-values.js";
import { writeTable } from "../../src/io/index.js";
import { Workplace } from "../cli/workplace.js";

const N = 1_000_000;
let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.create();
  const rows = Array.from({ length: N }, (_, i) => i);
  await writeTable(workplace.path("million.parquet"), {
    x: Float32Array.from(rows, (i) => Math.cos(i) * Math.sqrt(i)),
    y: Float32Array.from(rows, (i) => Math.sin(i) * Math.sqrt(i)),
    cell: rows.map((i) => `cell ${i}`),
    label: rows.map((i) => `class ${i % 30}`),
    depth: Float64Array.from(rows, (i) => i / 7),
    seen: rows.map((i) => new Date(1.6e12 + 1000 * i).toISOString()),
  });
}, 600_000);
afterAll(() => workplace.remove());

it("the explorer opens a table of a million rows, and loads its columns while the map is already shown", async () => {
  const { url, n, close } = await explore(workplace.path("million.parquet"));
  const ask = (path: string) => fetch(new URL(path, url));
  const describe = async () => (await (await ask(paths.exploration)).json()) as ExplorationDescription;
  expect(n).toBe(N);
  expect((await (await ask(paths.layout("map"))).arrayBuffer()).byteLength).toBe(8 * N);
  await expect
    .poll(async () => (await describe()).columns.map(({ name }) => name).toSorted())
    .toEqual(["cell", "depth", "label", "seen"]);
  const { columns } = await describe();
  const { cell, seen } = Object.fromEntries(columns.map((column) => [column.name, column]));
  expect(seen).toMatchObject({ kind: "date", min: 1.6e12, max: 1.6e12 + 1000 * (N - 1) });
  const bytes = await (await ask(paths.column(cell?.id as string))).arrayBuffer();
  expect(TextValues.decode(bytes, N).at(N - 1)).toBe(`cell ${N - 1}`);
  await close();
});
