import {
  Binary,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float32,
  Float64,
  List,
  Struct,
  Uint8,
  Utf8,
} from "apache-arrow";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { imagesInMemory } from "../../src/vae/datasets/images.js";
import { createModel, encodeStream, type Model, selectBackend } from "../../src/vae/index.js";
import { batchOf, bytesOf, type Columns, collect, piecesOf, tableOf, valuesOf } from "../filter/streams.js";

const shape = { height: 8, width: 8, channels: 1 };
const pixels = 64;
const n = 21;
const images = Array.from({ length: n }, (_, i) =>
  Uint8Array.from({ length: pixels }, (_value, j) => (i * 37 + j * j * 11) % 256),
);
const values = Float32Array.from(
  images.flatMap((image) => Array.from(image)),
  (value) => value / 255,
);

beforeAll(async () => {
  await selectBackend("wasm", { threads: 2 });
});

const column = (start = 0, end = n): Columns => ({ image: [new FixedSizeBinary(pixels), images.slice(start, end)] });

async function encode(model: Model, columns: readonly Columns[], options = {}) {
  const output = await collect(encodeStream(model, piecesOf(bytesOf(columns.map((each) => batchOf(each)))), options));
  return tableOf(output);
}

/** The format of images that Hugging Face's datasets write. */
const named = new Struct([new Field("path", new Utf8(), true), new Field("bytes", new Binary(), true)]);

const numbers = (column: readonly unknown[]) =>
  column.map((row) => (row === null ? null : Array.from(row as Iterable<number>)));

describe("encodeStream", () => {
  test("returns the codes of Model.encode", async () => {
    const model = createModel("vae", { ...shape, zDim: 3 });
    const table = await encode(model, [column()]);
    const codes = await model.encode(imagesInMemory(values, [8, 8, 1]), { batchSize: n });
    expect(numbers(valuesOf(table, "code"))).toEqual(codes.means.toArrays());
    expect(numbers(valuesOf(table, "code_sigma"))).toEqual(codes.sigma?.toArrays());
    model.dispose();
  });

  test.each(["conv-vae", "bnn-vae"] as const)(
    "gives the same bits with a %s however the rows are divided into batches",
    async (name) => {
      const model = createModel(name, { height: 8, width: 8, channels: 1, zDim: 3 });
      const options = { draws: 4, batchSize: 16 };
      const whole = await encode(model, [column()], options);
      const single = await encode(
        model,
        Array.from({ length: n }, (_, i) => column(i, i + 1)),
        options,
      );
      const turned = await encode(model, [column(13, n), column(0, 13)], options);
      const codes = numbers(valuesOf(whole, "code"));
      expect(numbers(valuesOf(single, "code"))).toEqual(codes);
      expect(numbers(valuesOf(turned, "code"))).toEqual([...codes.slice(13), ...codes.slice(0, 13)]);
      expect(numbers(valuesOf(single, "code_sigma"))).toEqual(numbers(valuesOf(whole, "code_sigma")));
      model.dispose();
    },
  );

  test("accepts pixels and files of every kind, and gives only codes for a model without standard deviations", async () => {
    const model = createModel("ae", { ...shape, zDim: 3 });
    const expected = numbers(valuesOf(await encode(model, [column()]), "code"));
    const files = await Promise.all(
      images.map((image) =>
        sharp(image, { raw: { width: 8, height: 8, channels: 1 } })
          .png()
          .toBuffer(),
      ),
    );
    const floats = images.map((image) => Array.from(image, (value) => Math.fround(value / 255)));
    const kinds: Columns[] = [
      { image: [new Binary(), files] },
      { image: [named, files.map((bytes, i) => ({ path: `${i}.png`, bytes }))] },
      { image: [new FixedSizeList(pixels, new Field("item", new Float32())), floats] },
      { image: [new List(new Field("item", new Uint8())), images.map((image) => Array.from(image))] },
    ];
    for (const kind of kinds) {
      const table = await encode(model, [kind]);
      expect(table.schema.fields.map(({ name }) => name)).toEqual(["image", "code"]);
      expect(numbers(valuesOf(table, "code"))).toEqual(expected);
    }
    model.dispose();
  });

  test("gives null for rows without an image", async () => {
    const model = createModel("ae", { ...shape, zDim: 3 });
    const broken = [images[0], null, images[2]];
    const table = await encode(model, [{ image: [new FixedSizeBinary(pixels), broken] }]);
    expect(numbers(valuesOf(table, "code")).map((row) => row === null)).toEqual([false, true, false]);
    const png = await sharp(images[0], { raw: { width: 8, height: 8, channels: 1 } })
      .png()
      .toBuffer();
    const structs = [{ path: "a.png", bytes: png }, null, { path: "elsewhere.png", bytes: null }];
    const found = numbers(valuesOf(await encode(model, [{ image: [named, structs] }]), "code"));
    expect(found.map((row) => row === null)).toEqual([false, true, true]);
    const pathsOnly = new Struct([new Field("path", new Utf8(), true)]);
    await expect(encode(model, [{ image: [pathsOnly, [{ path: "a.png" }]] }])).rejects.toThrow('"image" is Struct');
    const texts = [{ image: [new Binary(), [Buffer.from("no image")]] }] as const;
    expect(numbers(valuesOf(await encode(model, texts), "code"))).toEqual([null]);
    await expect(encode(model, texts, { strict: true })).rejects.toThrow("row 0 of batch 0 cannot be decoded");
    const bright = [{ image: [new FixedSizeList(pixels, new Field("item", new Float32())), [Array(pixels).fill(2)]] }];
    await expect(encode(model, bright as unknown as Columns[], { strict: true })).rejects.toThrow(
      "contains 2: expected values from 0 to 1",
    );
    const wide = new FixedSizeList(pixels, new Field("item", new Float64()));
    const beyond = [{ image: [wide, [Array(pixels).fill(1e300)]] }] as unknown as Columns[];
    await expect(encode(model, beyond, { strict: true, stretch: 0 })).rejects.toThrow(
      "contains 1e+300: expected finite",
    );
    await expect(encode(model, [{ image: [new FixedSizeBinary(5), [new Uint8Array(5)]] }])).rejects.toThrow(
      'column "image" is FixedSizeBinary[5]',
    );
    model.dispose();
  });

  test.each([
    { uncertainty: "noise" },
    { uncertainty: "noise", noise: 0.1, addPosterior: true, extrapolate: false },
    { uncertainty: "augmentation", views: "flips" },
  ] as const)("gives the same bits with %o however the rows are divided into batches", async (how) => {
    const model = createModel("vae", { ...shape, zDim: 3 });
    const options = { ...how, draws: 4, batchSize: 16 };
    const whole = await encode(model, [column()], options);
    const single = await encode(
      model,
      Array.from({ length: n }, (_, i) => column(i, i + 1)),
      options,
    );
    const sigma = numbers(valuesOf(whole, "code_sigma"));
    expect(numbers(valuesOf(single, "code_sigma"))).toEqual(sigma);
    const usual = await encode(model, [column()]);
    expect(numbers(valuesOf(whole, "code"))).toEqual(numbers(valuesOf(usual, "code")));
    expect(sigma).not.toEqual(numbers(valuesOf(usual, "code_sigma")));
    model.dispose();
  });

  test("measures the uncertainty from noise for a model without standard deviations, and rejects sources that it cannot measure", async () => {
    const model = createModel("ae", { ...shape, zDim: 3 });
    const table = await encode(model, [column()], { uncertainty: "noise", noise: 0.1, draws: 4 });
    expect(table.schema.fields.map(({ name }) => name)).toEqual(["image", "code", "code_sigma"]);
    const moved = await encode(model, [column()], { uncertainty: "noise", noise: 0.1, draws: 4, extrapolate: true });
    expect(numbers(valuesOf(moved, "code"))).not.toEqual(numbers(valuesOf(table, "code")));
    await expect(encode(model, [column()], { uncertainty: "weights" })).rejects.toThrow("single numbers (bnn-ae");
    await expect(encode(model, [column()], { noise: 0.1 })).rejects.toThrow('without uncertainty "noise"');
    await expect(encode(model, [column()], { uncertainty: "noise", noise: [0.1] })).rejects.toThrow("in streams");
    model.dispose();
  });
});
