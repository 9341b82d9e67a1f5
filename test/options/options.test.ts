import { expect, expectTypeOf, test } from "vitest";
import {
  boolean,
  type CheckedValues,
  callback,
  checkOptions,
  choice,
  describeFlag,
  flagsByName,
  integer,
  nativeFields,
  number,
  type OptionValues,
  optionTable,
  pickOptions,
  type ResolvedValues,
} from "../../src/options/index.js";

const OPTIONS = {
  count: integer({ from: 1, to: 5 }, { default: 3, help: "how many" }),
  stepSize: number({ above: 0, to: 2 }, { default: 0.5, help: "length of a step", native: "step" }),
  share: number({ from: 0, below: 1 }, { help: "share of all", guide: "share of **all**", defaultText: "by size" }),
  order: choice<"up" | "down">(["up", "down"], { default: "up", help: "the order", flag: "--sort" }),
  isQuiet: boolean({ default: false, help: "print nothing", flag: false }),
  onStep: callback<(step: number) => void>("a function", { help: "called at every step" }),
};

test("fills in defaults and keeps given values", () => {
  expect(checkOptions(OPTIONS, { count: 5, order: undefined })).toEqual({
    count: 5,
    stepSize: 0.5,
    share: undefined,
    order: "up",
    isQuiet: false,
    onStep: undefined,
  });
});

test.each([
  ["count", 0, "OUT_OF_RANGE", "an integer from 1 to 5"],
  ["count", 1.5, "OUT_OF_RANGE", "an integer from 1 to 5"],
  ["count", "3", "INVALID_ARGUMENT", "an integer from 1 to 5"],
  ["stepSize", 0, "OUT_OF_RANGE", "a number above 0, to 2"],
  ["stepSize", Number.NaN, "OUT_OF_RANGE", "a number above 0, to 2"],
  ["stepSize", "1", "INVALID_ARGUMENT", "a number"],
  ["share", 1, "OUT_OF_RANGE", "a number from 0 to less than 1"],
  ["order", "don", "INVALID_ARGUMENT", 'one of "up", "down" (did you mean "down"?)'],
  ["isQuiet", 1, "INVALID_ARGUMENT", "true or false"],
  ["onStep", {}, "INVALID_ARGUMENT", "a function"],
])("rejects %s of %s", (argument, received, code, accepted) => {
  expect(() => checkOptions(OPTIONS, { [argument]: received })).toThrow(
    expect.objectContaining({ code, argument, received, accepted }),
  );
});

test("rejects an unknown option with the nearest name", () => {
  expect(() => checkOptions(OPTIONS, { counts: 3 } as object)).toThrow(
    expect.objectContaining({ code: "UNKNOWN_OPTION", message: expect.stringContaining('did you mean "count"?') }),
  );
});

test("names flags with hyphens, and only those that the command line has", () => {
  expect(flagsByName(OPTIONS)).toEqual({
    count: "--count",
    stepSize: "--step-size",
    share: "--share",
    order: "--sort",
  });
});

test("describes a flag with its range and default", () => {
  expect(describeFlag(OPTIONS.stepSize)).toBe("length of a step (above 0, to 2; default: 0.5)");
  expect(describeFlag(OPTIONS.share)).toBe("share of all (0 to less than 1; default: by size)");
  expect(describeFlag(OPTIONS.order)).toBe("the order (default: up)");
});

test("parses numbers in decimal notation only", () => {
  expect(OPTIONS.stepSize.parse("1e-3", "--step-size")).toBe(0.001);
  for (const text of ["0x10", "", " ", "1,5", "Infinity"]) {
    expect(() => OPTIONS.stepSize.parse(text, "--step-size"), text).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", argument: "--step-size", received: text }),
    );
  }
  expect(() => OPTIONS.count.parse("1.5", "--count")).toThrow(expect.objectContaining({ accepted: "an integer" }));
});

test("picks the options of a table from an object that also holds other properties", () => {
  expect(pickOptions(OPTIONS, { count: 2, share: undefined, output: "map.npy" })).toEqual({ count: 2 });
});

test("renames fields for the native core", () => {
  expect(nativeFields(OPTIONS, { count: 1, stepSize: 2, derived: 3 })).toEqual({ count: 1, step: 2, derived: 3 });
});

test("formats the table for the guide", () => {
  expect(optionTable({ stepSize: OPTIONS.stepSize, order: OPTIONS.order, share: OPTIONS.share })).toBe(
    [
      "| option | default | accepts | meaning |",
      "| --- | --- | --- | --- |",
      "| `stepSize` | 0.5 | above 0, to 2 | length of a step |",
      '| `order` | `"up"` | `"up"`, `"down"` | the order |',
      "| `share` | by size | 0 to less than 1 | share of **all** |",
      "",
    ].join("\n"),
  );
});

test("derives the types", () => {
  expectTypeOf<OptionValues<typeof OPTIONS>["order"]>().toEqualTypeOf<"up" | "down" | undefined>();
  expectTypeOf<CheckedValues<typeof OPTIONS>["count"]>().toEqualTypeOf<number>();
  expectTypeOf<CheckedValues<typeof OPTIONS>["share"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<keyof ResolvedValues<typeof OPTIONS>>().toEqualTypeOf<
    "count" | "stepSize" | "share" | "order" | "isQuiet"
  >();
});
