import { execFileSync } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { readDataset, readLabels, readMatrix, withPipes } from "../../src/io/index.js";
import { useFolder } from "./folder.js";
import { bytesOf, encodeNpy } from "./npy-file.js";

const path = useFolder();
const failure = (message: RegExp) => ({ code: "FILE_FORMAT", message: expect.stringMatching(message) });
const save = async (name: string, bytes: Uint8Array | string): Promise<string> => {
  await writeFile(path(name), bytes);
  return path(name);
};

/** The text "a,b" and 2000 lines "1,2", compressed by zstd 1.5. */
const ZSTANDARD = Buffer.from("28b52ffd60441e75000038612c620a312c3201003a7fef8c", "hex");

describe("a compressed file", () => {
  const numbers = Float64Array.from({ length: 12 }, (_, i) => i / 2);

  it("is read like its uncompressed content, in any format", async () => {
    const npy = encodeNpy("<f8", [4, 3], bytesOf(numbers));
    for (const [name, bytes] of [
      ["x.npy.gz", gzipSync(npy)],
      ["x.csv.gz", gzipSync("0,0.5,1\n1.5,2,2.5\n3,3.5,4\n4.5,5,5.5\n")],
      ["x.TSV.GZ", gzipSync("0\t0.5\t1\n1.5\t2\t2.5\n3\t3.5\t4\n4.5\t5\t5.5\n")],
      ["twice.gz", gzipSync(gzipSync(npy))],
      ["members.csv.gz", Buffer.concat([gzipSync("0,0.5,1\n1.5,2,2.5\n"), gzipSync("3,3.5,4\n4.5,5,5.5\n")])],
    ] as const) {
      const matrix = await readMatrix(await save(name, bytes));
      expect(Array.from(matrix.data), name).toEqual(Array.from(numbers));
    }
    expect(await readLabels(await save("labels.csv.gz", gzipSync("id,label\n1,a\n2,b\n")))).toEqual(["a", "b"]);
  });

  it("is read from Zstandard, and rejected if it is cut off", async () => {
    const file = await save("x.csv.zst", ZSTANDARD);
    const { means, roles } = await readDataset(file);
    expect([means.shape, roles.data]).toEqual([
      [2000, 2],
      ["a", "b"],
    ]);
    const cut = await save("cut.csv.zst", ZSTANDARD.subarray(0, 20));
    await expect(readDataset(cut)).rejects.toMatchObject(failure(/is cut off: its compressed data end too early/));
  });

  it("is rejected if it is cut off or damaged", async () => {
    const whole = gzipSync(Array.from({ length: 500 }, (_, i) => `${i},${i * i}\n`).join(""));
    const cut = await save("cut.csv.gz", whole.subarray(0, whole.length - 40));
    await expect(readDataset(cut)).rejects.toMatchObject(failure(/is cut off: its compressed data end too early/));
    const damaged = Buffer.from(whole);
    damaged[damaged.length - 6] ^= 1;
    await expect(readDataset(await save("bad.csv.gz", damaged))).rejects.toMatchObject(
      failure(/cannot be decompressed: incorrect data check/),
    );
  });

  it("leaves no temporary file if it is larger than the limit for memory", async () => {
    const rows = 2 ** 20 + 3;
    const wide = encodeNpy("<f8", [rows, 5], new Uint8Array(rows * 40));
    const file = await save("large.npy.gz", gzipSync(wide, { level: 1 }));
    await mkdir(path("temporary"));
    vi.stubEnv("TMPDIR", path("temporary"));
    expect((await readMatrix(file, { rows: [rows - 2, rows] })).shape).toEqual([2, 5]);
    vi.unstubAllEnvs();
    expect(await readdir(path("temporary"))).toEqual([]);
  });
});

describe("UTF-16 text", () => {
  it.each(["utf16le", "utf16be"])("is read as Excel writes it (%s)", async (encoding) => {
    const text = Buffer.from("\uFEFFname\tGröße\tb\r\nä\t1,5\t2\r\nß\t3\t4,5\r\n", "utf16le");
    const bytes = encoding === "utf16be" ? text.swap16() : text;
    const { means, roles, identifier } = await readDataset(await save(`${encoding}.txt`, bytes));
    expect(Array.from(means.data)).toEqual([1.5, 2, 3, 4.5]);
    expect(roles.data).toEqual(["Größe", "b"]);
    expect(identifier?.values).toEqual(["ä", "ß"]);
  });
});

describe("Windows-1252 text", () => {
  it("is read as Windows-1252, as Excel saves it in western Europe, and the report says so", async () => {
    const file = await save(
      "ansi.csv",
      Buffer.from("Stra\xdfe;gr\xf6\xdfe;label\r\n1,5;2;Z\xfcrich \x80\r\n3;4;B\r\n", "latin1"),
    );
    const { roles, labels, report } = await readDataset(file);
    expect([roles.data, labels.get("label")]).toEqual([
      ["Straße", "größe"],
      ["Zürich €", "B"],
    ]);
    expect(report).toMatch(/ The text is read as Windows-1252\.$/);
    expect(await readLabels(file)).toEqual(["Zürich €", "B"]);
  });
});

describe("a named pipe", () => {
  const pipe = (name: string): string => {
    execFileSync("mkfifo", [path(name)]);
    return path(name);
  };

  it("is read once, and its content can be used again within the same work", async () => {
    const file = pipe("pipe");
    const written = writeFile(file, "a,b,label\n1,2,x\n3,4,y\n");
    await withPipes(async () => {
      expect((await readDataset(file)).means.shape).toEqual([2, 2]);
      expect(await readLabels(file)).toEqual(["x", "y"]);
    });
    await written;
  });

  it("stops waiting for a writer when its signal is aborted", async () => {
    const controller = new AbortController();
    const reading = readMatrix(pipe("idle"), { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(reading).rejects.toMatchObject({ code: "ABORTED" });
  });
});
