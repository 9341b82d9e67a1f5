import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openImageFolder } from "../../src/io/index.js";
import { useFolder } from "./folder.js";

const path = useFolder();

type Format = "png" | "jpeg" | "tiff" | "webp" | "gif";

/** Writes an image of one color, or of the bytes given. */
async function image(
  name: string,
  { width = 4, height = 3, channels = 1 as 1 | 3 | 4, value = 100, format = "png" as Format } = {},
): Promise<void> {
  await mkdir(dirname(path(name)), { recursive: true });
  const raw = new Uint8Array(width * height * channels).fill(value);
  const picture = sharp(raw, { raw: { width, height, channels } });
  const options = format === "jpeg" ? { quality: 100 } : format === "webp" ? { lossless: true } : {};
  await (channels === 1 ? picture.toColorspace("b-w") : picture).toFormat(format, options).toFile(path(name));
}

/** A TIFF of one strip: 16-bit integers or 32-bit floating-point numbers, one channel. */
function encodeTiff(width: number, height: number, data: Uint16Array | Float32Array): Buffer {
  const isFloat = data instanceof Float32Array;
  const entries = [
    [256, 3, width],
    [257, 3, height],
    [258, 3, isFloat ? 32 : 16],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 8],
    [277, 3, 1],
    [278, 3, height],
    [279, 4, data.byteLength],
    [339, 3, isFloat ? 3 : 1],
  ];
  const file = Buffer.alloc(8 + data.byteLength + 2 + 12 * entries.length + 4);
  file.write("II*\0", 0, "latin1");
  file.writeUInt32LE(8 + data.byteLength, 4);
  file.set(new Uint8Array(data.buffer), 8);
  let at = file.writeUInt16LE(entries.length, 8 + data.byteLength);
  for (const [tag = 0, type = 0, value = 0] of entries) {
    at = file.writeUInt16LE(tag, at);
    at = file.writeUInt16LE(type, at);
    at = file.writeUInt32LE(1, at);
    at = file.writeUInt32LE(value, at);
  }
  return file;
}

const failure = (message: RegExp) => ({
  name: "FileError",
  code: "FILE_FORMAT",
  message: expect.stringMatching(message),
});

describe("openImageFolder", () => {
  it("reads images in natural order of their names, any of them in any order", async () => {
    for (const [name, value] of [
      ["image10.png", 200],
      ["image2.png", 50],
      ["Image1.png", 0],
    ] as const) {
      await image(`order/${name}`, { value });
    }
    const folder = await openImageFolder(path("order"));
    expect(folder.files.map((file) => file.split("/").at(-1))).toEqual(["Image1.png", "image2.png", "image10.png"]);
    expect(folder).toMatchObject({ height: 3, width: 4, channels: 1, skipped: [], classes: undefined, isFloat: false });
    const data = await folder.read([2, 0, 2]);
    expect(data).toHaveLength(36);
    expect([data[0], data[12], data[35]]).toEqual([Math.fround(200 / 255), 0, Math.fround(200 / 255)]);
    expect(await folder.read([])).toHaveLength(0);
    await expect(folder.read([3])).rejects.toMatchObject({ code: "OUT_OF_RANGE", argument: "images[0]" });
  });

  it("reads every format, whatever the name", async () => {
    const formats: Format[] = ["png", "jpeg", "tiff", "webp", "gif"];
    for (const format of formats)
      await image(`formats/${format}.dat`, { format, value: 128, width: 16, height: 16, channels: 3 });
    const folder = await openImageFolder(path("formats"));
    expect(folder).toMatchObject({ channels: 3, files: { length: 5 } });
    const data = await folder.read([0, 1, 2, 3, 4]);
    expect(data).toHaveLength(5 * 16 * 16 * 3);
    for (const value of data) expect(Math.abs(255 * value - 128)).toBeLessThan(2.1);
  });

  it("takes the first frame of an animation", async () => {
    await mkdir(path("animation"));
    const frames = Buffer.concat([Buffer.alloc(16 * 3, 255), Buffer.alloc(16 * 3, 0)]);
    const gif = sharp(frames, { raw: { width: 4, height: 8, channels: 3, pageHeight: 4 } });
    await gif.gif({ loop: 0, delay: [100, 100] }).toFile(path("animation/two.gif"));
    const folder = await openImageFolder(path("animation"), { channels: 1 });
    expect(folder).toMatchObject({ height: 4, width: 4 });
    expect(Array.from(await folder.read([0]))).toEqual(new Array(16).fill(1));
  });

  it("skips and counts what is no image, or refuses it", async () => {
    await image("mixed/a.png");
    await writeFile(path("mixed/notes.txt"), "no image");
    await writeFile(path("mixed/empty.png"), "");
    await writeFile(path("mixed/drawing.svg"), `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>`);
    await writeFile(path("mixed/.DS_Store"), "hidden");
    const folder = await openImageFolder(path("mixed"));
    expect(folder.files).toEqual([path("mixed/a.png")]);
    expect(folder.skipped).toEqual(["drawing.svg", "empty.png", "notes.txt"].map((name) => path(`mixed/${name}`)));
    await expect(openImageFolder(path("mixed"), { strict: true })).rejects.toMatchObject(
      failure(/drawing\.svg: is no image/),
    );
  });

  it("takes subfolders as classes where the folder has no images of its own", async () => {
    for (const name of ["b/1.png", "a/2.png", "a/1.png"]) await image(`classes/${name}`);
    expect(await openImageFolder(path("classes"))).toMatchObject({
      classes: ["a", "a", "b"],
      files: ["a/1.png", "a/2.png", "b/1.png"].map((name) => path(`classes/${name}`)),
    });
    await image("classes/own.png");
    expect(await openImageFolder(path("classes"))).toMatchObject({
      classes: undefined,
      files: [path("classes/own.png")],
    });
  });

  it("refuses several sizes, or brings them to one", async () => {
    await image("sizes/a.png", { width: 8, height: 4, value: 10 });
    await image("sizes/b.png", { width: 4, height: 8, value: 20 });
    await expect(openImageFolder(path("sizes"))).rejects.toMatchObject(
      failure(/a\.png has 8 x 4 pixels, .*b\.png has 4 x 8; give a size/),
    );
    const square = await openImageFolder(path("sizes"), { size: 6 });
    expect(square).toMatchObject({ height: 6, width: 6 });
    const data = await square.read([0, 1]);
    expect([data.length, data[0], data[71]]).toEqual([72, Math.fround(10 / 255), Math.fround(20 / 255)]);
    expect(await openImageFolder(path("sizes"), { size: [2, 5] })).toMatchObject({ height: 2, width: 5 });
  });

  it("crops in the middle, and does not squeeze", async () => {
    await mkdir(path("crop"));
    // Columns of 0, 255, 255, 0: of the square in the middle nothing is black.
    const raw = Uint8Array.from({ length: 8 }, (_, i) => (i % 4 === 1 || i % 4 === 2 ? 255 : 0));
    await sharp(raw, { raw: { width: 4, height: 2, channels: 1 } })
      .png()
      .toFile(path("crop/a.png"));
    const folder = await openImageFolder(path("crop"), { size: 2, channels: 1 });
    expect(Array.from(await folder.read([0]))).toEqual([1, 1, 1, 1]);
  });

  it("fits images of several sizes into one frame, each as a whole, smaller and never larger", async () => {
    await image("frame/a.png", { width: 4, height: 2, value: 255 });
    await image("frame/b.png", { width: 2, height: 4, value: 51 });
    await image("frame/c.png", { width: 16, height: 8, value: 102 });
    const folder = await openImageFolder(path("frame"), { within: 4 });
    expect(folder).toMatchObject({ height: 4, width: 4, channels: 1 });
    const [tall, small] = [0.2, 0.4].map(Math.fround);
    const no = Number.NaN;
    const lying = (value = 0) => [...Array(4).fill(no), ...Array(8).fill(value), ...Array(4).fill(no)];
    const standing = Array.from({ length: 4 }, () => [no, tall, tall, no]).flat();
    expect(Array.from(await folder.read([0, 1, 2]))).toEqual([...lying(1), ...standing, ...lying(small)]);
    expect(await openImageFolder(path("frame"), { within: 100 })).toMatchObject({ height: 8, width: 16 });
  });

  it("is colorful as soon as one image is, and gray on demand", async () => {
    await image("colors/a.png", { value: 10 });
    await image("colors/b.png", { channels: 3, value: 20 });
    await image("colors/c.png", { channels: 4, value: 255 });
    const folder = await openImageFolder(path("colors"));
    expect(folder.channels).toBe(3);
    const data = await folder.read([0, 1, 2]);
    expect([data[0], data[1], data[36], data[107]]).toEqual([10, 10, 20, 255].map((value) => Math.fround(value / 255)));
    const gray = await openImageFolder(path("colors"), { channels: 1 });
    expect([gray.channels, (await gray.read([0, 1]))[12]]).toEqual([1, Math.fround(20 / 255)]);
  });

  it("makes transparent parts black", async () => {
    await mkdir(path("transparent"));
    const raw = Uint8Array.of(255, 255, 255, 0, 255, 255, 255, 255);
    await sharp(raw, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toFile(path("transparent/a.png"));
    expect(Array.from(await (await openImageFolder(path("transparent"))).read([0]))).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it("keeps sixteen bits, and floating-point values as they are", async () => {
    await mkdir(path("deep"));
    await mkdir(path("float"));
    await writeFile(path("deep/a.tif"), encodeTiff(3, 1, Uint16Array.of(0, 257, 65535)));
    expect(Array.from(await (await openImageFolder(path("deep"))).read([0]))).toEqual([0, Math.fround(257 / 65535), 1]);
    await writeFile(path("float/a.tif"), encodeTiff(3, 1, Float32Array.of(-3.5, 0.25, 1e6)));
    const folder = await openImageFolder(path("float"));
    expect(folder.isFloat).toBe(true);
    expect(Array.from(await folder.read([0]))).toEqual([-3.5, 0.25, 1e6]);
  });

  it("names the file that cannot be decoded", async () => {
    await image("damaged/a.png", { width: 64, height: 64 });
    const whole = await sharp(
      Uint8Array.from({ length: 64 * 64 }, (_, i) => (i * i) % 251),
      { raw: { width: 64, height: 64, channels: 1 } },
    )
      .png()
      .toBuffer();
    await writeFile(path("damaged/b.png"), whole.subarray(0, whole.length >> 1));
    const folder = await openImageFolder(path("damaged"), { channels: 1 });
    await expect(folder.read([0, 1])).rejects.toMatchObject(failure(/b\.png: cannot be decoded/));
    await image("damaged/a.png", { width: 8, height: 8 });
    const again = await openImageFolder(path("damaged"), { channels: 1, size: 64 });
    expect(await again.read([0])).toHaveLength(64 * 64);
  });

  it("refuses an image that claims to be gigantic", async () => {
    await image("gigantic/a.png");
    const png = await readFile(path("gigantic/a.png"));
    png.writeUInt32BE(2 ** 30, 16);
    await writeFile(path("gigantic/a.png"), png);
    const opened = openImageFolder(path("gigantic")).then((folder) => folder.read([0]));
    await expect(opened).rejects.toMatchObject({ name: "FileError", code: "FILE_FORMAT" });
  });

  it("refuses a folder without images, a file, and options out of range", async () => {
    await mkdir(path("none"));
    await expect(openImageFolder(path("none"))).rejects.toMatchObject(failure(/holds no PNG/));
    await expect(openImageFolder(path("missing"))).rejects.toMatchObject({ code: "FILE_READ" });
    await image("file/a.png");
    await expect(openImageFolder(path("file/a.png"))).rejects.toMatchObject({
      code: "FILE_READ",
      message: expect.stringMatching(/not a directory/),
    });
    for (const size of [0, 1.5, [3, 3, 3], 20_000]) {
      await expect(openImageFolder(path("file"), { size: size as number })).rejects.toMatchObject({ argument: "size" });
    }
    await expect(openImageFolder(path("file"), { channels: 2 as 1 })).rejects.toMatchObject({ argument: "channels" });
    await expect(openImageFolder(path("file"), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ABORTED",
    });
  });

  it("tells how far it is", async () => {
    for (let i = 0; i < 5; i++) await image(`progress/${i}.png`);
    const fractions: number[] = [];
    await openImageFolder(path("progress"), { onProgress: (fraction) => fractions.push(fraction) });
    expect(fractions).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
  });
});
