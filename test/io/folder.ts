import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

/**
 * Creates a folder for the tests of one file. Returns a function that converts a file name to its path in the folder.
 */
export function useFolder(): (name: string) => string {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sigma-tsne-io-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  return (name) => join(folder, name);
}
