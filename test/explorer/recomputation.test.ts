// Tests what an offline file contains so that its page can compute maps.
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeBytes } from "../../src/explorer/byte-size.js";
import { openExploration } from "../../src/explorer/open/open-exploration.js";
import type { EmbeddingChoices, OfflineData } from "../../src/explorer/protocol.js";
import { describeRecomputation, typeInFile } from "../../src/explorer/recomputation.js";
import { defaultSettings, distancesFor, titleOf } from "../../src/explorer/web/offline/map-settings.js";
import { writeMatrix } from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { type Served, serve } from "./serve.js";

/** Both are made by `npm run wasm` and `npm run build`. */
const hasCore = existsSync("prebuilds/wasm/sigma-tsne.wasm") && existsSync("dist/computer/worker.js");
const n = 90;
const d = 4;
const values = (at: number) => ((at * 7919) % 1009) / 1009;
const means = new Matrix(
  Float64Array.from({ length: n * d }, (_, at) => values(at)),
  n,
  d,
);
const sigma = new Matrix(
  Float32Array.from({ length: n * d }, (_, at) => 0.1 + values(at)),
  n,
  d,
);

describe("the description of the data in a file", () => {
  it("counts the bytes of means and standard deviations", () => {
    expect(describeRecomputation(means, sigma)).toMatchObject({ bytes: 2 * 4 * n * d, hasSigma: true });
    expect(describeRecomputation(means, undefined)).toMatchObject({ bytes: 4 * n * d, hasSigma: false });
  });

  it("includes the data by default if they take up to 50 MB, and rejects more than 128 MiB", () => {
    const ofSize = (bytes: number) => new Matrix(new Float32Array(bytes / 4), bytes / 400, 100);
    expect(describeRecomputation(ofSize(50e6), undefined).isDefault).toBe(hasCore);
    const large = describeRecomputation(ofSize(50e6 + 400), undefined);
    expect(large.isDefault).toBe(false);
    expect(large.obstacle === null).toBe(hasCore);
    const most = describeRecomputation(ofSize(140e6), undefined);
    if (hasCore) expect(most.obstacle).toBe("The data need 140 MB, and a file can contain 134 MB of data.");
    expect(most.isDefault).toBe(false);
  });

  it("names the obstacle if there are too few points or no WebAssembly core", () => {
    const { obstacle } = describeRecomputation(new Matrix(new Float32Array(4), 2, 2), undefined);
    expect(obstacle).toBe("Maps need at least 3 points.");
    if (hasCore) expect(describeRecomputation(means, undefined).obstacle).toBeNull();
    else expect(describeRecomputation(means, undefined).obstacle).toContain("built without its WebAssembly core");
  });
});

describe("the number type of the data in a file", () => {
  const column = (...numbers: number[]) => new Matrix(Float64Array.from(numbers), numbers.length, 1);

  it("is float32 for usual numbers", () => {
    expect(typeInFile(means)).toBe("float32");
    expect(typeInFile(column(5, 5, 5))).toBe("float32");
  });

  it("is float64 if float32 would change the distances: times in milliseconds, and magnitudes beyond float32", () => {
    expect(typeInFile(column(1.7e12, 1.7e12 + 1, 1.7e12 + 2))).toBe("float64");
    expect(typeInFile(column(1e39, 2e39, 3e39))).toBe("float64");
    expect(typeInFile(column(1e-40, 2e-40, 3e-40))).toBe("float64");
  });
});

describe("a saved file", () => {
  let folder: string;
  let served: Served;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sigma-tsne-recomputation-"));
    await writeMatrix(
      join(folder, "map.npy"),
      new Matrix(
        Float32Array.from({ length: 2 * n }, (_, at) => values(at)),
        n,
        2,
      ),
    );
    await writeMatrix(join(folder, "means.npy"), means);
    await writeMatrix(join(folder, "sigma.npy"), sigma);
    await writeFile(join(folder, "index.html"), "<!doctype html><html><head></head><body></body></html>");
    const exploration = await openExploration(join(folder, "map.npy"), {
      input: join(folder, "means.npy"),
      sigma: join(folder, "sigma.npy"),
    });
    served = await serve(exploration, { page: folder });
  });
  afterAll(async () => {
    await served.close();
    await rm(folder, { recursive: true, force: true });
  });

  const save = async (query: string) => {
    const answer = await served.get(`/api/offline${query}`);
    const page = await answer.text();
    const [, json] = /<script type="application\/json" id="offline-data">(.*)<\/script>/s.exec(page) ?? [];
    return { status: answer.status, page, data: json === undefined ? undefined : (JSON.parse(json) as OfflineData) };
  };

  it("contains the data, the worker and the core, if the core was built", async () => {
    const { page, data } = await save("");
    expect(data?.description.recomputation?.obstacle === null).toBe(hasCore);
    expect(page.includes("'wasm-unsafe-eval'")).toBe(hasCore);
    if (!hasCore) {
      expect(data?.computer).toBeNull();
      return;
    }
    const { means: kept, sigma: deviations, worker, core, settings } = data?.computer ?? {};
    expect(kept).toMatchObject({ type: "float32", cols: d });
    const decode = (base64 = "") => new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);
    expect(decode(kept?.base64)).toEqual(Float32Array.from(means.data));
    expect(decode(deviations?.base64)).toEqual(sigma.data);
    expect(worker?.length).toBeGreaterThan(1000);
    expect(core?.length).toBeGreaterThan(1000);
    expect(settings).toMatchObject({ perplexity: 29, largestPerplexity: 29, earlyExaggeration: 12, seed: 42 });
  });

  it("does not contain the data if the user leaves them out", async () => {
    const { page, data } = await save("?data=false");
    expect(data?.computer).toBeNull();
    expect(page).not.toContain("wasm-unsafe-eval");
    if (hasCore) {
      expect(data?.description.recomputation?.obstacle).toBe("The data were left out when the file was saved.");
    }
  });

  it("is refused for another value of data", async () => {
    expect((await save("?data=yes")).status).toBe(400);
    expect((await save("?data=true")).status).toBe(hasCore ? 200 : 400);
  });
});

describe("the settings of a map", () => {
  const choices: EmbeddingChoices = {
    perplexity: 30,
    largestPerplexity: 99,
    earlyExaggeration: 12,
    seed: 42,
    distances: [
      { name: "euclidean", usesSigma: false },
      { name: "inverse-variance", usesSigma: true },
      { name: "expected", usesSigma: true },
      { name: "cosine", usesSigma: false },
    ],
    starts: ["pca", "random"],
  };

  it("offer the distances that fit the use of standard deviations", () => {
    expect(distancesFor(choices, true)).toEqual(["inverse-variance", "expected"]);
    expect(distancesFor(choices, false)).toEqual(["euclidean", "cosine"]);
    expect(defaultSettings(choices, true).distance).toBe("inverse-variance");
  });

  it("name the map after the perplexity and the settings that differ from their defaults", () => {
    const usual = defaultSettings(choices, true);
    expect(titleOf({ ...usual, perplexity: 50 }, choices, true)).toBe("Perplexity 50, with sigma");
    const plain = { ...usual, usesSigma: false, distance: "cosine", iterations: 500, seed: 1 } as const;
    expect(titleOf(plain, choices, true)).toBe("Perplexity 30, without sigma, cosine, 500 iterations, seed 1");
    expect(titleOf(defaultSettings(choices, false), choices, false)).toBe("Perplexity 30");
  });
});

describe("sizes", () => {
  it.each([
    [0, "0 kB"],
    [1440, "1.4 kB"],
    [1_280_000, "1.3 MB"],
    [50e6, "50 MB"],
  ])("%i bytes are described as %s", (bytes, text) => expect(describeBytes(bytes)).toBe(text));
});
