import { execFile } from "node:child_process";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { Field, Float32, List, RecordBatchFileWriter, Table, vectorFromArray } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readMatrix, writeMatrix } from "../../src/io/index.js";
import { entry, makeGroups, Workplace } from "./command-line.js";

const data = makeGroups(110, 5, 3);
const sds = data.map((row, i) => row.map((_, j) => 0.1 + ((i + j) % 5) / 5));
const quick = ["--iterations", "60", "--early-exaggeration-iterations", "30", "--perplexity", "10", "--quiet"];
const columns = ["--mean-column", "mean", "--sigma-column", "sigma"];

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  const lists = new List(new Field("item", new Float32()));
  const codes = new Table({ mean: vectorFromArray(data, lists), sigma: vectorFromArray(sds, lists) });
  await workplace.write("codes.arrow", await RecordBatchFileWriter.writeAll(codes).toUint8Array());
  for (const [name, rows] of [
    ["mu", data],
    ["sd", sds],
  ] as const) {
    await writeMatrix(workplace.path(`${name}.npy`), { data: Float32Array.from(rows.flat()), rows: 110, cols: 5 });
  }
});
afterAll(() => workplace.remove());

describe("columns of lists", () => {
  it("are embedded, placed and measured as the matrices that they hold", async () => {
    const run = async (args: string[]) => expect(await workplace.run(args)).toMatchObject({ code: 0, stderr: "" });
    await run(["embed", "mu.npy", "--sigma", "sd.npy", "-o", "expected.npy", "--save", "run.tsne", ...quick]);
    await run(["embed", "codes.arrow", ...columns, "-o", "map.npy", ...quick]);
    const expected = await readMatrix(workplace.path("expected.npy"));
    expect(await readMatrix(workplace.path("map.npy"))).toEqual(expected);
    const landmarks = ["--landmarks", "60", ...quick];
    await run(["embed", "mu.npy", "--sigma", "sd.npy", "-o", "landmarks-expected.npy", ...landmarks]);
    await run(["embed", "codes.arrow", ...columns, "-o", "landmarks.npy", ...landmarks]);
    const fromLandmarks = await readMatrix(workplace.path("landmarks-expected.npy"));
    expect(await readMatrix(workplace.path("landmarks.npy"))).toEqual(fromLandmarks);
    await run(["place", "run.tsne", "mu.npy", "--sigma", "sd.npy", "-o", "placed-expected.npy", "--quiet"]);
    await run(["place", "run.tsne", "codes.arrow", ...columns, "-o", "placed.npy", "--quiet"]);
    const placed = await readMatrix(workplace.path("placed-expected.npy"));
    expect(await readMatrix(workplace.path("placed.npy"))).toEqual(placed);
    const measured = await workplace.run(["evaluate", "codes.arrow", "map.npy", ...columns, "--json", "--quiet"]);
    const same = await workplace.run(["evaluate", "mu.npy", "map.npy", "--sigma", "sd.npy", "--json", "--quiet"]);
    const scores = ({ stdout }: { stdout: string }) => ({ ...JSON.parse(stdout), seconds: 0 });
    expect(scores(measured)).toEqual(scores(same));
  });

  it("are to be named where there are several", async () => {
    const { code, stderr } = await workplace.run(["embed", "codes.arrow", "-o", "none.npy"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^sigma-tsne embed: codes.arrow: holds lists of numbers in "mean", "sigma"; .*--mean-column/,
    );
    const other = await workplace.run(["embed", "codes.arrow", "--mean-column", "mu", "-o", "none.npy"]);
    expect(other.stderr).toContain('has no column "mu"; it has mean, sigma');
  });
});

/** Reads all rows, in a process of its own, and prints the most memory that it has had, in MiB. */
const reader = (file: string, library: URL) => `
  import { openRows } from ${JSON.stringify(library.href)};
  const { rows, read, close } = await openRows(${JSON.stringify(file)});
  for (let start = 0; start < rows; start += 50_000) {
    await read(Uint32Array.from({ length: Math.min(50_000, rows - start) }, (_, i) => start + i));
  }
  await close();
  console.log(process.resourceUsage().maxRSS / 1024);`;

describe("a file of 240 MB", () => {
  it.each([".arrow", ".parquet"])("goes through less memory than it has, as %s", async (extension) => {
    const library = new URL("index.js", pathToFileURL(entry));
    const file = workplace.path(`large${extension}`);
    const writer = `
      import { writeTable } from ${JSON.stringify(library.href)};
      const x = Float64Array.from({ length: 3_750_000 }, (_, i) => i);
      const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
      await writeTable(${JSON.stringify(file)}, Object.fromEntries(names.map((name) => [name, x])));`;
    const run = async (code: string) =>
      (await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code])).stdout;
    await run(writer);
    expect(Number(await run(reader(file, library)))).toBeLessThan(200);
  });
});
