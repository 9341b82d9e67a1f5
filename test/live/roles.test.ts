import { expect, test } from "vitest";
import { findRoles, toInput } from "../../src/live/roles.js";
import { type Column, toColumn } from "../../src/live/table.js";

const numbers = (name: string, ...values: number[]): Column => ({
  name,
  type: "number",
  values: Float64Array.from(values),
});
const table = {
  rows: 2,
  columns: [
    numbers("a", 1, 2),
    numbers("a_err", 0.1, 0.2),
    numbers("b", 3, 4),
    { name: "label", type: "text", values: ["x", "y"] },
  ] as const,
};

test("data, standard deviations and labels are found as by the command line", () => {
  const roles = findRoles(table);
  expect([...roles]).toEqual([
    ["a", "data"],
    ["a_err", "sigma"],
    ["b", "data"],
    ["label", "color"],
  ]);
  const { data, sigma, names } = toInput(table, roles);
  expect(names).toEqual(["a", "b"]);
  expect(data).toEqual({ data: Float64Array.of(1, 3, 2, 4), rows: 2, cols: 2 });
  // A column without standard deviations counts as exact.
  expect(sigma).toEqual({ data: Float64Array.of(0.1, 0, 0.2, 0), rows: 2, cols: 2 });
});

test("the roles that the user chose are used", () => {
  const roles = findRoles(table).set("b", "unused");
  expect(toInput(table, roles)).toMatchObject({ names: ["a"], sigma: { cols: 1 } });
  roles.set("a_err", "unused");
  expect(toInput(table, roles).sigma).toBeUndefined();
  roles.set("a", "unused");
  expect(() => toInput(table, roles)).toThrow("choose at least one column of numbers");
});

test("a column whose cells are numbers or empty is numeric", () => {
  expect(toColumn("c", ["1", " 2.5", "", null])).toEqual({
    name: "c",
    type: "number",
    values: Float64Array.of(1, 2.5, Number.NaN, Number.NaN),
  });
  expect(toColumn("c", ["1", "2"]).type).toBe("integer");
  expect(toColumn("c", [1n, 3n])).toEqual({ name: "c", type: "integer", values: Float64Array.of(1, 3) });
  expect(toColumn("c", ["1", "one"])).toEqual({ name: "c", type: "text", values: ["1", "one"] });
  expect(toColumn("c", ["", ""]).type).toBe("text");
});
