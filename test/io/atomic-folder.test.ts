import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { assertFolderWritable, type FolderOptions, writeFolderAtomic } from "../../src/io/atomic-folder.js";
import { useFolder } from "./folder.js";

const path = useFolder();
const options: FolderOptions = {
  kind: "an earlier result",
  isReplaceable: async (_, names) => names.every((name) => name.startsWith("result")),
};
const fillWith = (name: string, text: string) => (folder: string) => writeFile(join(folder, name), text);

test("a folder appears complete, and is replaced as a whole if that is allowed", async () => {
  const folder = path("new");
  await writeFolderAtomic(folder, fillWith("result-1", "one"), options);
  expect(await readdir(folder)).toEqual(["result-1"]);
  await writeFolderAtomic(folder, fillWith("result-2", "two"), options);
  expect(await readdir(folder)).toEqual(["result-2"]);
});

test("a folder with other content is rejected, before the work and after it", async () => {
  const folder = path("foreign");
  await mkdir(folder);
  await writeFile(join(folder, "thesis.tex"), "years");
  const refusal = {
    code: "FILE_WRITE",
    message: expect.stringContaining("contains something other than an earlier result"),
  };
  await expect(assertFolderWritable(folder, options)).rejects.toMatchObject(refusal);
  await expect(writeFolderAtomic(folder, fillWith("result", "x"), options)).rejects.toMatchObject(refusal);
  expect(await readdir(folder)).toEqual(["thesis.tex"]);
});

test("force adds the files and keeps all others", async () => {
  const folder = path("forced");
  await mkdir(folder);
  await writeFile(join(folder, "thesis.tex"), "years");
  await writeFile(join(folder, "result"), "old");
  await writeFolderAtomic(folder, fillWith("result", "new"), { ...options, force: true });
  expect((await readdir(folder)).sort()).toEqual(["result", "thesis.tex"]);
  expect(await readFile(join(folder, "result"), "utf8")).toBe("new");
});

test("a failure or an abort leaves only the earlier folder", async () => {
  const folder = path("failed");
  await writeFolderAtomic(folder, fillWith("result", "first"), options);
  const before = await readdir(dirname(folder));
  const failing = async (temporary: string) => {
    await fillWith("result", "half")(temporary);
    throw new Error("power cut");
  };
  await expect(writeFolderAtomic(folder, failing, options)).rejects.toThrow("power cut");
  const signal = AbortSignal.abort();
  await expect(writeFolderAtomic(folder, fillWith("result", "x"), { ...options, signal })).rejects.toMatchObject({
    code: "ABORTED",
  });
  expect(await readdir(dirname(folder))).toEqual(before);
  expect(await readFile(join(folder, "result"), "utf8")).toBe("first");
});

test("links are followed, and files and missing parent folders are rejected", async () => {
  await mkdir(path("real"));
  await symlink(path("real"), path("link"));
  await writeFolderAtomic(path("link"), fillWith("result", "x"), options);
  expect(await readdir(path("real"))).toEqual(["result"]);
  await writeFile(path("file"), "");
  for (const bad of [path("file"), path("no/such")]) {
    await expect(assertFolderWritable(bad, options)).rejects.toMatchObject({ code: "FILE_WRITE", path: bad });
  }
});
