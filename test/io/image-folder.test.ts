import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openImageFolder } from "../../src/io/index.js";
import { useFolder } from "./folder.js";
import { type EncodedPage, encodeTiff } from "./tiff-file.js";

const path = useFolder();

type Format = "png" | "jpeg" | "tiff" | "webp" | "gif";

/** Writes an image of one color, or with the given bytes. */
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
    expect(folder).toMatchObject({
      height: 3,
      width: 4,
      channels: 1,
      skipped: [],
      classes: undefined,
      values: "scaled",
    });
    const data = await folder.read([2, 0, 2]);
    expect(data).toHaveLength(36);
    expect([data[0], data[12], data[35]]).toEqual([Math.fround(200 / 255), 0, Math.fround(200 / 255)]);
    expect(await folder.read([])).toHaveLength(0);
    await expect(folder.read([3])).rejects.toMatchObject({ code: "OUT_OF_RANGE", argument: "images[0]" });
  });

  it("reads every format, independent of the file name", async () => {
    const formats: Format[] = ["png", "jpeg", "tiff", "webp", "gif"];
    for (const format of formats)
      await image(`formats/${format}.dat`, { format, value: 128, width: 16, height: 16, channels: 3 });
    const folder = await openImageFolder(path("formats"));
    expect(folder).toMatchObject({ channels: 3, files: { length: 5 } });
    const data = await folder.read([0, 1, 2, 3, 4]);
    expect(data).toHaveLength(5 * 16 * 16 * 3);
    for (const value of data) expect(Math.abs(255 * value - 128)).toBeLessThan(2.1);
  });

  it("reads every frame of an animation as an image", async () => {
    await mkdir(path("animation"));
    const frames = Buffer.concat([Buffer.alloc(16 * 3, 255), Buffer.alloc(16 * 3, 0)]);
    const gif = sharp(frames, { raw: { width: 4, height: 8, channels: 3, pageHeight: 4 } });
    await gif.gif({ loop: 0, delay: [100, 100] }).toFile(path("animation/two.gif"));
    const folder = await openImageFolder(path("animation"), { channels: 1 });
    expect(folder).toMatchObject({ height: 4, width: 4 });
    expect(folder.files).toEqual([path("animation/two.gif#1"), path("animation/two.gif#2")]);
    expect(Array.from(await folder.read([0, 1]))).toEqual([...new Array(16).fill(1), ...new Array(16).fill(0)]);
  });

  it("skips and counts files that are not images, or refuses them", async () => {
    await image("mixed/a.png");
    await writeFile(path("mixed/notes.txt"), "no image");
    await writeFile(path("mixed/empty.png"), "");
    await writeFile(path("mixed/drawing.svg"), `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>`);
    await writeFile(path("mixed/.DS_Store"), "hidden");
    const folder = await openImageFolder(path("mixed"));
    expect(folder.files).toEqual([path("mixed/a.png")]);
    const strangers = ["drawing.svg", "empty.png", "notes.txt"];
    expect(folder.skipped).toEqual(strangers.map((name) => ({ path: path(`mixed/${name}`), reason: "not an image" })));
    await expect(openImageFolder(path("mixed"), { strict: true })).rejects.toMatchObject(
      failure(/drawing\.svg: would be skipped \(not an image\), and strict is set/),
    );
  });

  it("uses subfolders as classes if the folder itself has no images", async () => {
    for (const name of ["b/1.png", "a/2.png", "a/1.png"]) await image(`classes/${name}`);
    expect(await openImageFolder(path("classes"))).toMatchObject({
      classes: ["a", "a", "b"],
      files: ["a/1.png", "a/2.png", "b/1.png"].map((name) => path(`classes/${name}`)),
    });
    await image("classes/own.png");
    const own = await openImageFolder(path("classes"));
    expect(own).toMatchObject({ classes: undefined, files: [path("classes/own.png")] });
    expect(own.skipped).toContainEqual({ path: path("classes/b/1.png"), reason: "in a subfolder next to images" });
    await expect(openImageFolder(path("classes"), { strict: true })).rejects.toMatchObject(
      failure(/a\/1\.png: would be/),
    );
  });

  it("rejects images of several sizes, or fits them to one size", async () => {
    await image("sizes/a.png", { width: 8, height: 4, value: 10 });
    await image("sizes/b.png", { width: 4, height: 8, value: 20 });
    await expect(openImageFolder(path("sizes"))).rejects.toMatchObject(
      failure(/a\.png has 8 x 4 pixels, .*b\.png has 4 x 8\. Set a size/),
    );
    const square = await openImageFolder(path("sizes"), { size: 6 });
    expect(square).toMatchObject({ height: 6, width: 6 });
    const data = await square.read([0, 1]);
    expect([data.length, data[0], data[71]]).toEqual([72, Math.fround(10 / 255), Math.fround(20 / 255)]);
    expect(await openImageFolder(path("sizes"), { size: [2, 5] })).toMatchObject({ height: 2, width: 5 });
  });

  it("crops around the center, and keeps proportions", async () => {
    await mkdir(path("crop"));
    // The columns are 0, 255, 255, 0. The square in the middle contains no black column.
    const raw = Uint8Array.from({ length: 8 }, (_, i) => (i % 4 === 1 || i % 4 === 2 ? 255 : 0));
    await sharp(raw, { raw: { width: 4, height: 2, channels: 1 } })
      .png()
      .toFile(path("crop/a.png"));
    const folder = await openImageFolder(path("crop"), { size: 2, channels: 1 });
    expect(Array.from(await folder.read([0]))).toEqual([1, 1, 1, 1]);
  });

  it("fits images of several sizes into one frame, without cropping or enlarging them", async () => {
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

  it("uses colors if one image has colors, and gray values on request", async () => {
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

  it("keeps sixteen bits, and does not change floating-point values", async () => {
    await mkdir(path("deep"));
    await mkdir(path("float"));
    await writeFile(path("deep/a.tif"), encodeTiff([{ width: 3, height: 1, data: Uint16Array.of(0, 257, 65535) }]));
    expect(Array.from(await (await openImageFolder(path("deep"))).read([0]))).toEqual([0, Math.fround(257 / 65535), 1]);
    await writeFile(path("float/a.tif"), encodeTiff([{ width: 3, height: 1, data: Float32Array.of(-3.5, 0.25, 1e6) }]));
    const folder = await openImageFolder(path("float"));
    expect(folder.values).toBe("floats");
    expect(Array.from(await folder.read([0]))).toEqual([-3.5, 0.25, 1e6]);
  });

  it("keeps the values of integers and floating-point numbers of any size", async () => {
    const cases: Record<string, { page: Omit<EncodedPage, "width" | "height">; values: number[]; kind: string }> = {
      int8: { page: { data: Int8Array.of(-128, 0, 127) }, values: [-128, 0, 127], kind: "integers" },
      int16: { page: { data: Int16Array.of(-32768, 0, 300) }, values: [-32768, 0, 300], kind: "integers" },
      int32: { page: { data: Int32Array.of(-70000, 0, 2 ** 30) }, values: [-70000, 0, 2 ** 30], kind: "integers" },
      uint32: { page: { data: Uint32Array.of(0, 70000, 2 ** 31) }, values: [0, 70000, 2 ** 31], kind: "integers" },
      float16: {
        page: { data: Uint16Array.of(0xc300, 0x3400, 0x7bff), stored: { bits: 16, format: 3 } },
        values: [-3.5, 0.25, 65504],
        kind: "floats",
      },
      float64: { page: { data: Float64Array.of(-1e-3, 0.5, 1e12) }, values: [-1e-3, 0.5, 1e12], kind: "floats" },
    };
    for (const [name, { page, values, kind }] of Object.entries(cases)) {
      await mkdir(path(`types/${name}`), { recursive: true });
      await writeFile(path(`types/${name}/a.tif`), encodeTiff([{ width: 3, height: 1, ...page }]));
      const folder = await openImageFolder(path(`types/${name}`));
      expect(folder, name).toMatchObject({ values: kind, channels: 1 });
      expect(Array.from(await folder.read([0])), name).toEqual(values.map(Math.fround));
    }
  });

  it("keeps values in colors, in gray values on request, and after scaling and cropping", async () => {
    await mkdir(path("kept"));
    const data = Float32Array.of(-10, 0, 10, 200, 400, 600);
    await writeFile(path("kept/a.tif"), encodeTiff([{ width: 2, height: 1, samples: 3, photometric: 2, data }]));
    expect(Array.from(await (await openImageFolder(path("kept"))).read([0]))).toEqual(Array.from(data));
    const gray = await (await openImageFolder(path("kept"), { channels: 1 })).read([0]);
    expect(gray[0]).toBeCloseTo(-2.126 + 0.722, 4);
    await mkdir(path("shrunk"));
    // Each half of the lower image is constant, so scaling to half the size does not change its values.
    const rows = [-8, -8, 1000, 1000, -8, -8, 1000, 1000];
    await writeFile(path("shrunk/a.tif"), encodeTiff([{ width: 4, height: 2, data: Int16Array.from(rows) }]));
    const cropped = await (await openImageFolder(path("shrunk"), { size: 2 })).read([0]);
    expect(Array.from(cropped)).toEqual([-8, 1000, -8, 1000]);
    const small = await (await openImageFolder(path("shrunk"), { within: 2 })).read([0]);
    expect(small[0]).toBeGreaterThan(-8.01);
    expect(small[0]).toBeLessThan(small[1]);
    expect(small[1]).toBeLessThan(1000.01);
  });

  it("reads compressed and tiled files of other programs", async () => {
    const expected = { "int32-lzw": [0, -5, -100, 100], "float16-deflate": [0, -3.5, 0.25, 100] };
    for (const [name, values] of Object.entries({ ...expected, "float64-zstd": [0, -3.5, 0.25, 100] })) {
      const from = join(import.meta.dirname, "fixtures", "tiff", `${name}.tif`);
      await mkdir(path(`other/${name}`), { recursive: true });
      await copyFile(from, path(`other/${name}/a.tif`));
      const data = await (await openImageFolder(path(`other/${name}`))).read([0]);
      expect(Array.from(data.subarray(0, 4)), name).toEqual(values);
    }
  });

  it("rejects unscaled integers together with scaled ones", async () => {
    await image("mixture/a.png");
    await writeFile(path("mixture/b.tif"), encodeTiff([{ width: 4, height: 3, data: new Int16Array(12) }]));
    await expect(openImageFolder(path("mixture"))).rejects.toMatchObject(
      failure(/mixes number types: .*b\.tif holds int16/),
    );
  });

  it("reads every page of a TIFF file as an image, except reduced copies", async () => {
    await mkdir(path("pages"));
    const page = (value: number, subfile?: number): EncodedPage => ({
      width: subfile ? 1 : 2,
      height: 1,
      data: subfile ? Uint8Array.of(value) : Uint8Array.of(value, value),
      subfile,
    });
    await writeFile(path("pages/stack.tif"), encodeTiff([page(51), page(9, 1), page(102)]));
    await writeFile(path("pages/z.tif"), encodeTiff([page(255)]));
    const folder = await openImageFolder(path("pages"));
    expect(folder.files).toEqual(["stack.tif#1", "stack.tif#2", "z.tif"].map((name) => path(`pages/${name}`)));
    expect(Array.from(await folder.read([2, 1, 0]))).toEqual([1, 1, 0.4, 0.4, 0.2, 0.2].map(Math.fround));
  });

  it("rejects channels that are neither colors nor transparency, in samples or in pages", async () => {
    const two = { width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4) };
    const ome = '<OME><Image><Pixels SizeX="2" SizeY="1" SizeC="2" SizeZ="1" SizeT="1"/></Image></OME>';
    const cases: Record<string, { pages: EncodedPage[]; message: RegExp }> = {
      gray: { pages: [{ ...two, samples: 2 }], message: /holds 2 channels, of which 0 are marked as transparency/ },
      unspecified: { pages: [{ ...two, samples: 2, extra: 0 }], message: /Save each channel as an image of its own/ },
      ome: {
        pages: [
          { width: 2, height: 2, data: two.data, description: ome },
          { width: 2, height: 2, data: two.data },
        ],
        message: /holds 2 channels as pages of a stack/,
      },
      imagej: {
        pages: [
          { width: 2, height: 2, data: two.data, description: "ImageJ=1.11a\nimages=2\nchannels=2\n" },
          { width: 2, height: 2, data: two.data },
        ],
        message: /holds 2 channels as pages of a stack/,
      },
      hidden: {
        pages: [{ width: 2, height: 2, data: two.data, description: "ImageJ=1.11a\nimages=5\nslices=5\n" }],
        message: /holds 5 images but lists only 1/,
      },
    };
    for (const [name, { pages, message }] of Object.entries(cases)) {
      await mkdir(path(`channels/${name}`), { recursive: true });
      await writeFile(path(`channels/${name}/a.tif`), encodeTiff(pages));
      await expect(openImageFolder(path(`channels/${name}`)), name).rejects.toMatchObject(failure(message));
    }
    await mkdir(path("channels/alpha"));
    await writeFile(path("channels/alpha/a.tif"), encodeTiff([{ ...two, samples: 2, extra: 2 }]));
    expect(await openImageFolder(path("channels/alpha"))).toMatchObject({ channels: 1, files: { length: 1 } });
  });

  it("applies the orientation stored by the camera", async () => {
    await mkdir(path("turned"));
    const raw = Uint8Array.of(0, 255, 255, 255, 255, 255);
    for (let orientation = 1; orientation <= 8; orientation++) {
      await sharp(raw, { raw: { width: 3, height: 2, channels: 1 } })
        .toColorspace("b-w")
        .tiff({ compression: "none" })
        .withMetadata({ orientation })
        .toFile(path(`turned/scaled-${orientation}.tif`));
      const data = Float32Array.of(0, 1, 1, 1, 1, 1);
      const kept = encodeTiff([{ width: 3, height: 2, data, orientation }]);
      await writeFile(path(`turned/kept-${orientation}.tif`), kept);
    }
    // The black pixel is at the upper left of the stored image. The orientation determines at which corner it is
    // displayed.
    const corners = [
      "left top",
      "right top",
      "right bottom",
      "left bottom",
      "left top",
      "right top",
      "right bottom",
      "left bottom",
    ];
    const folder = await openImageFolder(path("turned"), { within: 100, channels: 1 });
    const data = await folder.read(folder.files.map((_, i) => i));
    for (const [i, file] of folder.files.entries()) {
      const pixels = data.subarray(i * 9, (i + 1) * 9);
      const orientation = Number(/-(\d)\.tif$/.exec(file)?.[1]);
      const columns = orientation >= 5 ? 2 : 3;
      const seen = pixels.filter((value) => !Number.isNaN(value));
      const at = seen.indexOf(0);
      const corner = `${at % columns === 0 ? "left" : "right"} ${at < columns ? "top" : "bottom"}`;
      expect(`${file} ${corner}`).toBe(`${file} ${corners[orientation - 1]}`);
    }
  });

  it("uses nested folders as classes, without the folders train and test above them", async () => {
    for (const name of ["train/cat/1.png", "train/dog/big/1.png", "test/cat/2.png"]) await image(`nested/${name}`);
    expect(await openImageFolder(path("nested"))).toMatchObject({
      files: ["test/cat/2.png", "train/cat/1.png", "train/dog/big/1.png"].map((name) => path(`nested/${name}`)),
      classes: ["cat", "cat", "dog/big"],
    });
    for (const name of ["train/1.png", "test/2.png"]) await image(`parts/${name}`);
    expect(await openImageFolder(path("parts"))).toMatchObject({ classes: ["test", "train"] });
  });

  it("skips and counts broken links, or refuses them", async () => {
    await image("links/a.png");
    await symlink(path("links/gone.png"), path("links/b.png"));
    const folder = await openImageFolder(path("links"));
    expect(folder.files).toEqual([path("links/a.png")]);
    expect(folder.skipped).toEqual([{ path: path("links/b.png"), reason: "broken link" }]);
    await expect(openImageFolder(path("links"), { strict: true })).rejects.toMatchObject(
      failure(/b\.png: would be skipped \(broken link\)/),
    );
  });

  it("refuses a TIFF file that is cut off, and values beyond float32", async () => {
    await mkdir(path("cut"));
    const [first, second] = [new Float32Array(400).fill(2), new Float32Array(400).fill(3)];
    const whole = encodeTiff([
      { width: 20, height: 20, data: first },
      { width: 20, height: 20, data: second },
    ]);
    // The strip of the first page claims to be longer than the file.
    const damaged = Buffer.from(whole);
    damaged.writeUInt32LE(whole.length, damaged.indexOf(Buffer.from([0x17, 1, 4, 0, 1, 0, 0, 0])) + 8);
    await writeFile(path("cut/a.tif"), damaged);
    const folder = await openImageFolder(path("cut"));
    await expect(folder.read([0])).rejects.toMatchObject(failure(/a\.tif#1: cannot be decoded: the file is cut off/));
    await mkdir(path("huge"));
    await writeFile(path("huge/a.tif"), encodeTiff([{ width: 2, height: 1, data: Float64Array.of(1, 1e300) }]));
    await expect((await openImageFolder(path("huge"))).read([0])).rejects.toMatchObject({
      name: "DataError",
      code: "OUT_OF_RANGE",
    });
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

  it("reports its progress", async () => {
    for (let i = 0; i < 5; i++) await image(`progress/${i}.png`);
    const fractions: number[] = [];
    await openImageFolder(path("progress"), { onProgress: (fraction) => fractions.push(fraction) });
    expect(fractions).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
  });
});
