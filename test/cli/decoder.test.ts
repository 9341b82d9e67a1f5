import { afterAll, beforeAll, expect, test } from "vitest";
import { Decoder } from "../../src/explorer/server/decoder.js";
import { openArrayFile, writeMatrix } from "../../src/io/index.js";
import { Matrix } from "../../src/matrix.js";
import { selectBackend } from "../../src/vae/backends/index.js";
import { createModel } from "../../src/vae/models/index.js";
import { Random } from "../../src/vae/random.js";
import { Workplace } from "./workplace.js";

let place: Workplace;

beforeAll(async () => {
  place = await Workplace.create();
  await selectBackend("cpu");
});
afterAll(() => place.remove());

test.each(["conv-vae", "bnn-vae"] as const)(
  "the explorer decodes %s to the bytes of `sigma-tsne decode`",
  async (name) => {
    const model = createModel(name, { height: 16, width: 16, zDim: 4, hiddenDim: 32 });
    await model.save(place.path(name));
    const codes = new Random(7, 0, 0).normals(4 * 37);
    await writeMatrix(place.path("codes.npy"), new Matrix(codes, 37, 4));
    const args = ["decode", name, "codes.npy", "-o", "images.npy"];
    expect(await place.run(args)).toMatchObject({ code: 0 });
    const file = await openArrayFile(place.path("images.npy"));
    const decoder = new Decoder({ path: place.path(name) });
    try {
      const images = await decoder.perform("decode", { codes });
      expect(await file.read(Int32Array.from({ length: 37 }, (_, i) => i))).toEqual(images);
    } finally {
      await file.close();
      await decoder.close();
    }
  },
);
