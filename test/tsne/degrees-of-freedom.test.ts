import { expect, test } from "vitest";
import { runTsne, type TsneOptions } from "../../src/tsne/index.js";
import { digest, makeGroups, nearestNeighborAccuracy } from "./points.js";

const data = makeGroups(300, 6);
const options = { iterations: 200, earlyExaggerationIterations: 100 };

test.each(
  [0.1, 0.5, 2, 100].flatMap((degreesOfFreedom) => [
    ...(["barnes-hut", "exact"] as const).flatMap((method) =>
      [1, 2, 3].map((outputDimensions) => ({ degreesOfFreedom, method, outputDimensions })),
    ),
    { degreesOfFreedom, method: "fft" as const, outputDimensions: 2 },
  ]),
)(
  "$degreesOfFreedom degrees of freedom by $method in $outputDimensions dimensions separate the groups",
  async (extra) => {
    const { embedding, kl } = await runTsne(data, { ...options, ...extra });
    expect(kl).toBeGreaterThan(0);
    expect(nearestNeighborAccuracy(embedding, 3)).toBeGreaterThan(0.95);
  },
);

test("one degree of freedom is the default, and other values do not depend on the threads", async () => {
  const embed = async (extra: TsneOptions) => digest((await runTsne(data, { ...options, ...extra })).embedding);
  expect(await embed({ degreesOfFreedom: 1 })).toBe(await embed({}));
  for (const method of ["barnes-hut", "fft", "exact"] as const) {
    const half = { degreesOfFreedom: 0.5, method };
    expect(await embed({ ...half, threads: 1 })).toBe(await embed({ ...half, threads: 3 }));
  }
});

test("heavier tails give a wider embedding", async () => {
  const width = async (degreesOfFreedom: number) =>
    Math.max(...(await runTsne(data, { iterations: 500, degreesOfFreedom })).embedding.data.map(Math.abs));
  const [heavy, student, light] = [await width(0.5), await width(1), await width(5)];
  expect(heavy).toBeGreaterThan(student);
  expect(student).toBeGreaterThan(light);
});
