import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import Fastify, { type FastifyInstance } from "fastify";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Exploration } from "../../src/explorer/exploration.js";
import { type LatentVector, MANIFOLD_REACH, paths, type SearchResult } from "../../src/explorer/protocol.js";
import { answerFailures } from "../../src/explorer/server/failure.js";
import { registerLatentRoutes } from "../../src/explorer/server/latent-routes.js";
import { nearest } from "../../src/search/index.js";
import { Tsne } from "../../src/tsne/index.js";
import { selectBackend } from "../../src/vae/backends/index.js";
import { interpolateCodes } from "../../src/vae/figures/index.js";
import { type Codes, createModel, type Model } from "../../src/vae/models/index.js";
import { bars } from "../vae/tiny-dataset.js";
import { buildDecoderThread } from "./decoder-thread.js";

const n = 60;
const side = 12;
const images = bars(n, side);
let folder: string;
let model: Model;
let codes: Codes;
let app: FastifyInstance;
let exploration: Exploration;
let positions: Record<string, Awaited<ReturnType<Tsne["fit"]>>["embedding"]>;

/** A rotation by 90 degrees and a scale of two about other centers, like the alignment of two maps. */
const alignment = {
  scale: 2,
  rotation: [
    [0, 1],
    [-1, 0],
  ],
  from: [1, 2],
  to: [5, 7],
};

beforeAll(async () => {
  await buildDecoderThread();
  await selectBackend("wasm");
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-latent-"));
  model = createModel("vae", { height: side, width: side, zDim: 2, hiddenDim: 32 });
  await model.save(folder);
  codes = await model.encode(images);
  const sigma = codes.sigma;
  exploration = new Exploration("bars", n);
  ({ app } = await listen(exploration));
  // They become available one after the other, as in a training.
  exploration.setData({ means: codes.means, sigma });
  exploration.setModel({
    folder,
    description: { name: "vae", latentDimensions: 2, height: side, width: side, channels: 1 },
  });
  const embed = async (options: object) => {
    const run = new Tsne(codes.means, { perplexity: 5, ...options });
    return { run, ...(await run.fit(60)) };
  };
  const standard = await embed({});
  const aware = await embed({ sigma });
  positions = { standard: standard.embedding, "sigma-aware": aware.embedding };
  const facts = { title: "", subtitle: "" };
  exploration.addMap({ id: "standard", ...facts, positions: standard.embedding, openRun: async () => standard.run });
  exploration.addMap({
    id: "sigma-aware",
    ...facts,
    positions: aware.embedding,
    openRun: async () => aware.run,
    alignment,
  });
});
afterAll(async () => {
  await app.close();
  await exploration.close();
  await rm(folder, { recursive: true });
});

async function listen(subject: Exploration): Promise<{ app: FastifyInstance }> {
  const server = Fastify();
  answerFailures(server);
  registerLatentRoutes(server, subject, { backend: "wasm" });
  await server.ready();
  return { app: server };
}

const get = (url: string) => app.inject({ url });
const post = (url: string, payload: object | Buffer, type = "application/json") =>
  app.inject({ method: "POST", url, payload, headers: { "content-type": type } });
const toBytes = (values: ArrayLike<number>) => Buffer.from(Float32Array.from(values).buffer);

/** The expected pixels of a PNG with images of the model in rows of `columns`. */
async function expectPicture(file: Buffer, expected: Float32Array, columns: number): Promise<void> {
  const { data, info } = await sharp(file).extractChannel(0).raw().toBuffer({ resolveWithObject: true });
  const count = expected.length / model.pixels;
  expect(info).toMatchObject({ width: columns * side, height: Math.ceil(count / columns) * side, channels: 1 });
  const wrong = Array.from(expected.keys()).filter((at) => {
    const [image, pixel] = [Math.floor(at / model.pixels), at % model.pixels];
    const y = Math.floor(image / columns) * side + Math.floor(pixel / side);
    const x = (image % columns) * side + (pixel % side);
    return Math.abs(data[y * info.width + x] - 255 * expected[at]) > 0.5001;
  });
  expect(wrong).toEqual([]);
}

test("the code of a point consists of its mean and its standard deviations", async () => {
  const { mean, standardDeviation }: LatentVector = (await get(paths.latentVector(7))).json();
  expect(mean).toEqual([...codes.means.row(7)]);
  expect(standardDeviation).toEqual([...(codes.sigma?.row(7) ?? [])]);
});

test("several codes are decoded side by side exactly as by the model", async () => {
  const values = [0.5, -1, 2, 0.25, -0.125, 3];
  for (const url of [paths.decode, paths.decodeNewest("slider-1")]) {
    const answer = await post(url, toBytes(values), "application/octet-stream");
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["content-type"]).toBe("image/png");
    await expectPicture(
      answer.rawPayload,
      await model.decode([
        [0.5, -1],
        [2, 0.25],
        [-0.125, 3],
      ]),
      3,
    );
  }
});

test("a reconstruction is the decoded mean of the point", async () => {
  const answer = await get(paths.reconstruction(3));
  await expectPicture(answer.rawPayload, await model.decode(codes.means.slice(3, 4)), 1);
});

test.each(["linear", "spherical"] as const)(
  "a %s interpolation equals that of the library, as frames and as a GIF",
  async (kind) => {
    const to = [1.5, -0.5];
    const way = interpolateCodes(codes.means.row(4), to, 9, kind);
    const frames = await post(paths.interpolation, { from: 4, to, kind, frames: 9 });
    await expectPicture(frames.rawPayload, await model.decode(way), 9);
    const gif = await post(paths.interpolationGif, { from: 4, to, kind, frames: 100 });
    expect(gif.headers["content-type"]).toBe("image/gif");
    const facts = await sharp(gif.rawPayload).metadata();
    expect(facts).toMatchObject({ format: "gif", pages: 100, loop: 0 });
    expect(facts.delay).toEqual(Array(100).fill(40));
  },
);

test("draws have the standard deviations of the point and are the same for the same seed", async () => {
  const ask = async (seed?: number) => (await post(paths.draws, { index: 5, count: 8, seed })).rawPayload;
  const first = await ask();
  expect(await sharp(first).metadata()).toMatchObject({ width: 8 * side, height: side });
  expect(await ask(42)).toEqual(first);
  expect(await ask(43)).not.toEqual(first);
});

test("the manifold covers the codes, with the first dimension from left to right and the second upwards", async () => {
  const [low, high] = [0, 1].map((j) => {
    const column = Array.from({ length: n }, (_, i) => codes.means.at(i, j));
    const mean = column.reduce((sum, value) => sum + value, 0) / n;
    const sd = Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n);
    return [mean - MANIFOLD_REACH * sd, mean + MANIFOLD_REACH * sd];
  }) as [number[], number[]];
  const at = ([from, to]: number[], share: number) => from + share * (to - from);
  const cells = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => [at(low, column / 2), at(high, 1 - row / 2)]));
  await expectPicture((await get(paths.manifold(3))).rawPayload, await model.decode(cells), 3);
});

describe("search", () => {
  test("by a point finds its neighbors, its positions and their uncertainty", async () => {
    const found: SearchResult = (await post(paths.search, { index: 11 })).json();
    const sigma = codes.sigma;
    const { indices, distances } = await nearest(codes.means, 11, { k: 12, sigma });
    expect(found.neighbors).toEqual(Array.from(indices, (index, i) => ({ index, distance: distances.at(0, i) })));
    expect(Object.keys(found.positions)).toEqual(["standard", "sigma-aware"]);
    for (const [id, { x, y }] of Object.entries(found.positions)) {
      expect([x, y]).toEqual([...(positions[id]?.row(11) ?? [])]);
    }
    expect(found.positions.standard?.covariance).toBeNull();
    expectCovariance(found.positions["sigma-aware"]?.covariance);
    expect(found.preview).toBeNull();
  });

  test("by an image fits the image to the model, encodes it and places it into the maps", async () => {
    const values = await images.read([20]);
    const file = await sharp(
      Uint8Array.from(values, (value) => 255 * value),
      {
        raw: { width: side, height: side, channels: 1 },
      },
    )
      .png()
      .toBuffer();
    const found: SearchResult = (await post(paths.search, file, "image/png")).json();
    // Pixels of eight bits are slightly different from those that point 20 was encoded from.
    for (const [j, value] of found.latent.mean.entries()) expect(value).toBeCloseTo(codes.means.at(20, j), 1);
    // Several points may have the same image.
    const imageAt = (index: number | undefined) => images.read([index as number]);
    expect(await imageAt(found.neighbors[0]?.index)).toEqual(values);
    expect(found.neighbors).toHaveLength(12);
    expect(Object.keys(found.positions)).toHaveLength(2);
    for (const { covariance } of Object.values(found.positions)) expectCovariance(covariance);
    const shown = Buffer.from(found.preview as string, "base64");
    const { data, info } = await sharp(shown).extractChannel(0).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 2 * side, height: side });
    expect([...data.subarray(0, side)]).toEqual(
      Array.from(values.subarray(0, side), (value) => Math.floor(255 * value)),
    );

    const inverted = await sharp(file).negate().jpeg({ quality: 100 }).toBuffer();
    const same: SearchResult = (await post(paths.searchInverted, inverted, "image/jpeg")).json();
    expect(await imageAt(same.neighbors[0]?.index)).toEqual(values);
  });

  test("requests beyond the limit of waiting searches are rejected, and the others are answered", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => post(paths.search, { index })));
    const statuses = answers.map(({ statusCode }) => statusCode);
    expect(statuses.filter((status) => status === 200)).toHaveLength(16);
    expect(answers.find(({ statusCode }) => statusCode !== 200)?.json()).toMatchObject({ code: "BUSY" });
    expect((await post(paths.search, { index: 0 })).statusCode).toBe(200);
  });

  test("positions in an aligned map are aligned like the map", async () => {
    const run = await exploration.runOf(exploration.placementMaps()[1] as never);
    const file = await sharp({ create: { width: 50, height: 30, channels: 4, background: "#888" } })
      .webp()
      .toBuffer();
    const { latent, positions: placed }: SearchResult = (await post(paths.search, file, "image/webp")).json();
    const { embedding } = await run.place([latent.mean as number[]], { sigma: [latent.standardDeviation as number[]] });
    const [x, y] = [embedding.at(0, 0) - 1, embedding.at(0, 1) - 2];
    expect(placed["sigma-aware"]?.x).toBeCloseTo(2 * -y + 5, 5);
    expect(placed["sigma-aware"]?.y).toBeCloseTo(2 * x + 7, 5);
  });
});

describe("invalid requests are rejected", () => {
  const octets = "application/octet-stream";
  test.each([
    ["a point that is not there", () => get(paths.latentVector(n)), "OUT_OF_RANGE"],
    ["a number in another notation", () => get("/api/points/1e1/latent"), "OUT_OF_RANGE"],
    ["a reconstruction of none", () => get(paths.reconstruction(-1)), "OUT_OF_RANGE"],
    ["half a code", () => post(paths.decode, toBytes([1, 2, 3]), octets), "SHAPE_MISMATCH"],
    ["no code", () => post(paths.decode, Buffer.alloc(0), octets), "SHAPE_MISMATCH"],
    ["bytes that are no floats", () => post(paths.decode, Buffer.alloc(7), octets), "INVALID_ARGUMENT"],
    ["too many codes", () => post(paths.decode, toBytes(new Float32Array(2 * 129)), octets), "SHAPE_MISMATCH"],
    ["NaN", () => post(paths.decode, toBytes([0, Number.NaN]), octets), "NOT_FINITE"],
    ["an infinity", () => post(paths.decode, toBytes([Number.POSITIVE_INFINITY, 0]), octets), "NOT_FINITE"],
    ["JSON as codes", () => post(paths.decode, [1, 2]), "INVALID_ARGUMENT"],
    ["a name with other letters", () => post("/api/decode?newest=../x", toBytes([0, 0]), octets), "INVALID_ARGUMENT"],
    [
      "an end that does not exist",
      () => post(paths.interpolation, { from: 0, to: n, kind: "linear", frames: 3 }),
      "OUT_OF_RANGE",
    ],
    [
      "an end of words",
      () => post(paths.interpolation, { from: 0, to: "1", kind: "linear", frames: 3 }),
      "INVALID_ARGUMENT",
    ],
    [
      "an end too long",
      () => post(paths.interpolation, { from: 0, to: [1, 2, 3], kind: "linear", frames: 3 }),
      "SHAPE_MISMATCH",
    ],
    [
      "an end with null",
      () => post(paths.interpolation, { from: [0, null], to: 1, kind: "linear", frames: 3 }),
      "NOT_FINITE",
    ],
    [
      "an end beyond float32",
      () => post(paths.interpolation, { from: [0, 1e39], to: 1, kind: "linear", frames: 3 }),
      "NOT_FINITE",
    ],
    ["another way", () => post(paths.interpolation, { from: 0, to: 1, kind: "cubic", frames: 3 }), "INVALID_ARGUMENT"],
    ["one frame", () => post(paths.interpolationGif, { from: 0, to: 1, kind: "linear", frames: 1 }), "OUT_OF_RANGE"],
    [
      "a million frames",
      () => post(paths.interpolationGif, { from: 0, to: 1, kind: "linear", frames: 1e6 }),
      "OUT_OF_RANGE",
    ],
    ["a list for a request", () => post(paths.interpolation, []), "INVALID_ARGUMENT"],
    ["no samples", () => post(paths.draws, { index: 0, count: 0 }), "OUT_OF_RANGE"],
    ["samples of nothing", () => post(paths.draws, { count: 3 }), "INVALID_ARGUMENT"],
    ["a wrong seed", () => post(paths.draws, { index: 0, count: 3, seed: 0.5 }), "OUT_OF_RANGE"],
    ["a manifold of one cell", () => get(paths.manifold(1)), "OUT_OF_RANGE"],
    ["a manifold of too many", () => get(paths.manifold(33)), "OUT_OF_RANGE"],
    ["a search for nothing", () => post(paths.search, {}), "INVALID_ARGUMENT"],
    ["a search from a point that is not there", () => post(paths.search, { index: -1 }), "OUT_OF_RANGE"],
    ["a text that says it is an image", () => post(paths.search, Buffer.from("no image"), "image/png"), "FILE_FORMAT"],
    [
      "an SVG, which may link to other files",
      () => post(paths.search, Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"), "image/svg+xml"),
      "FILE_FORMAT",
    ],
    [
      "an image that is cut off",
      async () => post(paths.search, (await noise()).subarray(0, 900), "image/png"),
      "FILE_FORMAT",
    ],
    ["an image that would be huge", async () => post(paths.search, await huge(), "image/png"), "FILE_FORMAT"],
  ])("%s", async (_, ask, code) => {
    const answer = await ask();
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code, message: expect.stringMatching(/.{10}/) });
  });

  test("bodies above the size limit are not read", async () => {
    expect((await post(paths.decode, Buffer.alloc(2 ** 21 + 4), octets)).statusCode).toBe(413);
    expect((await post(paths.search, Buffer.alloc(2 ** 24 + 1), "image/png")).statusCode).toBe(413);
    expect((await post(paths.interpolation, Buffer.alloc(2 ** 18 + 1, " "))).statusCode).toBe(413);
    expect((await post(paths.search, Buffer.from("x"), "text/html")).statusCode).toBe(415);
  });

  test("all requests that need a model, if there is no model", async () => {
    const bare = new Exploration("codes alone", n);
    const { app: other } = await listen(bare);
    const failure = async (url: string, payload?: object) =>
      (await other.inject({ url, ...(payload && { method: "POST" as const, payload }) })).json();
    expect(await failure(paths.latentVector(0))).toMatchObject({ code: "INVALID_ARGUMENT" });
    bare.setData({ means: codes.means, sigma: undefined });
    expect((await failure(paths.reconstruction(0))).message).toContain("no model");
    expect((await failure(paths.draws, { index: 0, count: 3 })).message).toContain("standard deviations");
    expect((await other.inject({ url: paths.latentVector(0) })).json().standardDeviation).toBeNull();
    const found = (await other.inject({ method: "POST", url: paths.search, payload: { index: 0 } })).json();
    expect(found).toMatchObject({ positions: {}, preview: null });
    expect(found.neighbors).toHaveLength(12);
    await other.close();
    await bare.close();
  });
});

function expectCovariance(covariance: readonly number[] | null | undefined): void {
  const [xx, xy, yy] = covariance as [number, number, number];
  expect(Math.min(xx, yy, xx * yy - xy * xy)).toBeGreaterThan(0);
}

/** A PNG whose file is as large as its pixels. */
const noise = () =>
  sharp(
    Uint8Array.from({ length: 64 * 64 }, (_, i) => (i * 2654435761) >>> 13),
    {
      raw: { width: 64, height: 64, channels: 1 },
    },
  )
    .png()
    .toBuffer();

/** A small file whose header claims 16,000 x 16,000 pixels. */
async function huge(): Promise<Buffer> {
  const file = Buffer.from(await noise());
  // The header has the length, "IHDR", width, height, five more bytes, and a checksum of everything except the length.
  file.writeUInt32BE(16_000, 16);
  file.writeUInt32BE(16_000, 20);
  file.writeUInt32BE(crc32(file.subarray(12, 29)), 29);
  return file;
}
