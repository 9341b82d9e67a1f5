import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openExploration } from "../../src/explorer/open/open-exploration.js";
import {
  type ComputationState,
  type Failure,
  ITERATION_HEADER,
  type PointDescription,
  paths,
} from "../../src/explorer/protocol.js";
import { writeMatrix } from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { runTsne, Tsne } from "../../src/tsne/index.js";
import { makeGroups } from "../cli/workplace.js";
import { type Served, serve, watch } from "./serve.js";

const n = 150;
const means = new Matrix(Float32Array.from(makeGroups(n, 4, 3).flat()), n, 4);
const sigma = new Matrix(
  Float32Array.from({ length: 4 * n }, (_, at) => 0.1 + (at % 5) / 10),
  n,
  4,
);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-explorer-"));
  await writeMatrix(join(folder, "means.npy"), means);
  await writeMatrix(join(folder, "sigma.npy"), sigma);
});
afterAll(() => rm(folder, { recursive: true }));

const explore = async (name: string, options = {}) => serve(await openExploration(join(folder, name), options));
const post = async (served: Served, path: string) => {
  const answer = await fetch(served.url + path, { method: "POST" });
  return { status: answer.status, body: (await answer.json()) as ComputationState & Failure };
};

describe("points without a map", () => {
  it("get a standard and a sigma-aware map while the page is open", async () => {
    const exploration = await openExploration(join(folder, "means.npy"), { sigma: join(folder, "sigma.npy") });
    expect(exploration.describe().computations.map(({ id }) => id)).toEqual(["standard", "sigma-aware"]);
    const served = await serve(exploration);
    const runs = await watch(served.url, (known) => known.get("uncertainty")?.state === "finished");
    expect([...runs.values()].map(({ state }) => state)).toEqual(Array(runs.size).fill("finished"));
    expect(runs.get("sigma-aware")).toMatchObject({ kind: "embedding", layout: "sigma-aware" });
    expect(runs.get("sigma-aware")?.iteration).toBeGreaterThanOrEqual(300);

    const description = await served.describe();
    expect(description.layouts.filter(({ kind }) => kind === "map")).toMatchObject([
      { id: "standard", subtitle: expect.stringContaining("euclidean distance"), hasCovariances: false },
      { id: "sigma-aware", subtitle: expect.stringContaining("inverse-variance distance"), hasCovariances: true },
    ]);
    expect(description.columns.map(({ id }) => id)).toEqual([
      "mean-sigma",
      "displacement",
      "quality:standard",
      "quality:sigma-aware",
      "position-uncertainty",
    ]);
    expect(description.abilities).toMatchObject({ place: true, search: true, uncertainty: true });
    // The map is the same as in a run without the explorer.
    const { embedding } = await runTsne(means, { distance: "euclidean" });
    expect(await served.floats(paths.layout("standard"))).toEqual(embedding.data);
    const covariances = await served.floats(paths.covariances("sigma-aware"));
    const uncertainty = await served.floats(paths.column("position-uncertainty"));
    expect(await post(served, paths.stopComputation("standard"))).toMatchObject({
      status: 409,
      body: { code: "NOT_CONTROLLABLE" },
    });
    expect(covariances).toHaveLength(3 * n);
    for (let i = 0; i < n; i++) {
      const [xx, xy, yy] = covariances.subarray(3 * i) as unknown as [number, number, number];
      expect(xx * yy - xy * xy).toBeGreaterThanOrEqual(-1e-6 * xx * yy);
      expect(uncertainty[i]).toBeGreaterThan(0);
    }
    await served.close();
  });

  it("get their second map even if the first computation is stopped, and can continue the first one later", async () => {
    // There are enough points that the computation is still running when it is stopped.
    const rows = 3000;
    await writeMatrix(join(folder, "many.npy"), new Matrix(Float32Array.from(makeGroups(rows, 4, 3).flat()), rows, 4));
    const spreads = Float32Array.from({ length: 4 * rows }, (_, at) => 0.1 + (at % 5) / 10);
    await writeMatrix(join(folder, "many-sigma.npy"), new Matrix(spreads, rows, 4));
    const sources = { sigma: join(folder, "many-sigma.npy"), cache: false };
    const exploration = await openExploration(join(folder, "many.npy"), sources);
    const served = await serve(exploration);
    const stateOf = (id: string) => exploration.computation(id)?.state.state;
    await expect
      .poll(() => exploration.computation("standard")?.positions !== undefined, { interval: 5, timeout: 10_000 })
      .toBe(true);
    await post(served, paths.stopComputation("standard"));
    await expect.poll(() => stateOf("sigma-aware")).toBe("finished");
    expect(stateOf("standard")).toBe("stopped");
    expect((await served.describe()).layouts[0]?.id).toBe("sigma-aware");
    await post(served, paths.continueComputation("standard"));
    await expect.poll(async () => (await served.describe()).abilities.uncertainty).toBe(true);
    expect(stateOf("standard")).toBe("finished");
    const maps = (await served.describe()).layouts.filter(({ kind }) => kind === "map");
    expect(maps.map(({ id }) => id).sort()).toEqual(["sigma-aware", "standard"]);
    await served.close();
  });

  it("leave no computation running when the server ends", async () => {
    const exploration = await openExploration(join(folder, "means.npy"), {
      sigma: join(folder, "sigma.npy"),
      cache: false,
    });
    const served = await serve(exploration);
    await watch(served.url, (runs) => ["running", "finished"].includes(runs.get("standard")?.state ?? ""));
    await served.close();
    const states = exploration.describe().computations.map(({ state }) => state);
    expect(states).not.toContain("running");
  });
});

describe("a saved run", () => {
  it("shows its map, and continues where it stopped", async () => {
    const run = new Tsne(means, { sigma, iterations: 400 });
    const half = await run.fit(150);
    await run.save(join(folder, "half.tsne"));
    const whole = await run.fit();
    const served = await explore("half.tsne");
    expect(await served.floats(paths.layout("map"))).toEqual(half.embedding.data);
    await watch(served.url, (runs) => runs.get("map")?.state === "stopped");
    const description = await served.describe();
    expect(description).toMatchObject({ n, dimensions: 4, abilities: { place: true, search: true } });
    expect(description.computations[0]).toMatchObject({ id: "map", state: "stopped", iteration: 150, iterations: 400 });
    const point = await served.json<PointDescription>(paths.point(0));
    expect(point.neighbors).toHaveLength(12);
    await post(served, paths.continueComputation("map"));
    await watch(served.url, (runs) => runs.get("map")?.state === "finished");
    await expect.poll(async () => (await served.describe()).layouts[0]?.subtitle).toContain("400 of 400 iterations");
    expect(await served.floats(paths.layout("map"))).toEqual(whole.embedding.data);
    await served.close();
  });

  it("can be stopped and continued repeatedly", async () => {
    const run = new Tsne(means, { sigma, iterations: 1e9 });
    await run.fit(10);
    await run.save(join(folder, "endless.tsne"));
    const served = await explore("endless.tsne");
    await watch(served.url, (runs) => runs.get("map")?.state === "stopped");
    for (let stops = 0; stops < 2; stops++) {
      const before = run.iteration;
      expect((await post(served, paths.continueComputation("map"))).status).toBe(200);
      await watch(served.url, (runs) => (runs.get("map")?.iteration ?? 0) > before);
      const layout = await served.get(paths.computationLayout("map"));
      expect(Number(layout.headers.get(ITERATION_HEADER))).toBeGreaterThanOrEqual(before);
      expect(layout.headers.get("cache-control")).toBe("no-store");
      expect(await layout.arrayBuffer()).toHaveProperty("byteLength", 8 * n);
      expect((await post(served, paths.stopComputation("map"))).status).toBe(200);
      const runs = await watch(served.url, (known) => known.get("map")?.state === "stopped");
      expect(runs.get("map")).toMatchObject({ message: "Stopped", controllable: true });
      // The map is the same as in a run without the explorer.
      const { embedding } = await run.fit((runs.get("map") as ComputationState).iteration - before);
      expect(await served.floats(paths.computationLayout("map"))).toEqual(embedding.data);
    }
    expect((await post(served, paths.stopComputation("nothing"))).status).toBe(404);
    expect((await served.get(paths.computationLayout("nothing"))).status).toBe(404);
    await served.close();
  });

  it("gets the columns and notices of a trust report", async () => {
    const run = new Tsne(means, { perplexity: 10, iterations: 100 });
    await run.fit();
    await run.save(join(folder, "trusted.tsne"));
    const served = await explore("trusted.tsne", { trust: true });
    await watch(served.url, (runs) => runs.get("trust")?.state === "finished");
    await expect.poll(async () => (await served.describe()).notices.length).toBeGreaterThan(0);
    const { columns, notices } = await served.describe();
    const scores = columns.filter(({ id }) => id.startsWith("trust:"));
    expect(scores.map(({ title }) => title)).toEqual([
      ...["Doubts", "Group of the map", "Verdict on the group", "Staying with the group"],
      ...["Perturbation", "Singularity", "Reliability", "Reliability class"],
    ]);
    for (const { note } of scores) expect(note).toMatch(/^[A-Z].*\.$/);
    expect(notices.map((notice) => notice.split(":")[0])).toEqual([
      ...["Perturbation", "Singularity", "Reliability", "Measurement", "Together", "Groups"],
    ]);
    await served.close();
  });

  it("is only scored if it is finished", async () => {
    const run = new Tsne(means, { sigma, iterations: 100 });
    await run.fit();
    await run.save(join(folder, "whole.tsne"));
    const served = await explore("whole.tsne");
    await watch(served.url, (runs) => runs.get("uncertainty")?.state === "finished");
    const { computations, columns } = await served.describe();
    expect(computations.map(({ id }) => id)).toEqual(["quality:map", "uncertainty"]);
    expect(columns.map(({ id }) => id)).toEqual(["mean-sigma", "quality:map", "position-uncertainty"]);
    await served.close();
  });
});
