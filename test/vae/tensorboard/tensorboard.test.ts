import { readdir, readFile, writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { countHistogram } from "../../../src/vae/tensorboard/histogram.js";
import { drawSprite, openEventFile, writeProjector } from "../../../src/vae/tensorboard/index.js";
import { GraphMessage } from "../../../src/vae/tensorboard/messages.js";
import { crc32c } from "../../../src/vae/tensorboard/record.js";
import { useFolder } from "../../io/folder.js";
import { readEvents } from "./read-events.js";

const path = useFolder();

/** Computes the checksum bit by bit. */
function slowCrc(bytes: Uint8Array, polynomial: number): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe("crc32c", () => {
  it("agrees with RFC 3720, B.4, and with a bitwise polynomial division", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    const bytes = Buffer.from("123456789");
    expect(crc32c(bytes)).toBe(slowCrc(bytes, 0x82f63b78));
    // Checks the reference implementation itself with the other polynomial of the same length.
    expect(slowCrc(bytes, 0xedb88320)).toBe(crc32(bytes));
  });
});

describe("countHistogram", () => {
  it("gives the same result as a slow reference implementation", () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i) ** 3 * 4);
    const { min, max, num, sum, sumSquares, bucketLimit, bucket } = countHistogram(values);
    expect([num, min, max]).toEqual([1000, Math.min(...values), Math.max(...values)]);
    expect(sum).toBeCloseTo(
      values.reduce((total, value) => total + value, 0),
      3,
    );
    expect(sumSquares).toBeCloseTo(
      values.reduce((total, value) => total + value * value, 0),
      3,
    );
    expect([bucket.length, bucketLimit.at(-1)]).toEqual([30, max]);
    const limits = [Number.NEGATIVE_INFINITY, ...bucketLimit.slice(0, -1), Number.POSITIVE_INFINITY];
    expect(bucket).toEqual(bucketLimit.map((_, i) => values.filter((v) => v >= limits[i] && v < limits[i + 1]).length));
  });

  it("leaves out values that are not finite, and accepts constant and empty data", () => {
    expect(countHistogram([1, Number.NaN, 3, Number.POSITIVE_INFINITY])).toMatchObject({ num: 2, min: 1, max: 3 });
    expect(countHistogram([2, 2, 2])).toMatchObject({ num: 3, bucketLimit: [2], bucket: [3] });
    expect(countHistogram([])).toMatchObject({ num: 0, bucketLimit: [], bucket: [] });
  });
});

describe("openEventFile", () => {
  it("writes scalars, histograms and images that read back", async () => {
    const folder = path("run/train");
    const events = await openEventFile(folder);
    const { png } = await drawSprite({ data: new Float32Array(12).fill(0.5), height: 3, width: 4, channels: 1 });
    const writes = [
      events.write(0, { scalars: { loss: 0, "loss/kl": Number.NaN } }),
      events.write(2 ** 40, { scalars: { loss: 1.5 }, histograms: { weights: [1, 2, 2] }, images: { samples: png } }),
      events.write(3, {}),
    ];
    await Promise.all(writes);
    await events.close();
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^events\.out\.tfevents\.\d{10}\./)]);
    const [version, start, first, second, ...rest] = await readEvents(events.path);
    expect(version?.fileVersion).toBe("brain.Event:2");
    expect(Math.abs((version?.wallTime ?? 0) - Date.now() / 1000)).toBeLessThan(3600);
    expect(start).toMatchObject({ step: 0, sessionLog: { status: 1 } });
    expect(first).toMatchObject({
      step: 0,
      summary: {
        value: [
          { tag: "loss", simpleValue: 0 },
          { tag: "loss/kl", simpleValue: Number.NaN },
        ],
      },
    });
    expect(second).toMatchObject({
      step: 2 ** 40,
      summary: {
        value: [
          { tag: "loss", simpleValue: 1.5 },
          { tag: "weights", histo: { num: 3, bucketLimit: { length: 30 } } },
          { tag: "samples", image: { height: 3, width: 4, colorspace: 1 } },
        ],
      },
    });
    expect(Buffer.from(second?.summary?.value[2]?.image?.encodedImageString ?? []).equals(png)).toBe(true);
    expect(rest).toEqual([]);
  });

  it("writes the graph of a network", async () => {
    const events = await openEventFile(path("graph"));
    await events.writeGraph([
      { name: "encoder/input", op: "InputLayer", inputs: [], shape: [null, 4] },
      { name: "encoder/dense", op: "Dense", inputs: ["encoder/input"], shape: [null, 2], numbers: { parameters: 10 } },
    ]);
    await events.close();
    const [, , event] = await readEvents(events.path);
    const graph = GraphMessage.toObject(GraphMessage.decode(event?.graphDef as Uint8Array), { longs: Number });
    const shape = (size: number) => ({ list: { shape: [{ dim: [{ size: -1 }, { size }] }] } });
    expect(graph.node).toEqual([
      { name: "encoder/input", op: "InputLayer", attr: { _output_shapes: shape(4) } },
      {
        name: "encoder/dense",
        op: "Dense",
        input: ["encoder/input"],
        attr: { parameters: { i: 10 }, _output_shapes: shape(2) },
      },
    ]);
  });

  it("begins a new file each time, and records the step at which a run is resumed", async () => {
    const files = [];
    for (const options of [{}, {}, { resumeStep: 7 }]) files.push(await openEventFile(path("again"), options));
    for (const file of files) await file.close();
    expect(new Set(files.map((file) => file.path)).size).toBe(3);
    expect(await readdir(path("again"))).toHaveLength(3);
    const starts = await Promise.all(files.map(async (file) => (await readEvents(file.path)).slice(1)));
    expect(starts.map((events) => events.map(({ step }) => step))).toEqual([[0], [], [7]]);
  });

  it("rejects images and steps that it cannot write", async () => {
    const events = await openEventFile(path("refused"));
    await expect(events.write(-1, {})).rejects.toMatchObject({ argument: "step" });
    await expect(events.write(0, { images: { a: Buffer.from("GIF89a") } })).rejects.toMatchObject({
      argument: 'images["a"]',
    });
    await expect(events.write(0, { images: { a: new Uint8Array(0) } })).rejects.toMatchObject({
      argument: 'images["a"]',
    });
    await events.close();
    expect(await readEvents(events.path)).toHaveLength(2);
    await writeFile(path("file"), "");
    await expect(openEventFile(path("file"))).rejects.toMatchObject({ name: "FileError", code: "FILE_WRITE" });
    await expect(openEventFile(path("x"), { resumeStep: 0.5 })).rejects.toMatchObject({ argument: "resumeStep" });
  });
});

describe("drawSprite", () => {
  it("puts images into a square, row after row", async () => {
    const data = Float32Array.from({ length: 5 * 6 }, (_, at) => Math.floor(at / 6) / 4);
    const sprite = await drawSprite({ data, height: 2, width: 3, channels: 1 });
    expect(sprite).toMatchObject({ height: 2, width: 3 });
    const { data: pixels, info } = await sharp(sprite.png).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 9, height: 6 });
    const tile = (row: number, column: number) => pixels[(row * 2 * 9 + column * 3) * info.channels];
    expect([tile(0, 0), tile(0, 1), tile(0, 2), tile(1, 0), tile(1, 1), tile(1, 2), tile(2, 2)]).toEqual([
      0, 64, 128, 191, 255, 0, 0,
    ]);
  });

  it("shrinks images if there are too many, and preserves colors", async () => {
    const data = new Float32Array(9 * 3000 * 10 * 3).fill(1);
    const sprite = await drawSprite({ data, height: 3000, width: 10, channels: 3 });
    expect(sprite).toMatchObject({ height: 2730, width: 9 });
    expect(await sharp(sprite.png).metadata()).toMatchObject({ width: 27, height: 8190, channels: 3 });
    await expect(drawSprite({ data: new Float32Array(5), height: 2, width: 2, channels: 1 })).rejects.toMatchObject({
      code: "SHAPE_MISMATCH",
    });
    await expect(drawSprite({ data: new Float32Array(0), height: 2, width: 2, channels: 1 })).rejects.toMatchObject({
      code: "SHAPE_MISMATCH",
    });
  });
});

describe("writeProjector", () => {
  it("writes points, metadata and sprite, and a configuration that lists them", async () => {
    const folder = path("projector");
    const points = { data: Float32Array.of(0.1, 2, -3, 4e-9), rows: 2, cols: 2 };
    const images = { data: new Float32Array(2 * 15), height: 5, width: 3, channels: 1 };
    await writeProjector(folder, [
      { name: "codes", points, metadata: { label: ["cat\tor dog", 7] }, images },
      { name: "bare", points, metadata: { label: ["a", "b"], epoch: [1, 2] } },
    ]);
    const text = (name: string) => readFile(`${folder}/${name}`, "utf8");
    expect(await text("codes_tensors.tsv")).toBe("0.1\t2\n-3\t4e-9\n");
    expect(await text("codes_metadata.tsv")).toBe("cat or dog\n7\n");
    expect(await text("bare_metadata.tsv")).toBe("label\tepoch\na\t1\nb\t2\n");
    expect(await sharp(`${folder}/codes_sprite.png`).metadata()).toMatchObject({ width: 6, height: 10 });
    expect(await text("projector_config.pbtxt")).toBe(`embeddings {
  tensor_name: "codes"
  tensor_shape: 2
  tensor_shape: 2
  tensor_path: "codes_tensors.tsv"
  metadata_path: "codes_metadata.tsv"
  sprite {
    image_path: "codes_sprite.png"
    single_image_dim: 3
    single_image_dim: 5
  }
}

embeddings {
  tensor_name: "bare"
  tensor_shape: 2
  tensor_shape: 2
  tensor_path: "bare_tensors.tsv"
  metadata_path: "bare_metadata.tsv"
}
`);
  });

  it.each<[string, object]>([
    ["TOO_FEW_POINTS", { points: { data: new Float32Array(0), rows: 0, cols: 2 } }],
    ["NOT_FINITE", { points: [[Number.NaN, 1]] }],
    ["SHAPE_MISMATCH", { metadata: { label: [1, 2] } }],
    ["SHAPE_MISMATCH", { images: { data: new Float32Array(3), height: 1, width: 1, channels: 1 } }],
    ["INVALID_ARGUMENT", { name: "../codes" }],
    ["INVALID_ARGUMENT", { name: "" }],
  ])("throws the error %s for %j", async (code, change) => {
    const written = writeProjector(path("bad"), [{ name: "codes", points: [[1, 2]], ...change }]);
    await expect(written).rejects.toMatchObject({ code });
    await expect(readdir(path("bad"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
