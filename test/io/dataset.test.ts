import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openDatasetRows, readDataset, readMatrix, writeMatrix } from "../../src/io/index.js";
import { useFolder } from "./folder.js";
import { BINARY_TABLES, DATA, type ReaderTable, SIGMA, TEXT_TABLES } from "./reader-tables.js";

const path = useFolder();

async function place({ file, content }: ReaderTable): Promise<string> {
  if (content === undefined) return file;
  if (typeof content === "string") await writeFile(path(file), content);
  else {
    await mkdir(path(file), { recursive: true });
    for (const [name, text] of Object.entries(content)) await writeFile(join(path(file), name), text);
  }
  return path(file);
}

const fileWith = async (content: string, name = "table.csv"): Promise<string> => {
  await writeFile(path(name), content);
  return path(name);
};

const firstColumns = (rows: readonly (readonly number[])[] | undefined, count: number) =>
  rows?.map((row) => row.slice(0, count));

describe.each([...TEXT_TABLES, ...BINARY_TABLES])("a table of $program", (table) => {
  it("has the right shape, roles and values", async () => {
    const { means, sigma, identifier, labels, roles } = await readDataset(await place(table));
    const cols = table.data[0] === "features" ? 3 : table.data.length;
    expect(means.shape).toEqual([24, cols]);
    expect(firstColumns(means.toArrays(), 3)).toEqual(DATA);
    expect(roles.data).toEqual(table.data);
    expect(firstColumns(sigma?.toArrays(), 3)).toEqual(table.sigma ? SIGMA : undefined);
    expect(roles.sigma?.filter((name) => name !== undefined)).toEqual(table.sigma);
    expect(identifier && [identifier.name, Array.from<unknown>(identifier.values).map(String)]).toEqual(
      table.identifier && [table.identifier[0], table.identifier[1].map(String)],
    );
    expect([...labels]).toEqual(table.labels ? [table.labels] : []);
    expect(roles.unused.map(({ name }) => name)).toEqual(table.unused ?? []);
  });

  it("has the same values when it is read row by row", async () => {
    const opened = await openDatasetRows(await place(table));
    try {
      const rows = await opened.means.read([0, 5, 23]);
      expect(firstColumns(rows.toArrays(), 3)).toEqual([DATA[0], DATA[5], DATA[23]]);
      const errors = await opened.sigma?.read([0, 5, 23]);
      expect(firstColumns(errors?.toArrays(), 3)).toEqual(table.sigma ? [SIGMA[0], SIGMA[5], SIGMA[23]] : undefined);
      expect([...(await opened.readFacts()).labels]).toEqual(table.labels ? [table.labels] : []);
    } finally {
      await opened.close();
    }
  });
});

describe("readDataset", () => {
  const table = "cell,pc1,pc2,pc1_err,pc2_err,type,age,note\nA,1,2,.1,.2,x,30,low\nB,3,4,.3,.4,y,40,high\n";

  it("reports the use of each column in one line", async () => {
    const { report } = await readDataset(await fileWith(table), { exclude: ["age"], keep: ["note"] });
    expect(report).toBe(
      "Data: 2 columns (pc1, pc2). Standard deviations: pc1_err, pc2_err. Identifier: cell. Labels: type. Kept: note. Not used: age (excluded).",
    );
  });

  it("uses the roles given by options", async () => {
    const file = await fileWith(table);
    const chosen = await readDataset(file, {
      columns: ["age", "pc*"],
      exclude: ["*_err"],
      idColumn: "note",
      labelColumns: ["type", "cell"],
      keep: ["pc1_err"],
      rows: [1, 2],
    });
    expect(chosen.means.toArrays()).toEqual([[3, 4, 40]]);
    expect(chosen.identifier).toEqual({ name: "note", values: ["high"] });
    expect([...chosen.labels]).toEqual([
      ["cell", ["B"]],
      ["type", ["y"]],
    ]);
    expect([...chosen.metadata]).toEqual([["pc1_err", Float64Array.of(0.3)]]);
    const paired = await readDataset(file, { columns: ["pc1", "pc2"], sigmaColumns: ["*_err"] });
    expect(paired.sigma?.toArrays()).toEqual([
      [0.1, 0.2],
      [0.3, 0.4],
    ]);
  });

  it("skips lines of units below the names, as in astronomical tables", async () => {
    const units = await readDataset(await fileWith("id,Plx,e_Plx,Sp\n,mas,mas,\n1,2.5,.1,G\n2,3.5,.1,K\n3,4.5,.2,M\n"));
    expect([...units.means.data]).toEqual([2.5, 3.5, 4.5]);
    expect(units.report).toMatch(/ The line of units below the names is skipped\.$/);
    const dashes = await readDataset(await fileWith("a\tb\nmas\tdeg\n---\t---\n1\t2\n3\t4\n5\t6\n"));
    expect(dashes.means.shape).toEqual([3, 2]);
    expect(dashes.report).toMatch(/ 2 lines of units below the names are skipped\.$/);
    await expect(readDataset(await fileWith("a,b\nx,2\n3,4\n5,6\n7,8\n"))).rejects.toThrow(/line 2, column 1/);
  });

  it("reads bars, exponents of Fortran and errors of Excel, and names columns of formatted numbers", async () => {
    const { means, report } = await readDataset(await fileWith("a|b|c\n1.5D+01|#DIV/0!|$1234\n2|--|$5\n3|7|8 %\n"));
    expect([...means.data]).toEqual([15, Number.NaN, 2, Number.NaN, 3, 7]);
    expect(report).toContain('Not used: c (numbers as text, such as "$1234")');
  });

  it("names the file, the column and the nearest name in errors", async () => {
    const file = await fileWith(table);
    await expect(readDataset(file, { columns: ["pc3"] })).rejects.toThrow(
      /columns: expected one of the columns .*did you mean "pc[12]"\?\) in .*table\.csv, received "pc3"/,
    );
    await expect(readDataset(file, { columns: ["type"] })).rejects.toThrow(/columns of numbers, not of text/);
    await expect(readDataset(file, { strict: true })).rejects.toThrow(
      /table\.csv: column "note" \(text\) is not used: strict reading rejects unused columns\. Exclude this column/,
    );
    await expect(readDataset(file, { colums: ["pc1"] } as object)).rejects.toThrow(/did you mean "columns"/);
  });

  it("reads missing values as NaN, and rejects a typo with its line and column", async () => {
    const missing = await readDataset(await fileWith("a,b\n1,\n2,NA\n3,4\n"));
    expect(missing.means.toArrays()).toEqual([
      [1, Number.NaN],
      [2, Number.NaN],
      [3, 4],
    ]);
    for (const typo of ["?", "l.5", "0x10"]) {
      await expect(readDataset(await fileWith(`a,b\n1,2\n3,${typo}\n5,6\n`))).rejects.toMatchObject({
        code: "FILE_FORMAT",
        message: expect.stringMatching(/line 3, column 2 \("b"\): expected a number, found .*Correct it or exclude/),
      });
      await expect(readDataset(await fileWith(`1,${typo}\n3,4\n5,6\n`))).rejects.toThrow(
        /line 1, column 2: expected a number, found .*if the line holds names/,
      );
    }
  });

  it("determines a column type from all rows if the first thousand mislead", async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => `${i},${i < 1200 ? i : `note ${i}`}`);
    const { means, roles } = await readDataset(await fileWith(`value,other\n${rows.join("\n")}\n`));
    expect(means.shape).toEqual([3000, 1]);
    expect(roles.unused).toEqual([{ name: "other", reason: "text" }]);
    rows[2000] = "2000,1x";
    const typos = rows.map((row) => row.replace(/note (\d+)/, "$1"));
    await expect(readDataset(await fileWith(`value,other\n${typos.join("\n")}\n`))).rejects.toThrow(
      /line 2002, column 2/,
    );
  });

  it("selects the columns of a matrix without names by their positions", async () => {
    await writeMatrix(path("plain.npy"), DATA);
    const { means, report } = await readDataset(path("plain.npy"), { columns: ["1:3"] });
    expect(means.toArrays()).toEqual(DATA.map((row) => row.slice(1)));
    expect(report).toBe("Data: 2 columns (without names: 1, 2). Not used: 0 (not chosen).");
    const opened = await openDatasetRows(path("plain.npy"), { columns: ["0"] });
    expect((await opened.means.read([4])).toArrays()).toEqual([[DATA[4][0]]]);
    await opened.close();
  });

  it("reads a first row 0, 1, 2, ... as data if the next row continues it", async () => {
    expect((await readDataset(await fileWith("0,1,2,3\n4,5,6,7\n8,9,10,11\n"))).means.rows).toBe(3);
    expect((await readDataset(await fileWith("0,1,2,3\n0,0,1,7\n1,0,0,3\n"))).means.rows).toBe(2);
  });

  it("does not use the durations of Parquet as data, although they are stored as whole numbers", async () => {
    const path = fileURLToPath(new URL("./fixtures/tables/durations.parquet", import.meta.url));
    const { means, report } = await readDataset(path);
    expect(means.toArrays()).toEqual(DATA);
    expect(report).toBe("Data: 3 columns (pc1, pc2, pc3). Not used: wait (duration).");
  });

  it("leaves out and names the columns that Arrow libraries in JavaScript cannot read", async () => {
    const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/tables/${name}`, import.meta.url));
    const { means, report } = await readDataset(fixture("run-ends.arrow"));
    expect(means.toArrays()).toEqual(DATA);
    expect(report).toBe("Data: 3 columns (pc1, pc2, pc3). Not used: batch (run-end encoded).");
    await expect(readDataset(fixture("run-ends.arrow"), { keep: ["batch"] })).rejects.toThrow(
      /column "batch" is run-end encoded/,
    );
    await expect(readDataset(fixture("run-ends.arrow"), { strict: true })).rejects.toThrow(
      /column "batch" \(run-end encoded\) is not used/,
    );
    await expect(readMatrix(fixture("list-view.arrow"))).rejects.toThrow(
      'found "vector" (list view). Convert the columns of the data to numbers',
    );
  });
});
