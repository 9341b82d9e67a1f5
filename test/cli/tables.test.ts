import { afterAll, beforeAll, expect, it } from "vitest";
import { readMatrix, readTable } from "../../src/io/index.js";
import { makeGroups, toCsv, Workplace } from "./workplace.js";

const data = makeGroups(110, 5, 3);
const sigma = data.map((row, i) => row.map((_, j) => 0.1 + ((i + j) % 5) / 5));
const labels = data.map((_, i) => (i % 3 === 0 ? 'a, "b"' : `group ${i % 3}`));
const quick = ["--iterations", "60", "--early-exaggeration-iterations", "30", "--perplexity", "10", "--quiet"];

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  await workplace.write("mu.csv", toCsv(data.slice(0, 100)));
  await workplace.write("sd.csv", toCsv(sigma.slice(0, 100)));
  await workplace.write(
    "labels.txt",
    labels
      .slice(0, 100)
      .map((label) => `"${label.replaceAll('"', '""')}"\n`)
      .join(""),
  );
  await workplace.write("new.csv", toCsv(data.slice(100)));
  await workplace.write("new-sd.csv", toCsv(sigma.slice(100)));
  await workplace.write(
    "new-labels.txt",
    data
      .slice(100)
      .map((_, i) => `${i}\n`)
      .join(""),
  );
});
afterAll(() => workplace.remove());

it.each([".parquet", ".arrow", ".csv"])("hold the embedding, labels and uncertainty as %s", async (extension) => {
  const embed = [
    "embed",
    "mu.csv",
    "--sigma",
    "sd.csv",
    "--labels",
    "labels.txt",
    "-o",
    "map.npy",
    "--save",
    "run.tsne",
  ];
  const args = [...embed, "--uncertainty", "3", "--table", `table${extension}`, ...quick, "--json"];
  const { code, stdout } = await workplace.run(args);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ table: `table${extension}` });
  const table = await readTable(workplace.path(`table${extension}`));
  const names = ["x", "y", "label", "displacement", "var_x", "cov_xy", "var_y", "share"];
  expect([...table.keys()]).toEqual(names);
  const embedding = await readMatrix(workplace.path("map.npy"));
  expect(Array.from(table.get("y") as Float32Array, Math.fround)).toEqual(
    Array.from({ length: 100 }, (_, i) => embedding.at(i, 1)),
  );
  expect(table.get("label")).toEqual(labels.slice(0, 100));
});

it("hold the contribution of each point to the measures, and no value for points that were not measured", async () => {
  const args = ["evaluate", "mu.csv", "map.npy", "--labels", "labels.txt", "--k", "5,10", "--sample", "40"];
  expect(await workplace.run([...args, "--table", "quality.parquet", "--quiet"])).toMatchObject({ code: 0 });
  const table = await readTable(workplace.path("quality.parquet"));
  const measures = ["kept", "trustworthiness", "continuity"].flatMap((name) => [`${name}_5`, `${name}_10`]);
  expect([...table.keys()]).toEqual(["x", "y", "label", ...measures, "accuracy", "silhouette"]);
  const kept = table.get("kept_5") as Float32Array;
  expect(kept.filter((value) => Number.isNaN(value))).toHaveLength(60);
});

it("hold the positions of new points with their divergences", async () => {
  const args = ["place", "run.tsne", "new.csv", "--sigma", "new-sd.csv", "-o", "placed.npy"];
  const tables = ["--labels", "new-labels.txt", "--table", "placed.arrow", "--quiet"];
  expect(await workplace.run([...args, ...tables])).toMatchObject({ code: 0 });
  const table = await readTable(workplace.path("placed.arrow"));
  expect([...table.keys()]).toEqual(["x", "y", "divergence", "label"]);
  expect(table.get("label")).toEqual(Array.from({ length: 10 }, (_, i) => String(i)));
  const short = await workplace.run([...args, "--labels", "labels.txt"]);
  expect(short).toMatchObject({ code: 2 });
  expect(short.stderr).toContain("labels.txt: expected 10 labels, one per point, received 100");
});

it.each([
  [["embed", "mu.csv", "-o", "y.npy", "--table", "x.npy"], "--table: expected a file name that ends in .parquet"],
  [["embed", "mu.csv", "-o", "y.csv", "--table", "y.csv"], "--table: expected a file other than that of --output"],
  [["evaluate", "mu.csv", "map.npy", "--table", "x.txt"], "--table: expected a file name that ends in .parquet"],
])("%s is refused", async (args, sentence) => {
  const outcome = await workplace.run(args);
  expect(outcome).toMatchObject({ code: 2, stdout: "" });
  expect(outcome.stderr).toContain(sentence);
});

it("of AnnData files get the embedding only in a copy", async () => {
  const { default: library } = await import("h5wasm/node");
  await library.ready;
  const file = new library.File(workplace.path("cells.h5ad"), "w");
  file.create_dataset({ name: "X", data: Float32Array.from(data.flat()), shape: [110, 5] });
  const obs = file.create_group("obs");
  obs.create_attribute("_index", "_index");
  obs.create_dataset({ name: "_index", data: data.map((_, i) => `cell${i}`) });
  file.create_group("var");
  file.close();
  const run = (...args: string[]) => workplace.run(["embed", ...args, ...quick]);
  expect(await run("cells.h5ad", "-o", "mapped.h5ad")).toMatchObject({ code: 0 });
  expect((await readMatrix(`${workplace.path("mapped.h5ad")}:X_tsne`)).shape).toEqual([110, 2]);
  expect(await run("mu.csv", "-o", "mapped.h5ad")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--output: expected .* copy of the data, which are not an \.h5ad file/),
  });
  expect(await run("cells.h5ad", "-o", "part.h5ad", "--rows", ":50")).toMatchObject({ code: 2 });
});

it("use a column of the data file as labels, and not as data", async () => {
  const rows = data.slice(0, 60).map((row, i) => [...row, i % 4].join(","));
  await workplace.write("grouped.csv", `a,b,c,d,e,grp\n${rows.join("\n")}\n`);
  const args = [
    "embed",
    "grouped.csv",
    "--labels",
    "grouped.csv:grp",
    "-o",
    "grouped-map.csv",
    "--table",
    "grouped.parquet",
  ];
  const { code, stdout } = await workplace.run([...args, ...quick, "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).columns).toBe("Data: 5 columns (a ... e). Labels: grp.");
  expect((await readTable(workplace.path("grouped.parquet"))).get("grp")).toEqual(rows.map((_, i) => String(i % 4)));
});
