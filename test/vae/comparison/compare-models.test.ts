import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createModel, evaluateModel, modelTable, writeModelComparison } from "../../../src/vae/index.js";
import { barsDataset, useCpuBackend } from "../tiny-dataset.js";

let folder: string;
beforeAll(async () => {
  await useCpuBackend();
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-comparison-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const options = { height: 8, width: 8, hiddenDim: 8 };

it("lists the results of every model's evaluation in one table", async () => {
  const models = [
    { name: "plain", model: createModel("ae", { ...options, zDim: 1 }) },
    { name: "vae", model: createModel("vae", { ...options, zDim: 3 }) },
    { name: "mixture", model: createModel("gmvae", { ...options, zDim: 2, clusters: 2 }) },
    { name: "again", model: createModel("ae", { ...options, zDim: 2, seed: 7 }) },
  ];
  const dataset = barsDataset();
  const target = join(folder, "all");
  const comparison = await writeModelComparison(target, models, dataset, { draws: 4, noise: 0.3, gridSize: 2 });
  expect((await readdir(target)).sort()).toEqual([...comparison.files].sort());
  expect(JSON.parse(await readFile(join(target, "models.json"), "utf8"))).toEqual(comparison);
  const [plain, vae, mixture] = comparison.models;
  const alone = await evaluateModel(models[1]?.model as never, dataset.test, { draws: 4, noise: 0.3 });
  expect(vae).toMatchObject({
    marginalLogLikelihood: alone.logLikelihood,
    elbo: alone.elbo,
    logLikelihood: alone.reconstruction.logLikelihood,
    noisyLogLikelihood: alone.noisyReconstruction?.logLikelihood,
    squaredError: alone.reconstruction.squaredError,
    accuracy: null,
    zDim: 3,
  });
  expect(plain).toMatchObject({ marginalLogLikelihood: null, elbo: null, likelihood: "bernoulli" });
  expect(mixture?.accuracy).toBeGreaterThanOrEqual(0.5);
  const table = await readFile(join(target, "models.md"), "utf8");
  expect(table).toBe(`${modelTable(comparison)}\n`);
  const lines = table.split("\n").filter((line) => line.startsWith("|"));
  expect(lines).toHaveLength(6);
  expect(new Set(lines.map((line) => line.replaceAll("\\|", "__").split("|").length)).size).toBe(1);
});

it("rejects models that cannot be compared, and leaves no folder", async () => {
  const model = createModel("ae", { ...options, zDim: 2 });
  const write = (models: Parameters<typeof writeModelComparison>[1]) =>
    writeModelComparison(join(folder, "none"), models, barsDataset());
  await expect(write([])).rejects.toThrow(/^models: expected at least one model/);
  await expect(
    write([
      { name: "a", model },
      { name: "a", model },
    ]),
  ).rejects.toThrow(/with different names, received ".*" more than once/);
  await expect(write([{ name: "large", model: createModel("ae", { height: 9, width: 8, zDim: 2 }) }])).rejects.toThrow(
    /for which the model was made/,
  );
  expect(await readdir(folder)).not.toContain("none");
});
