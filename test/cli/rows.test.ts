import { Field, Float32, List, RecordBatchFileWriter, Table, vectorFromArray } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readMatrix, writeMatrix } from "../../src/io/index.js";
import { makeGroups, Workplace } from "./workplace.js";

const data = makeGroups(110, 5, 3);
const sigma = data.map((row, i) => row.map((_, j) => 0.1 + ((i + j) % 5) / 5));
const quick = ["--iterations", "60", "--early-exaggeration-iterations", "30", "--perplexity", "10", "--quiet"];
const columns = ["--mean-column", "mean", "--sigma-column", "sigma"];

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  const lists = new List(new Field("item", new Float32()));
  const codes = new Table({ mean: vectorFromArray(data, lists), sigma: vectorFromArray(sigma, lists) });
  await workplace.write("codes.arrow", await RecordBatchFileWriter.writeAll(codes).toUint8Array());
  for (const [name, rows] of [
    ["mu", data],
    ["sd", sigma],
  ] as const) {
    await writeMatrix(workplace.path(`${name}.npy`), { data: Float32Array.from(rows.flat()), rows: 110, cols: 5 });
  }
});
afterAll(() => workplace.remove());

describe("columns of lists", () => {
  it("give the same results as matrices in embed, place and evaluate", async () => {
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
    const scores = ({ stdout }: { stdout: string }) => ({ ...JSON.parse(stdout), columns: "", seconds: 0 });
    expect(scores(measured)).toEqual(scores(same));
  });

  it("must be named if there are several", async () => {
    const { code, stderr } = await workplace.run(["embed", "codes.arrow", "-o", "none.npy"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^sigma-tsne embed: codes.arrow: holds lists of numbers in "mean", "sigma"; .*--mean-column/,
    );
    const other = await workplace.run(["embed", "codes.arrow", "--mean-column", "mu", "-o", "none.npy"]);
    expect(other.stderr).toContain('has no column "mu"; it has mean, sigma');
  });
});
