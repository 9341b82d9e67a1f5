import { mkdir, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readLabels, readMatrix } from "../../src/io/index.js";
import { useFolder } from "./folder.js";
import { encodeTiff } from "./tiff-file.js";

const path = useFolder();
const bytes = (text: string) => Buffer.from(text, "latin1");

describe("a file that is not a matrix", () => {
  it.each([
    ["data.csv.bz2", bytes("BZh91AY&SY"), /is a file compressed with bzip2: .*gzip/],
    ["data.csv.xz", bytes("\xfd7zXZ\0"), /is a file compressed with xz: .*gzip/],
    [
      "data.tar.gz",
      gzipSync(Buffer.concat([Buffer.alloc(257), bytes("ustar"), Buffer.alloc(250)])),
      /is a tar archive: /,
    ],
    ["data.svm", bytes("1 1:0.5 3:2\n0 2:1\n"), /is in the format of svmlight: .*save_npz/],
    ["data.fits", bytes("SIMPLE  =                    T"), /is a FITS file: .*astropy/],
    ["data.vot", bytes("<?xml version='1.0'?><VOTABLE>"), /is XML, such as a VOTable: /],
    ["data.rds", gzipSync(bytes("X\n\0\0\0\x03rest")), /is a file of R: .*write\.csv/],
    ["data.pkl", bytes("\x80\x04\x95rest"), /is a Python pickle: .*to_parquet/],
    ["data.pdf", bytes("%PDF-1.7"), /is a PDF file: /],
    ["picture.tif", encodeTiff([{ width: 1, height: 1, data: Uint8Array.of(1) }]), /is an image: .*train and encode/],
  ])("is named, with advice how to convert it: %s", async (name, content, message) => {
    await writeFile(path(name), content);
    await expect(readMatrix(path(name))).rejects.toMatchObject({
      name: "FileError",
      code: "FILE_FORMAT",
      message: expect.stringMatching(message),
    });
  });

  it("is described if it is a folder of images", async () => {
    await mkdir(path("images"));
    await writeFile(path("images/a.png"), "");
    await expect(readMatrix(path("images"))).rejects.toThrow(/is a folder of images: .* train and encode/);
  });

  it("is not assumed for text that only looks similar", async () => {
    await writeFile(path("labels.txt"), "[a]\n{b}\n");
    expect(await readLabels(path("labels.txt"))).toEqual(["[a]", "{b}"]);
    await writeFile(path("numbers.txt"), "1 2\n3 4\n");
    expect((await readMatrix(path("numbers.txt"))).shape).toEqual([2, 2]);
  });
});
