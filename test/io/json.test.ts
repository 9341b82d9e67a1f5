import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { readDataset, readLabels, readMatrix } from "../../src/io/index.js";
import { useFolder } from "./folder.js";

const path = useFolder();
const failure = (message: RegExp) => ({ code: "FILE_FORMAT", message: expect.stringMatching(message) });
const save = async (name: string, text: string): Promise<string> => {
  await writeFile(path(name), text);
  return path(name);
};
const lines = (...rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

describe("JSON lines", () => {
  it("are read as a table, in which rows may lack columns", async () => {
    const file = await save(
      "x.jsonl",
      lines({ id: "a", u: 1, v: 2.5, type: "p" }, { id: "b", v: 3 }, { id: "c", u: null, v: 4 }),
    );
    const { means, identifier, labels } = await readDataset(file);
    expect(Array.from(means.data)).toEqual([1, 2.5, Number.NaN, 3, Number.NaN, 4]);
    expect(identifier?.values).toEqual(["a", "b", "c"]);
    expect(labels.get("type")).toEqual(["p", "", ""]);
    expect(await readLabels(file)).toEqual(["p", "", ""]);
  });

  it("must not be empty, neither as JSON Lines nor as a JSON array", async () => {
    for (const text of ["\n", "[]", "[\n]\n"]) {
      await expect(readDataset(await save("empty.json", text))).rejects.toMatchObject(
        failure(/holds no rows: expected one JSON object per row$/),
      );
    }
  });

  it("may hold a vector per row", async () => {
    const rows = [0, 1, 2].map((i) => ({ doc: `d${i}`, score: i / 3, embedding: [i, i + 0.5], more: { a: 1 } }));
    const { means, report } = await readDataset(await save("vectors.ndjson", lines(...rows)));
    expect(Array.from(means.data)).toEqual([0, 0.5, 1, 1.5, 2, 2.5]);
    expect(report).toBe(
      "Data: lists of numbers (embedding). Not used: more (objects), doc (text), score (not chosen).",
    );
    const ragged = await save("ragged.jsonl", lines({ x: [1, 2] }, { x: [1] }));
    await expect(readDataset(ragged)).rejects.toMatchObject(failure(/list of 1 numbers \(the first has 2\) in row 1/));
    const missing = await save("missing.jsonl", lines({ x: [1, 2] }, { x: null }));
    await expect(readDataset(missing)).rejects.toMatchObject(failure(/has no list in row 1/));
  });

  it("may be lists without names, and contain the NaN of Python", async () => {
    expect((await readMatrix(await save("lists.txt", "[1, 2]\n[3, 4]\n"))).shape).toEqual([2, 2]);
    const { means } = await readDataset(
      await save("nan.jsonl", '{"a": NaN, "b": 1.5, "c": "NaN, x"}\n{"a": 2, "b": NaN}\n'),
    );
    expect(Array.from(means.data)).toEqual([Number.NaN, 1.5, 2, Number.NaN]);
  });

  it("are rejected with the number of the wrong line", async () => {
    const broken = await save("broken.jsonl", '{"a": 1}\n{"a": 2\n');
    await expect(readDataset(broken)).rejects.toMatchObject(failure(/line 2 is not JSON/));
    const scalar = await save("scalar.jsonl", '{"a": 1}\n"b"\n');
    await expect(readDataset(scalar)).rejects.toMatchObject(failure(/row 2 is "b": expected an object/));
    const wide = await save("wide.jsonl", '{"id": 9007199254740993, "a": 1}\n{"id": 1, "a": 2}\n');
    expect((await readDataset(wide)).report).toMatch(
      /id \(whole numbers beyond 2\^53, which must be written as text\)/,
    );
  });
});

describe("a JSON file", () => {
  it("may be one array of objects or lists, on any number of lines", async () => {
    const rows = [
      { a: 1.5, b: 2 },
      { a: 2.5, b: 3 },
    ];
    for (const text of [JSON.stringify(rows), JSON.stringify(rows, undefined, 2)]) {
      expect(Array.from((await readMatrix(await save("array.json", text))).data)).toEqual([1.5, 2, 2.5, 3]);
    }
    expect((await readMatrix(await save("lists.json", "[[1,2,3],\n [4,5,6]]"))).shape).toEqual([2, 3]);
  });

  it("is rejected if it stores its data by columns", async () => {
    for (const value of [{ a: { 0: 1, 1: 2 } }, { a: [1, 2], b: [3, 4] }]) {
      const file = await save("columns.json", JSON.stringify(value));
      await expect(readDataset(file)).rejects.toMatchObject(
        failure(/one list or object per column.* orient="records", lines=True/),
      );
    }
  });
});
