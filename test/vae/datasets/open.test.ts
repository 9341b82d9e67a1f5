import { mkdir, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { afterEach, describe, expect, it } from "vitest";
import { writeMatrix } from "../../../src/io/index.js";
import * as datasets from "../../../src/vae/datasets/index.js";
import { DATASETS, type Dataset, type Images, openImages } from "../../../src/vae/datasets/index.js";
import { useFolder } from "../../io/folder.js";
import { encodeTiff } from "../../io/tiff-file.js";

const path = useFolder();

const opened: Dataset[] = [];
const openDataset: typeof datasets.openDataset = async (...args) => {
  const dataset = await datasets.openDataset(...args);
  opened.push(dataset);
  return dataset;
};
afterEach(async () => {
  for (const dataset of opened.splice(0)) await dataset.close();
});

const all = (images: Images) => images.read(Array.from({ length: images.count }, (_, i) => i));

/** The first value of every image, times `scale`. */
async function firsts(images: Images, scale = 255): Promise<number[]> {
  const data = await all(images);
  const length = images.height * images.width * images.channels;
  return Array.from({ length: images.count }, (_, i) => Math.round(data[i * length] * scale));
}

function encodeIdx(shape: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((size, axis) => {
    header.writeUInt32BE(size, 4 + 4 * axis);
  });
  return Buffer.concat([header, data]);
}

function encodeNpy(descr: string, shape: readonly number[], data: ArrayBufferView): Buffer {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`
    .padEnd(117)
    .concat("\n");
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00\x76\x00", "latin1"),
    Buffer.from(header),
    new Uint8Array(data.buffer),
  ]);
}

/** A small MNIST: image i has the value i in every pixel, and the label i % 10. */
async function writeMnist(name: string, train: number, test: number): Promise<string> {
  await mkdir(path(name), { recursive: true });
  for (const [prefix, count] of [
    ["train", train],
    ["t10k", test],
  ] as const) {
    const pixels = Uint8Array.from({ length: count * 4 }, (_, at) => Math.floor(at / 4));
    await writeFile(path(`${name}/${prefix}-images-idx3-ubyte.gz`), gzipSync(encodeIdx([count, 2, 2], pixels)));
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
    await writeFile(path(`${name}/${prefix}-labels-idx1-ubyte`), encodeIdx([count], labels));
  }
  return path(name);
}

/** n images of 2 x 3 as .npy, image i with the value i. */
async function writeArray(name: string, n: number): Promise<string> {
  const data = Uint8Array.from({ length: n * 6 }, (_, at) => Math.floor(at / 6));
  await writeFile(path(name), encodeNpy("|u1", [n, 2, 3], data));
  return path(name);
}

const counts = ({ train, validation, test }: Dataset) => [train.count, validation.count, test.count];

describe("openDataset", () => {
  it("generates micrographs if no name is given", async () => {
    const fractions: number[] = [];
    const dataset = await openDataset(undefined, {
      count: 40,
      size: 32,
      onProgress: ({ fraction }) => fractions.push(fraction),
    });
    expect(dataset).toMatchObject({ name: "micrographs", height: 32, width: 32, channels: 1, classes: { length: 8 } });
    expect(counts(dataset)).toEqual([32, 4, 4]);
    expect(fractions.at(-1)).toBe(1);
    const data = await all(dataset.train);
    expect(data.every((value) => value >= 0 && value <= 1)).toBe(true);
    const again = await openDataset("micrographs", { count: 40, size: 32 });
    expect(await all(again.train)).toEqual(data);
    expect(again.train.labels).toEqual(dataset.train.labels);
    const other = await openDataset("micrographs", { count: 40, size: 32, seed: 1 });
    expect(await all(other.train)).not.toEqual(data);
    expect(DATASETS.map(({ name }) => name)).toEqual(["micrographs", "mnist", "fashion-mnist", "frey"]);
  });

  it("keeps the test part of MNIST, and takes the validation part from the end of the training part", async () => {
    const dataDir = await writeMnist("parts", 120, 30);
    const dataset = await openDataset("mnist", { dataDir });
    expect(counts(dataset)).toEqual([110, 10, 30]);
    expect(await firsts(dataset.train)).toEqual(Array.from({ length: 110 }, (_, i) => i));
    expect(await firsts(dataset.validation)).toEqual(Array.from({ length: 10 }, (_, i) => 110 + i));
    expect(dataset.test.labels).toEqual(Int32Array.from({ length: 30 }, (_, i) => i % 10));
    expect(await firsts(dataset.all)).toEqual([...Array(120).keys(), ...Array(30).keys()]);
    expect(dataset.all.labels?.slice(118, 122)).toEqual(Int32Array.of(8, 9, 0, 1));
    expect((await dataset.all.read([120, 3, 121]))[4]).toBe((await dataset.train.read([3]))[0]);
    expect(dataset.origin).toEqual({ nameOrPath: "mnist", options: { dataDir } });
    await dataset.close();
    const split = await openDataset("mnist", { dataDir, split: { validation: 0.5 }, limit: 25 });
    expect(counts(split)).toEqual([25, 25, 25]);
    expect((await firsts(split.validation))[0]).toBe(60);
    await split.close();
    expect(counts(await openDataset("mnist", { dataDir, split: { validation: 0 } }))).toEqual([120, 0, 30]);
    for (const [argument, bad] of [
      ["split.test", { test: 5 }],
      ["split.validation", { validation: 120 }],
      ["split.train", { train: 1 }],
    ] as const) {
      await expect(openDataset("mnist", { dataDir, split: bad as object })).rejects.toMatchObject({ argument });
    }
  });

  it("finds Fashion-MNIST in the same folder as MNIST, and selects one class by name or number", async () => {
    await writeMnist("both/mnist", 60, 20);
    await writeMnist("both/FashionMNIST/raw", 120, 20);
    const dataDir = path("both");
    for (const one of ["sandal", 5, "5"]) {
      const dataset = await openDataset("fashion-mnist", { dataDir, class: one });
      expect(counts(dataset)).toEqual([11, 1, 2]);
      expect(new Set(dataset.train.labels)).toEqual(new Set([5]));
      expect((await firsts(dataset.train)).every((value) => value % 10 === 5)).toBe(true);
    }
    for (const one of ["Hat", 10, -1, "", 1.5]) {
      await expect(openDataset("fashion-mnist", { dataDir, class: one })).rejects.toMatchObject({ argument: "class" });
    }
  });

  it("rejects labels that do not belong to the images", async () => {
    const dataDir = await writeMnist("labels", 20, 20);
    await writeFile(path("labels/train-labels-idx1-ubyte"), encodeIdx([20], new Uint8Array(20).fill(10)));
    await expect(openDataset("mnist", { dataDir })).rejects.toMatchObject({
      code: "FILE_FORMAT",
      message: expect.stringMatching(/the label at index 0 is 10/),
    });
    await writeFile(path("labels/train-labels-idx1-ubyte"), encodeIdx([19], new Uint8Array(19)));
    await expect(openDataset("mnist", { dataDir })).rejects.toMatchObject({ code: "SHAPE_MISMATCH" });
  });

  it("reads Frey faces from a MATLAB file in which each column is a face of 28 rows", async () => {
    await mkdir(path("faces"));
    const [faces, pixels] = [10, 560];
    const header = Buffer.alloc(128, " ");
    header.write("MATLAB 5.0");
    header.set([0, 1, 0x49, 0x4d], 124);
    const words = Uint32Array.of(
      14,
      48 + 8 + faces * pixels,
      6,
      8,
      9,
      0,
      5,
      8,
      pixels,
      faces,
      (2 << 16) | 1,
      0,
      2,
      faces * pixels,
    );
    words[11] = Buffer.from("ff\0\0").readUInt32LE();
    words[1] = 4 * (words.length - 2) + faces * pixels;
    const values = Uint8Array.from({ length: faces * pixels }, (_, at) =>
      at % pixels === 20 ? 255 : Math.floor(at / pixels),
    );
    await writeFile(path("faces/frey_rawface.mat"), Buffer.concat([header, Buffer.from(words.buffer), values]));
    const dataset = await openDataset("frey", { dataDir: path("faces"), split: { validation: 0, test: 0 } });
    expect(dataset).toMatchObject({ height: 28, width: 20, channels: 1, classes: undefined });
    expect(await firsts(dataset.train)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // Pixel 20 is the first of the second row.
    expect((await dataset.train.read([3]))[20]).toBe(1);
    await expect(openDataset("frey", { dataDir: path("faces"), class: 1 })).rejects.toMatchObject({
      argument: "class",
    });
  });

  it("assigns images of a file to parts at random, in file order within each part", async () => {
    const file = await writeArray("images.npy", 100);
    const dataset = await openDataset(file, { split: { validation: 20, test: 0.1 } });
    expect(counts(dataset)).toEqual([70, 20, 10]);
    const parts = await Promise.all([dataset.train, dataset.validation, dataset.test].map((part) => firsts(part)));
    for (const part of parts) expect(part).toEqual(part.toSorted((a, b) => a - b));
    expect(parts.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(parts[2]).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const again = await openDataset(file, { split: { validation: 20, test: 0.1 } });
    expect(await firsts(again.test)).toEqual(parts[2]);
    const other = await openDataset(file, { split: { validation: 20, test: 0.1 }, seed: 7 });
    expect(await firsts(other.test)).not.toEqual(parts[2]);
    for (const open of [dataset, again, other]) await open.close();
    for (const split of [
      { validation: 60, test: 40 },
      { validation: 101 },
      { test: -1 },
      { test: 1.5 },
      { validation: Number.NaN },
    ]) {
      await expect(openDataset(file, { split })).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    }
  });

  it("uses one or two images for training", async () => {
    expect(counts(await openDataset(await writeArray("one.npy", 1)))).toEqual([1, 0, 0]);
    expect(counts(await openDataset(await writeArray("two.npy", 2)))).toEqual([2, 0, 0]);
    await expect(openDataset(await writeArray("none.npy", 0))).rejects.toMatchObject({ code: "FILE_FORMAT" });
  });

  it("reads labels from a file, and sorts the classes in natural order", async () => {
    const file = await writeArray("labeled.npy", 12);
    await writeFile(path("labels.txt"), Array.from({ length: 12 }, (_, i) => `class ${(i % 3) * 5}`).join("\n"));
    const dataset = await openDataset(file, { labels: path("labels.txt"), split: { validation: 0, test: 0 } });
    expect(dataset.classes).toEqual(["class 0", "class 5", "class 10"]);
    expect(Array.from(dataset.train.labels as Int32Array)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
    const one = await openDataset(file, {
      labels: path("labels.txt"),
      class: "Class 10",
      split: { validation: 0, test: 0 },
    });
    expect(await firsts(one.train)).toEqual([2, 5, 8, 11]);
    await writeFile(path("few.txt"), "a\nb\n");
    await expect(openDataset(file, { labels: path("few.txt") })).rejects.toMatchObject({
      code: "SHAPE_MISMATCH",
      argument: "labels",
    });
  });

  it("recognizes arrays with the channels before height and width", async () => {
    const open = async (shape: number[]) => {
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 1000);
      await writeFile(path("channels.npy"), encodeNpy("<f4", shape, data));
      const { images, close } = await openImages(path("channels.npy"));
      const { count, height, width, channels } = images;
      const last = Array.from((await images.read([count - 1])).subarray(0, 3), (value) => Math.round(1000 * value));
      await close();
      return { shape: [count, height, width, channels], last };
    };
    // The second image begins at 60; its channels are 20 numbers apart.
    expect(await open([2, 3, 4, 5])).toEqual({ shape: [2, 4, 5, 3], last: [60, 80, 100] });
    expect(await open([2, 1, 4, 5])).toEqual({ shape: [2, 4, 5, 1], last: [20, 21, 22] });
    expect(await open([2, 4, 5, 3])).toEqual({ shape: [2, 4, 5, 3], last: [60, 61, 62] });
    expect(await open([2, 2, 6, 5])).toEqual({ shape: [2, 6, 5, 2], last: [60, 90, 61] });
    expect(await open([2, 6, 5, 2])).toEqual({ shape: [2, 6, 5, 2], last: [60, 61, 62] });
    await expect(open([2, 6, 6, 6])).rejects.toThrow(/has shape \(2, 6, 6, 6\); expected the channels .* np\.moveaxis/);
    await expect(open([2, 2, 2, 2, 2])).rejects.toThrow(/n x channels x height x width\. Reshape/);
  });

  it("keeps the values of integers in TIFF files, which do not define a scale", async () => {
    await mkdir(path("deep"), { recursive: true });
    for (const [name, value] of [
      ["a", -400],
      ["b", 90000],
    ] as const) {
      const data = Int32Array.of(value, 0, 1, 2);
      await writeFile(path(`deep/${name}.tif`), encodeTiff([{ width: 2, height: 2, data }]));
    }
    const whole = { split: { validation: 0, test: 0 } };
    await expect(openDataset(path("deep"), whole)).rejects.toThrow(
      /integers of a type without a common scale; set stretch/,
    );
    const { train } = await openDataset(path("deep"), { ...whole, stretch: 0 });
    expect(Array.from(await train.read([0])).sort((x, y) => x - y)).toEqual([
      0,
      expect.any(Number),
      expect.any(Number),
      1,
    ]);
    const looked = await openImages(path("deep"));
    expect(Array.from(await looked.images.read([0, 1]))).toEqual([-400, 0, 1, 2, 90000, 0, 1, 2]);
    await looked.close();
  });

  it("scales values by their type, and stretches values without a scale", async () => {
    const whole = { split: { validation: 0, test: 0 } };
    const open = async (descr: string, data: ArrayBufferView, shape: number[], options = {}) => {
      await writeFile(path("values.npy"), encodeNpy(descr, shape, data));
      const { train } = await openDataset(path("values.npy"), { ...whole, ...options });
      return Array.from(await all(train));
    };
    expect(await open("<u2", Uint16Array.of(0, 65535), [1, 1, 2])).toEqual([0, 1]);
    expect(await open("<f4", Float32Array.of(0.25, 1), [1, 1, 1, 2])).toEqual([0.25, 1]);
    expect(await open("<i2", Int16Array.of(-5, 5, 0), [1, 1, 3], { stretch: 0 })).toEqual([0, 1, 0.5]);
    await expect(open("<i2", Int16Array.of(-5, 5), [1, 1, 2])).rejects.toMatchObject({
      message: expect.stringMatching(/set stretch/),
    });
    await expect(open("<f4", Float32Array.of(0, 1, 1.5, 0), [2, 1, 2])).rejects.toMatchObject({
      code: "OUT_OF_RANGE",
      row: 1,
      column: 0,
    });
    await expect(open("<f8", Float64Array.of(0, Number.NaN), [1, 1, 2])).rejects.toMatchObject({
      code: "NOT_FINITE",
      row: 0,
      column: 1,
    });
    await expect(open("<f8", Float64Array.of(0, 1, 0, -1e300), [2, 1, 2], { stretch: 0 })).rejects.toMatchObject({
      code: "OUT_OF_RANGE",
      received: -1e300,
      row: 1,
      column: 1,
    });
    await expect(open("<f4", Float32Array.of(0, 1), [1, 2])).rejects.toMatchObject({
      message: expect.stringMatching(/has shape \(1, 2\); expected n x height/),
    });
    await expect(open("<f4", Float32Array.of(0, 1), [1, 1, 2], { stretch: 0.5 })).rejects.toMatchObject({
      argument: "stretch",
    });
  });

  it("opens a folder of images with its classes", async () => {
    for (const [name, value] of [
      ["cats/1.png", 10],
      ["cats/2.png", 20],
      ["dogs/1.png", 30],
    ] as const) {
      await mkdir(path(`pets/${name.split("/")[0]}`), { recursive: true });
      await sharp(new Uint8Array(16).fill(value), { raw: { width: 4, height: 4, channels: 1 } })
        .toColorspace("b-w")
        .toFile(path(`pets/${name}`));
    }
    const options = { split: { validation: 0, test: 0 } };
    const dataset = await openDataset(path("pets"), options);
    expect(dataset).toMatchObject({ name: "pets", height: 4, width: 4, channels: 1, classes: ["cats", "dogs"] });
    expect(await firsts(dataset.train)).toEqual([10, 20, 30]);
    expect(dataset.train.labels).toEqual(Int32Array.of(0, 0, 1));
    expect(await openDataset(path("pets"), { ...options, size: 2, channels: 3 })).toMatchObject({
      height: 2,
      width: 2,
      channels: 3,
    });
    await writeFile(path("pets/cats/notes.txt"), "meow");
    await writeFile(path("pets/cats/broken.png"), "\x89PNG\r\n\x1a\n");
    expect(await openDataset(path("pets"), options)).toMatchObject({ all: { count: 3 }, skipped: 2 });
    await expect(openDataset(path("pets"), { strict: true })).rejects.toMatchObject({ code: "FILE_FORMAT" });
  });

  it("suggests the data set with the most similar name", async () => {
    await expect(openDataset("fashon-mnist")).rejects.toMatchObject({
      argument: "dataset",
      message: expect.stringMatching(/did you mean "fashion-mnist"\?$/),
    });
    await expect(openDataset("MNIST")).rejects.toMatchObject({
      message: expect.stringMatching(/did you mean "mnist"\?$/),
    });
    await expect(openDataset("/no/such/folder")).rejects.toMatchObject({
      message: expect.stringMatching(/no such file or folder; accepted are micrographs, mnist/),
    });
    await expect(openDataset("")).rejects.toMatchObject({ argument: "dataset" });
  });

  it("rejects files that contain no images", async () => {
    await writeMatrix(path("table.csv"), { data: Float32Array.of(1, 2), rows: 1, cols: 2 });
    await expect(openDataset(path("table.csv"))).rejects.toMatchObject({
      code: "FILE_FORMAT",
      message: expect.stringMatching(/neither a \.npy file nor an IDX/),
    });
  });

  it.each<[string, object]>([
    ["limit", { limit: 0 }],
    ["seed", { seed: -1 }],
    ["count", { count: 0 }],
    ["size", { size: 20 }],
    ["size", { size: [48, 48] }],
    ["labels", { labels: "labels.txt" }],
    ["strict", { strict: true }],
    ["datadir", { datadir: "." }],
    ["signal", { signal: "stop" }],
  ])("rejects an invalid %s: %j", async (argument, options) => {
    await expect(openDataset("micrographs", options)).rejects.toMatchObject({ argument });
  });

  it("stops when its signal is aborted", async () => {
    const signal = AbortSignal.abort();
    await expect(openDataset("micrographs", { count: 10, signal })).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("reports which files to put where if downloads are switched off", async () => {
    const failed = openDataset("mnist", { cacheDir: path("cache"), download: false });
    await expect(failed).rejects.toMatchObject({
      code: "DOWNLOAD",
      message: expect.stringMatching(/train-images-idx3-ubyte\.gz\n *https.*cvdf-datasets.*t10k-labels/s),
    });
  });
});

describe("openImages", () => {
  it("returns all images in their order, with integers scaled to 0 to 1 and other values unchanged", async () => {
    const array = await openImages(await writeArray("looked.npy", 7));
    expect(await firsts(array.images)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    await array.close();
    await writeFile(path("floats.npy"), encodeNpy("<f4", [2, 1, 1], Float32Array.of(-3, 700)));
    const floats = await openImages(path("floats.npy"));
    expect(Array.from(await all(floats.images))).toEqual([-3, 700]);
    await floats.close();
    await mkdir(path("looked"), { recursive: true });
    for (const i of [10, 2]) {
      const pixels = sharp({ create: { width: 3, height: 2, channels: 3, background: { r: i, g: 0, b: 0 } } });
      await pixels.png().toFile(path(`looked/${i}.png`));
    }
    const folder = await openImages(path("looked"));
    expect(await firsts(folder.images)).toEqual([2, 10]);
    await folder.close();
    await expect(openImages(path("absent.npy"))).rejects.toMatchObject({ code: "FILE_READ" });
  });
});
