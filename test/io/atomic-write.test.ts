import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it, vi } from "vitest";
import { assertMatrixExtension, assertWritable, writeFileAtomic } from "../../src/io/index.js";
import { useFolder } from "./folder.js";

const path = useFolder();

/** Creates a file with some content in a new, otherwise empty folder. */
async function oldFile(name: string): Promise<string> {
  await mkdir(path(name));
  const file = join(path(name), "map.csv");
  await writeFile(file, "old");
  return file;
}

const failure = (message: RegExp) => ({
  name: "FileError",
  code: "FILE_WRITE",
  message: expect.stringMatching(message),
});

describe("writeFileAtomic", () => {
  it("writes text, bytes and sequences of both", async () => {
    const bytes = new Uint8Array(40_000_000).map((_, i) => i);
    async function* pieces() {
      yield "a";
      yield Uint8Array.of(98);
    }
    const file = await oldFile("contents");
    await writeFileAtomic(file, "grüß");
    expect(await readFile(file, "utf8")).toBe("grüß");
    await writeFileAtomic(file, bytes);
    expect(Buffer.compare(await readFile(file), bytes)).toBe(0);
    await writeFileAtomic(file, ["x", "", Uint8Array.of(121)]);
    expect(await readFile(file, "utf8")).toBe("xy");
    await writeFileAtomic(file, pieces());
    expect(await readFile(file, "utf8")).toBe("ab");
    await writeFileAtomic(file, "");
    expect(await readFile(file, "utf8")).toBe("");
    expect(await readdir(path("contents"))).toEqual(["map.csv"]);
  });

  it("shows the old content until the new one is complete", async () => {
    const file = await oldFile("moment");
    async function* pieces() {
      yield "new";
      expect(await readFile(file, "utf8")).toBe("old");
    }
    await writeFileAtomic(file, pieces());
    expect(await readFile(file, "utf8")).toBe("new");
  });

  it("leaves only the old file when its source fails midway", async () => {
    const file = await oldFile("failing");
    const error = new Error("no more");
    async function* pieces() {
      yield "half";
      throw error;
    }
    await expect(writeFileAtomic(file, pieces())).rejects.toBe(error);
    await expect(writeFileAtomic(path("failing/other.csv"), pieces())).rejects.toBe(error);
    expect(await readdir(path("failing"))).toEqual(["map.csv"]);
    expect(await readFile(file, "utf8")).toBe("old");
  });

  it("leaves only the old file when it is stopped", async () => {
    const file = await oldFile("stopped");
    const controller = new AbortController();
    async function* pieces() {
      yield "half";
      controller.abort();
    }
    const { signal } = controller;
    await expect(writeFileAtomic(file, pieces(), { signal })).rejects.toMatchObject({ code: "ABORTED" });
    await expect(writeFileAtomic(file, "whole", { signal })).rejects.toMatchObject({ code: "ABORTED" });
    expect(await readdir(path("stopped"))).toEqual(["map.csv"]);
    expect(await readFile(file, "utf8")).toBe("old");
  });

  it("leaves no temporary file when the new file cannot replace the old one", async () => {
    await mkdir(path("blocked"));
    async function* pieces() {
      yield "new";
      await mkdir(path("blocked/map.csv"));
    }
    await expect(writeFileAtomic(path("blocked/map.csv"), pieces())).rejects.toMatchObject(failure(/directory/));
    expect(await readdir(path("blocked"))).toEqual(["map.csv"]);
  });

  it("keeps the permissions of the file that it replaces", async () => {
    const file = await oldFile("permissions");
    await chmod(file, 0o640);
    await writeFileAtomic(file, "new");
    expect((await stat(file)).mode & 0o777).toBe(0o640);
  });

  it("writes through links, also if their target does not exist yet", async () => {
    const file = await oldFile("links");
    await mkdir(path("links/deep"));
    await symlink("../map.csv", path("links/deep/first"));
    await symlink("deep/first", path("links/second"));
    await writeFileAtomic(path("links/second"), "new");
    expect(await readFile(file, "utf8")).toBe("new");
    await symlink("deep/../deep/later.csv", path("links/third"));
    await writeFileAtomic(path("links/third"), "later");
    expect(await readFile(path("links/deep/later.csv"), "utf8")).toBe("later");
    expect((await lstat(path("links/second"))).isSymbolicLink()).toBe(true);
    expect((await lstat(path("links/third"))).isSymbolicLink()).toBe(true);
    await symlink("round", path("links/round"));
    await expect(writeFileAtomic(path("links/round"), "x")).rejects.toMatchObject(failure(/symbolic links/));
  });

  it("accepts the longest names of the file system", async () => {
    const name = `${"n".repeat(251)}.csv`;
    await writeFileAtomic(path(name), "long");
    expect(await readFile(path(name), "utf8")).toBe("long");
  });

  it("writes directly to devices, and reports a full one", async () => {
    await writeFileAtomic("/dev/null", "gone");
    expect((await stat("/dev/null")).isCharacterDevice()).toBe(true);
    await expect(writeFileAtomic("/dev/full", "abc")).rejects.toMatchObject(failure(/no space left on device/));
    expect((await stat("/dev/full")).isCharacterDevice()).toBe(true);
  });

  it.each(["stdout", "stderr"] as const)("writes directly to /dev/%s", async (name) => {
    const stream = new PassThrough();
    const replaced = vi.spyOn(process, name, "get").mockReturnValue(stream as unknown as typeof process.stdout);
    try {
      await writeFileAtomic(`/dev/${name}`, ["one ", Buffer.from("two")]);
      expect(stream.writableEnded).toBe(false);
    } finally {
      replaced.mockRestore();
    }
    stream.end();
    expect(await text(stream)).toBe("one two");
  });
});

describe("assertWritable", () => {
  it("accepts new files, old files and devices, and leaves nothing behind", async () => {
    const file = await oldFile("writable");
    for (const target of [file, path("writable/new.csv"), "/dev/null", "/dev/stdout"]) await assertWritable(target);
    expect(await readdir(path("writable"))).toEqual(["map.csv"]);
    expect(await readFile(file, "utf8")).toBe("old");
  });

  it("reports the reason why it cannot write", async () => {
    const file = await oldFile("ways");
    await expect(assertWritable(path("none/map.csv"))).rejects.toMatchObject(failure(/folder .*none: no such file/));
    await expect(assertWritable(path("ways"))).rejects.toMatchObject(
      failure(/is a folder: expected the path of a file$/),
    );
    await expect(assertWritable(join(file, "map.csv"))).rejects.toMatchObject(failure(/not a directory/));
    await expect(assertWritable("/proc/map.csv")).rejects.toMatchObject(failure(/folder \/proc/));
    await expect(assertWritable("")).rejects.toMatchObject({ code: "INVALID_ARGUMENT", argument: "path" });
  });

  it("rejects paths that permissions forbid", async () => {
    const file = await oldFile("forbidden");
    await chmod(file, 0o444);
    // Permissions do not restrict the superuser, who can write to all of these paths.
    const outcome = (target: string) =>
      process.getuid?.() === 0
        ? expect(assertWritable(target)).resolves.toBeUndefined()
        : expect(assertWritable(target)).rejects.toMatchObject(failure(/permission denied/));
    await outcome(file);
    await chmod(path("forbidden"), 0o555);
    await outcome(path("forbidden/new.csv"));
    await chmod(path("forbidden"), 0o755);
  });
});

describe("assertMatrixExtension", () => {
  it("accepts what writeMatrix writes", () => {
    for (const name of ["a.npy", "b.CSV", "c.tsv"]) assertMatrixExtension(name);
    expect(() => assertMatrixExtension("a.pdf")).toThrow(/written as NumPy \(\.npy\)/);
  });
});
