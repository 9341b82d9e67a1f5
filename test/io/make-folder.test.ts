import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder } from "../../src/io/make-folder.js";
import { useFolder } from "./folder.js";

const path = useFolder();

test("folders are created with their parents, and may exist already", async () => {
  await makeFolder(path("a/b/c"));
  await makeFolder(path("a/b/c"));
  await mkdir(path("d"));
  await makeFolder(path("d/e"));
  expect([await readdir(path("a/b")), await readdir(path("d"))]).toEqual([["c"], ["e"]]);
});

test("the error names the file that prevents creating a folder", async () => {
  await writeFile(path("file"), "");
  const failure = (reason: RegExp) => ({ code: "FILE_WRITE", message: expect.stringMatching(reason) });
  await expect(makeFolder(path("file"))).rejects.toMatchObject(failure(/file already exists$/));
  await expect(makeFolder(join(path("file"), "x"))).rejects.toMatchObject(failure(/not a directory$/));
  await expect(makeFolder("/proc/x/y")).rejects.toMatchObject(failure(/cannot be created: no such file or directory$/));
});
