import { describe, expect, it } from "vitest";
import { assignRoles, type ColumnFacts, type ColumnOptions, describeRoles } from "../../src/io/column-roles.js";

/** Makes columns from a short notation: "cell:text x x_err n:integer when:timestamp". */
const columns = (notation: string): ColumnFacts[] =>
  notation.split(" ").map((part) => {
    const [name, type = "number"] = part.split(":");
    const known = ["text", "integer", "number"].includes(type);
    return { name: name.replaceAll("~", " "), type: known ? (type as "text") : undefined, kind: type };
  });

const roles = (notation: string, options?: ColumnOptions) => assignRoles(columns(notation), options);

describe("automatic roles", () => {
  it("distinguishes data, standard deviations, identifier, labels and unused columns", () => {
    const found = roles("cell:text pc1 pc2 pc1_err pc2_err type:text date:timestamp");
    expect(found).toEqual({
      data: ["pc1", "pc2"],
      sigma: ["pc1_err", "pc2_err"],
      identifier: "cell",
      labels: ["type"],
      metadata: [],
      unused: [{ name: "date", reason: "timestamp" }],
    });
    expect(describeRoles(found)).toBe(
      "Data: 2 columns (pc1, pc2). Standard deviations: pc1_err, pc2_err. Identifier: cell. Labels: type. Not used: date (timestamp).",
    );
  });

  it.each(["date", "Timestamp", "created_at", "birth_date"])("does not use whole numbers named %s as data", (name) => {
    expect(roles(`x y ${name}:integer`)).toMatchObject({ data: ["x", "y"], unused: [{ name, reason: "a date" }] });
    expect(roles(`x y ${name}:integer`, { columns: ["x", name] })).toMatchObject({ data: ["x", name] });
  });

  it.each(["date:number", "time:integer", "update:integer"])("uses %s as data", (column) => {
    expect(roles(`x ${column}`)).toMatchObject({ data: ["x", column.split(":")[0]], unused: [] });
  });

  it.each([
    "__index_level_0__:integer",
    "Unnamed:~0:integer",
    "id:integer",
    "source_id:integer",
    "objId:integer",
    "ID:text",
  ])("uses %s as the identifier, not as data", (column) => {
    const name = column.startsWith("Unnamed") ? "Unnamed: 0" : column.split(":")[0];
    const facts = [{ name, type: "integer" as const }, ...columns("x y")];
    expect(assignRoles(facts)).toMatchObject({ data: ["x", "y"], identifier: name });
  });

  it("excludes the index of a data frame that was written twice", () => {
    const facts = [
      { name: "Unnamed: 0.1", type: "integer" as const },
      { name: "Unnamed: 0", type: "integer" as const },
    ];
    const found = assignRoles([...facts, ...columns("x")]);
    expect(found).toMatchObject({ data: ["x"], identifier: "Unnamed: 0.1" });
    expect(found.unused).toEqual([{ name: "Unnamed: 0", reason: "an identifier" }]);
  });

  it("prefers a named identifier to the index of a frame", () => {
    expect(assignRoles([{ name: "", type: "integer" }, ...columns("cell:text x")])).toMatchObject({
      identifier: "cell",
    });
  });

  it.each(["x_err", "x_error", "x_sd", "x_std", "x_sigma", "e_x", "x~error", "X_ERR"])("pairs x with %s", (name) => {
    const found = roles(`x ${name} y`);
    expect(found).toMatchObject({ data: ["x", "y"], sigma: [name.replaceAll("~", " "), undefined] });
    expect(describeRoles(found)).toContain("Without a standard deviation, taken as exact: y.");
  });

  it("keeps a column with an error suffix as data if no other column belongs to it", () => {
    expect(roles("a_err b")).toMatchObject({ data: ["a_err", "b"], sigma: undefined });
  });

  it("uses integer columns named like a cluster as labels, and columns of fractions as data", () => {
    expect(roles("x cluster:integer")).toMatchObject({ data: ["x"], labels: ["cluster"] });
    expect(roles("x group")).toMatchObject({ data: ["x", "group"], labels: [] });
  });

  it("never uses text as data", () => {
    expect(roles("x note:text")).toMatchObject({ data: ["x"], unused: [{ name: "note", reason: "text" }] });
  });
});

describe("chosen roles", () => {
  it("accepts names, ranges of positions and patterns", () => {
    expect(roles("PC1 PC2 q PC3", { columns: ["PC*"] }).data).toEqual(["PC1", "PC2", "PC3"]);
    expect(roles("a b c d", { columns: ["1:3"] }).data).toEqual(["b", "c"]);
    expect(roles("a b c d", { columns: ["-2:"] }).data).toEqual(["c", "d"]);
    expect(roles("a b c d", { columns: ["d,a"] }).data).toEqual(["a", "d"]);
    expect(roles("a b c d", { exclude: ["b"] })).toMatchObject({
      data: ["a", "c", "d"],
      unused: [{ name: "b", reason: "excluded" }],
    });
  });

  it("pairs each data column with its own error column by a pattern", () => {
    expect(roles("a b a_unc b_unc", { sigmaColumns: ["*_unc"] })).toMatchObject({
      data: ["a", "b"],
      sigma: ["a_unc", "b_unc"],
    });
    expect(roles("a b s1 s2", { columns: ["a", "b"], sigmaColumns: ["s1", "s2"] }).sigma).toEqual(["s1", "s2"]);
  });

  it.each([["x*"], ["0:4"]])("finds standard deviations among the columns that %s chooses", (selector) => {
    const found = roles("x1 x2 x1_err x2_err y", { columns: [selector] });
    expect(found).toMatchObject({ data: ["x1", "x2"], sigma: ["x1_err", "x2_err"] });
    const named = roles("x1 x2 x1_err x2_err y", { columns: ["x1", "x1_err"] });
    expect(named).toMatchObject({ data: ["x1", "x1_err"], sigma: undefined });
  });

  it("keeps the requested columns and reports them", () => {
    const found = roles("x y note:text", { keep: ["note"] });
    expect(found).toMatchObject({ metadata: ["note"], unused: [] });
    expect(describeRoles(found)).toContain("Kept: note.");
  });

  it("rejects text as data", () => {
    expect(() => roles("x note:text", { columns: ["x", "note"] })).toThrow(
      /columns: expected columns of numbers.*"note"/,
    );
  });

  it("suggests the nearest name for an unknown column", () => {
    expect(() => roles("alpha beta", { columns: ["aplha"] })).toThrow(/did you mean "alpha"/);
    expect(() => roles("alpha beta", { columns: ["5:9"] })).toThrow(/within 0:2/);
    expect(() => roles("alpha beta", { sigmaColumns: ["*_unc"] })).toThrow(/"alpha_unc"/);
  });
});
