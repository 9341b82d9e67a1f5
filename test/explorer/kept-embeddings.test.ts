import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openExploration } from "../../src/explorer/open/open-exploration.js";
import { paths } from "../../src/explorer/protocol.js";
import { writeMatrix } from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { makeGroups } from "../cli/workplace.js";
import { serve, watch } from "./serve.js";

const N = 60;
let folder: string;
const path = (name: string) => join(folder, name);

const writePoints = (shift: number) =>
  writeMatrix(
    path("means.npy"),
    new Matrix(
      Float32Array.from(makeGroups(N, 4, 3).flat(), (x) => x + shift),
      N,
      4,
    ),
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-kept-"));
  await writeMatrix(path("sigma.npy"), new Matrix(new Float32Array(4 * N).fill(0.3), N, 4));
  await writePoints(0);
});
afterAll(() => rm(folder, { recursive: true }));

const explore = async (options = {}) => serve(await openExploration(path("means.npy"), options));
const sigma = () => ({ sigma: path("sigma.npy") });

it("embeddings of points are saved beside their file and shown at once the next time", async () => {
  const first = await explore(sigma());
  expect((await first.describe()).layouts).toEqual([]);
  await watch(first.url, (runs) => runs.get("uncertainty")?.state === "finished");
  const layout = await first.floats(paths.layout("sigma-aware"));
  const { columns } = await first.describe();
  await first.close();
  expect(await readdir(path("means.npy.explorer"))).toEqual(expect.arrayContaining(["explorer.json", "standard.npy"]));

  const exploration = await openExploration(path("means.npy"), sigma());
  expect(exploration.keptIn).toMatch(/means\.npy\.explorer/);
  expect(exploration.describe().layouts.filter(({ kind }) => kind === "map")).toHaveLength(2);
  const second = await serve(exploration);
  expect(await second.floats(paths.layout("sigma-aware"))).toEqual(layout);
  await expect.poll(async () => (await second.describe()).columns).toEqual(columns);
  expect((await second.describe()).computations).toEqual([]);
  await second.close();
});

it("embeddings are computed again for other points and for other standard deviations", async () => {
  const without = await openExploration(path("means.npy"));
  expect(without.describe().layouts).toEqual([]);
  await without.close();
  await writePoints(1);
  const changed = await openExploration(path("means.npy"), sigma());
  expect(changed.describe().layouts).toEqual([]);
  await changed.close();
});

it("embeddings are not saved if the user turns this off or the folder is not writable", async () => {
  await rm(path("means.npy.explorer"), { recursive: true });
  const unwanted = await openExploration(path("means.npy"), { cache: false });
  expect(unwanted.keptIn).toBeUndefined();
  await unwanted.close();
  expect(existsSync(path("means.npy.explorer"))).toBe(false);
  // A file has the name of the folder.
  await writeFile(path("means.npy.explorer"), "");
  await chmod(path("means.npy.explorer"), 0o400);
  const blocked = await openExploration(path("means.npy"));
  expect(blocked.keptIn).toBeUndefined();
  await blocked.close();
});
