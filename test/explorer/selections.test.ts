import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openExploration } from "../../src/explorer/open/open-exploration.js";
import { type Failure, paths, type SelectionsFile } from "../../src/explorer/protocol.js";
import { type Served, serve } from "./serve.js";

let folder: string;
let source: string;
let file: string;
let served: Served;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-selections-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  source = join(folder, `${Math.random()}.csv`);
  file = `${source}.selections.json`;
  await writeFile(source, `x,y\n${Array.from({ length: 20 }, (_, i) => `${i},${i * i}`).join("\n")}\n`);
  served = await serve(await openExploration(source));
  return () => served.close();
});

const send = async (name: string, rows: readonly number[], method = "PUT") => {
  const headers = { "content-type": "application/octet-stream" };
  const body = method === "PUT" ? { headers, body: Uint32Array.from(rows) } : {};
  return fetch(served.url + paths.savedSelection(name), { method, ...body });
};
const rowsOf = async (name: string) =>
  Array.from(new Uint32Array(await (await served.get(paths.savedSelection(name))).arrayBuffer()));

describe("a selection", () => {
  it("is saved in the folder of the source under any name, and still exists after a restart", async () => {
    const name = "café & “=1+1” / ../x";
    expect((await send(name, [7, 3, 3, 19])).status).toBe(204);
    expect(await rowsOf(name)).toEqual([3, 7, 19]);
    expect((await served.describe()).selections).toEqual([{ name, size: 3 }]);
    const { points, selections } = JSON.parse(await readFile(file, "utf8")) as SelectionsFile;
    expect([points, selections]).toEqual([20, { [name]: [3, 7, 19] }]);
    const again = await serve(await openExploration(source));
    expect((await again.describe()).selections).toEqual([{ name, size: 3 }]);
    await again.close();
  });

  it("replaces one with the same name, and can be deleted", async () => {
    await send("a", [1]);
    await send("b", [2]);
    await send("a", [4, 5]);
    expect(await rowsOf("a")).toEqual([4, 5]);
    expect((await send("a", [], "DELETE")).status).toBe(204);
    expect((await send("a", [], "DELETE")).status).toBe(404);
    expect((await served.describe()).selections).toEqual([{ name: "b", size: 1 }]);
  });

  it("is rejected without rows, with rows that do not exist, without a name or with a long name", async () => {
    for (const rows of [[], [20]]) expect((await send("a", rows)).status).toBe(400);
    for (const name of ["", "  ", "x".repeat(101)]) {
      const answer = await send(name, [1]);
      expect(answer.status).toBe(409);
      expect(((await answer.json()) as Failure).message).toContain("name of 1 to 100 characters");
    }
    expect((await served.get(paths.savedSelections)).status).toBe(400);
    expect((await served.get(paths.savedSelection("a"))).status).toBe(404);
  });

  it("changes the version of the description, so that all pages show it", async () => {
    const { version } = await served.describe();
    await send("a", [1]);
    expect((await served.describe()).version).not.toBe(version);
  });
});

describe("the file of selections", () => {
  const open = () => openExploration(source).then((exploration) => exploration.close());

  it("of other points is neither shown nor overwritten", async () => {
    const others = JSON.stringify({ kind: "sigma-tsne selections", version: 1, points: 5, selections: { old: [1] } });
    await writeFile(file, others);
    const other = await serve(await openExploration(source));
    expect((await other.describe()).selections).toEqual([]);
    const answer = await fetch(other.url + paths.savedSelection("new"), {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body: Uint32Array.of(1),
    });
    expect(answer.status).toBe(409);
    expect(((await answer.json()) as Failure).message).toContain("selections of 5 points, but this source has 20");
    expect(await readFile(file, "utf8")).toBe(others);
    await other.close();
  });

  it.each([
    ["{", "is not JSON"],
    ["{}", "expected the selections of an explorer"],
    [JSON.stringify({ kind: "sigma-tsne selections", version: 9 }), "expected version 1, received 9"],
    [
      JSON.stringify({ kind: "sigma-tsne selections", version: 1, points: 20, selections: { a: [20] } }),
      "is not a list of rows from 0 to 19",
    ],
  ])("with the content %s is rejected with the reason", async (content, reason) => {
    await writeFile(file, content);
    await expect(open()).rejects.toThrow(reason);
  });
});
