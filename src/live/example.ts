import type { Table } from "./table.js";

/**
 * Creates 1500 points in six groups with 12 columns and a standard deviation for each value. A third of the values are
 * very inaccurate, so that the groups of an embedding without standard deviations are mixed.
 */
export function exampleTable(): Table {
  const rows = 1500;
  const dimensions = 12;
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const centers = Array.from({ length: 6 }, () => Array.from({ length: dimensions }, () => 2.5 * normal()));
  const group = Array.from({ length: rows }, (_, i) => i % centers.length);
  const columns = Array.from({ length: dimensions }, (_, k) => {
    const sigma = Float64Array.from({ length: rows }, () => (random() < 1 / 3 ? 6 : 0.3));
    const values = sigma.map((error, i) => centers[group[i]][k] + 0.6 * normal() + error * normal());
    return [
      { name: `x${k + 1}`, type: "number" as const, values },
      { name: `x${k + 1}_err`, type: "number" as const, values: sigma },
    ];
  }).flat();
  const names = group.map((g) => `group ${"ABCDEF"[g]}`);
  return { rows, columns: [...columns, { name: "label", type: "text", values: names }] };
}
