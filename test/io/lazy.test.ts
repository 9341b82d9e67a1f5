import { expect, test, vi } from "vitest";
import { useFolder } from "./folder.js";

function refuse(): never {
  throw new Error("a library of table formats was loaded");
}
vi.mock("apache-arrow", refuse);
vi.mock("hyparquet", refuse);
vi.mock("hyparquet-compressors", refuse);
vi.mock("hyparquet-writer", refuse);

const path = useFolder();

test("the libraries of Arrow and Parquet are loaded only for tables in these formats", async () => {
  const { readMatrix, writeMatrix, writeTable } = await import("../../src/index.js");
  await writeMatrix(path("map.csv"), [[1, 2]]);
  await expect(readMatrix(path("map.csv"))).resolves.toMatchObject({ rows: 1 });
  await expect(writeTable(path("map.arrow"), { x: Float32Array.of(1) })).rejects.toThrow();
  await expect(writeTable(path("map.parquet"), { x: Float32Array.of(1) })).rejects.toThrow();
});
