import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { build } from "tsdown";
import { expect } from "vitest";
import { Decoder } from "../../src/explorer/server/decoder.js";
import { createModel, type Model, type ModelName } from "../../src/vae/models/index.js";
import { Random } from "../../src/vae/random.js";

/** Bundles the decoder thread if any source is newer, because a thread cannot run from the sources. */
export async function buildDecoderThread(): Promise<void> {
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((path) => /\.ts$/.test(path));
  const newest = Math.max(...sources.map((path) => statSync(join("src", path)).mtimeMs));
  const built = statSync("dist/decoder-thread.js", { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built > newest) return;
  await build({
    config: false,
    entry: { "decoder-thread": "src/explorer/server/decoder-thread.ts" },
    format: "esm",
    target: "node20",
    platform: "node",
    dts: false,
    clean: false,
    fixedExtension: false,
    deps: { neverBundle: ["#binding"] },
    logLevel: "warn",
  });
}

/** Saves a model with random weights and three latent dimensions. */
export async function saveModel(
  folder: string,
  name: ModelName,
  channels = 1,
): Promise<{ model: Model; path: string }> {
  const size = name === "micrograph-vae" ? 32 : 16;
  const model = createModel(name, { height: size, width: size, channels, zDim: 3 } as never);
  const path = join(folder, `${name}-${channels}`);
  await model.save(path);
  return { model, path };
}

/** Points of a latent space with three dimensions. */
export const drawCodes = (count: number): Float32Array => new Random(1, 2, 3).normals(3 * count);

/** Compares the results of a model on a separate thread with its results on this thread. */
export async function expectSameOnThread(folder: string, name: ModelName, channels: number): Promise<void> {
  const { model, path } = await saveModel(folder, name, channels);
  const thread = new Decoder({ path, backend: "wasm" });
  try {
    const { height, width } = model.configuration;
    expect(await thread.model()).toMatchObject({ name, latent: 3, height, width, channels });
    const codes = drawCodes(21);
    const images = await thread.perform("decode", { codes });
    expect(images).toEqual(await model.decode({ data: codes, rows: 21, cols: 3 }));
    const input = images.subarray(0, 2 * model.pixels).map((value) => Math.min(1, Math.max(0, value)));
    const encoded = await thread.perform("encode", { images: input });
    const { means, sigma } = await model.encode(input, { batchSize: 16 });
    expect(encoded.means).toEqual(means.data);
    expect(encoded.sigma).toEqual(sigma?.data);
  } finally {
    await thread.close();
    model.dispose();
  }
}
