import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { selectBackend } from "../../src/vae/backends/index.js";
import { MODELS } from "../../src/vae/models/index.js";
import { expectSameOnThread } from "../explorer/decoder-thread.js";

let folder: string;
beforeAll(async () => {
  await selectBackend("wasm");
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-decoder-"));
});
afterAll(() => rm(folder, { recursive: true }));

test.each(MODELS)(
  "%s decodes and encodes on a separate thread with the same results as on the main thread",
  async (name) => {
    await expectSameOnThread(folder, name, 1);
  },
);
