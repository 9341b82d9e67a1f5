import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { selectBackend } from "../../../src/vae/backends/index.js";
import { createModel, loadModel } from "../../../src/vae/models/index.js";

test("before a backend is selected, createModel explains what to do, and loadModel selects a backend", async () => {
  const options = { height: 4, width: 4, zDim: 1, hiddenDim: 3 };
  expect(() => createModel("vae", options)).toThrow(
    expect.objectContaining({
      code: "BACKEND_UNAVAILABLE",
      message: "no backend is selected: await selectBackend() before createModel()",
    }),
  );
  await selectBackend("cpu");
  const folder = await mkdtemp(join(tmpdir(), "no-backend-"));
  try {
    await createModel("vae", options).save(folder);
    tf.removeBackend("cpu");
    expect((await loadModel(folder)).configuration).toMatchObject(options);
  } finally {
    await rm(folder, { recursive: true });
  }
});
