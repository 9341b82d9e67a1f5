import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openDatasetRows, readDataset } from "../../src/io/index.js";
import { useFolder } from "./folder.js";

const path = useFolder();

async function save(name: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path(name)), { recursive: true });
  await writeFile(path(name), content);
}

describe("a partitioned folder", () => {
  it("gets the keys of its folders as columns of text", async () => {
    for (const [label, site, rows] of [
      ["a%2Fb", "1", "1.5,2\n2.5,3\n"],
      ["c", "2", "3.5,4\n"],
      ["__HIVE_DEFAULT_PARTITION__", "2", "4.5,5\n"],
    ]) {
      await save(`table/label=${label}/site=${site}/part-0.csv`, `u,v\n${rows}`);
    }
    await save("table/_SUCCESS", "");
    await save("table/_temporary/part-9.csv", "u,v\n9,9\n");
    await save("table/README.md", "About this table");
    const { means, labels, metadata, report } = await readDataset(path("table"), { keep: ["site"] });
    // The rows of the folder without a label come first, because this folder is first in the order of names.
    expect(means.toArrays()).toEqual([
      [4.5, 5],
      [1.5, 2],
      [2.5, 3],
      [3.5, 4],
    ]);
    expect(labels.get("label")).toEqual(["", "a/b", "a/b", "c"]);
    expect(metadata.get("site")).toEqual(["2", "1", "1", "2"]);
    expect(report).toBe(
      "Data: 2 columns (u, v). Labels: label. Kept: site. Files left out: README.md, _SUCCESS, _temporary/.",
    );
    await expect(readDataset(path("table"), { keep: ["site"], strict: true })).rejects.toThrow(/holds README\.md/);
    const rows = await openDatasetRows(path("table"));
    expect([...(await rows.means.read([1, 3])).data]).toEqual([1.5, 2, 3.5, 4]);
    expect((await rows.readFacts()).labels.get("label")).toHaveLength(4);
    await rows.close();
  });

  it("may hold compressed files and JSON lines", async () => {
    await save("json/a.json.gz", gzipSync('{"u": 1, "v": 2}\n{"u": 3, "v": 4}\n'));
    await save("json/b.json.gz", gzipSync('{"u": 5, "v": 6}\n'));
    expect((await readDataset(path("json"))).means.data).toEqual(Float64Array.of(1, 2, 3, 4, 5, 6));
  });

  it("is rejected if its folders have different keys", async () => {
    await save("mixed/a=1/x.csv", "u,v\n1,2\n");
    await save("mixed/b=1/x.csv", "u,v\n1,2\n");
    await expect(readDataset(path("mixed"))).rejects.toThrow(/is in folders with the keys b: expected a, as /);
  });
});
