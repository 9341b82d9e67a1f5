import { describe, expect, test } from "vitest";
import { DataError } from "../../src/errors.js";
import { openRows, rowsInMemory, writeMatrix } from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { type EmbedSampleOptions, embedSample, Tsne } from "../../src/tsne/index.js";
import { drawRows } from "../../src/tsne/sampled.js";
import { useFolder } from "../io/folder.js";
import { makeGroups, makeUniform, takeRows } from "./points.js";

const path = useFolder();
const data = makeGroups(3000, 6, 3);
const sigma = makeUniform(3000, 6, 0.1, 1);
const quick: EmbedSampleOptions = { sample: 150, maxIter: 80, earlyExaggerationIter: 40, perplexity: 10, threads: 2 };

describe("embedSample", () => {
  test("fits the sample as a run of its own, and places the others into it", async () => {
    const { embedding, divergence, fitted } = await embedSample(rowsInMemory(data), {
      ...quick,
      sigma: rowsInMemory(sigma),
    });
    const { sample: _, ...options } = quick;
    const run = new Tsne(takeRows(data, Array.from(fitted)), {
      ...options,
      sigma: takeRows(sigma, Array.from(fitted)),
    });
    const alone = (await run.fit()).embedding;
    const placed = await run.place(data, { sigma });
    const isFitted = new Set(fitted);
    for (let row = 0; row < data.rows; row++) {
      const expected = isFitted.has(row) ? alone.row(fitted.indexOf(row)) : placed.embedding.row(row);
      expect(Array.from(embedding.row(row))).toEqual(Array.from(expected));
      expect(divergence[row]).toBe(isFitted.has(row) ? Number.NaN : placed.divergence[row]);
    }
  });

  test("reads from a file what it would have from memory", async () => {
    await writeMatrix(path("data.npy"), data);
    await writeMatrix(path("data.csv"), data);
    const expected = (await embedSample(rowsInMemory(data), quick)).embedding.data;
    for (const name of ["data.npy", "data.csv"]) {
      const source = await openRows(path(name));
      expect((await embedSample(source, quick)).embedding.data).toEqual(expected);
      await source.close();
    }
  });

  test("names the row of the data that cannot be used, in the sample or out of it", async () => {
    const fitted = drawRows(3000, 150, 42);
    const other = Array.from(data.data.keys()).find((row) => !fitted.includes(row)) as number;
    for (const row of [fitted[5] as number, other]) {
      const broken = new Matrix(data.data.slice(), data.rows, data.cols);
      broken.data[row * 6 + 2] = Number.NaN;
      const failure = embedSample(rowsInMemory(broken), quick);
      await expect(failure).rejects.toThrow(DataError);
      await expect(failure).rejects.toMatchObject({ argument: "data", row, column: 2 });
    }
  });

  test.each<[Partial<EmbedSampleOptions>, string]>([
    [{ sample: 3001 }, "sample: expected an integer from 3 to 3000"],
    [{ sigma: rowsInMemory(takeRows(sigma, [1, 2])) }, "sigma: expected 3000 x 6"],
    [{ perplexity: 60 }, "perplexity"],
  ])("refuses %o", async (options, sentence) => {
    await expect(embedSample(rowsInMemory(data), { ...quick, ...options })).rejects.toThrow(sentence);
  });

  test("draws every row equally often, none twice, the same for a seed", () => {
    expect(drawRows(20, 20, 1)).toEqual(Uint32Array.from({ length: 20 }, (_, i) => i));
    expect(drawRows(1e6, 50, 7)).toEqual(drawRows(1e6, 50, 7));
    const counts = new Float64Array(20);
    for (let seed = 0; seed < 8000; seed++)
      for (const row of drawRows(20, 5, seed)) counts[row] = (counts[row] as number) + 1;
    // 2000 expected of each, with a standard deviation of 39.
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(5 * 39);
  });
});
