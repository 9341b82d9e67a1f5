import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { AbortError } from "../../src/errors.js";
import { Decoder } from "../../src/explorer/server/decoder.js";
import { selectBackend } from "../../src/vae/backends/index.js";
import { buildDecoderThread, drawCodes, expectSameOnThread, saveModel } from "./decoder-thread.js";

let folder: string;
let thread: Decoder | undefined;

beforeAll(async () => {
  await buildDecoderThread();
  await selectBackend("wasm");
  folder = await mkdtemp(join(tmpdir(), "sigma-tsne-decoder-"));
});
afterEach(() => thread?.close());
afterAll(() => rm(folder, { recursive: true }));

const open = (path: string): Decoder => {
  thread = new Decoder({ path, backend: "wasm" });
  return thread;
};

async function openVae(): Promise<Decoder> {
  const { model, path } = await saveModel(folder, "vae");
  model.dispose();
  return open(path);
}

// test/e2e/decoder.test.ts repeats this test with every model.
test.each([
  ["bnn-ae", 1],
  ["vae", 3],
] as const)(
  "%s with %i channels decodes and encodes on a separate thread with the same results as on the main thread",
  async (name, channels) => {
    await expectSameOnThread(folder, name, channels);
  },
);

test("pictures show the decoded images, 0 as black and 1 as white, after the given images", async () => {
  const { model, path } = await saveModel(folder, "vae", 3);
  const decoder = open(path);
  const codes = drawCodes(5);
  const before = new Float32Array(model.pixels).fill(1);
  const sheet = await decoder.perform("drawSheet", { codes, layout: { columns: 4, before } });
  const { data, info } = await sharp(sheet).raw().toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: 64, height: 32, channels: 3 });
  const images = await model.decode({ data: codes, rows: 5, cols: 3 });
  for (const [image, column, row] of [
    [0, 1, 0],
    [4, 1, 1],
  ] as const) {
    for (const [y, x, c] of [
      [0, 0, 0],
      [7, 9, 1],
      [15, 15, 2],
    ] as const) {
      const value = images[image * model.pixels + (y * 16 + x) * 3 + c];
      const shown = data[((row * 16 + y) * 64 + column * 16 + x) * 3 + c];
      expect(Math.abs(shown - 255 * value)).toBeLessThanOrEqual(0.5001);
    }
  }
  expect([...data.subarray(0, 16 * 3)]).toEqual(Array(48).fill(255));
  // This is beyond the last image.
  expect(data[(16 * 64 + 40) * 3]).toBe(0);
  const gif = await sharp(await decoder.perform("drawGif", { codes, options: { delay: 40 } })).metadata();
  expect(gif).toMatchObject({ format: "gif", pages: 5, loop: 0 });
  model.dispose();
});

test("only the newest waiting request of a slider is computed", async () => {
  const decoder = await openVae();
  const code = (value: number) => ({ codes: Float32Array.of(value, 0, 0) });
  const done: string[] = [];
  const note = (name: string) => (result: unknown) => {
    done.push(result instanceof AbortError ? `${name} overtaken` : name);
  };
  const asked = [
    ...[0, 1, 2].map((i) => decoder.perform("decode", code(i)).then(note(`other ${i}`))),
    ...[0, 1, 2, 3].map((i) =>
      decoder.perform("decode", code(i), { newestOf: "slider" }).then(note(`slider ${i}`), note(`slider ${i}`)),
    ),
    decoder.perform("decode", code(9), { newestOf: "another" }).then(note("another slider")),
  ];
  await Promise.all(asked);
  expect(done.slice(0, 3)).toEqual(["slider 0 overtaken", "slider 1 overtaken", "slider 2 overtaken"]);
  expect(done.filter((name) => name.endsWith("overtaken"))).toHaveLength(3);
  // It was served before earlier tasks.
  expect(done.indexOf("slider 3")).toBeLessThan(done.indexOf("other 1"));
  expect(done).toContain("another slider");
});

test("tasks beyond the limit of waiting tasks are rejected, and canceled tasks make space", async () => {
  const decoder = await openVae();
  const codes = new Float32Array(3);
  const controllers = Array.from({ length: 32 }, () => new AbortController());
  const waiting = controllers.map(({ signal }) => decoder.perform("decode", { codes }, { signal }));
  await expect(decoder.perform("decode", { codes })).rejects.toMatchObject({ code: "BUSY" });
  for (const controller of controllers) controller.abort();
  const ends = await Promise.allSettled(waiting);
  expect(ends.every((end) => end.status === "rejected" && end.reason instanceof AbortError)).toBe(true);
  await expect(decoder.perform("decode", { codes })).resolves.toHaveLength(256);
  await expect(decoder.perform("decode", { codes }, { signal: AbortSignal.abort() })).rejects.toThrow(AbortError);
});

test("errors keep their codes, and the thread continues", async () => {
  const decoder = await openVae();
  const wrong = decoder.perform("decode", { codes: new Float32Array(4) });
  await expect(wrong).rejects.toMatchObject({ code: "SHAPE_MISMATCH" });
  const many = decoder.perform("drawSheet", { codes: new Float32Array(3 * 300_000), layout: { columns: 512 } });
  await expect(many).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
  await expect(decoder.perform("decode", { codes: new Float32Array(6) })).resolves.toHaveLength(512);
});

test("a folder without a model, and one with a damaged model, are reported each time", async () => {
  await mkdir(join(folder, "damaged"));
  await writeFile(join(folder, "damaged", "model.safetensors"), "no tensors");
  for (const [name, code] of [
    ["missing", "FILE_READ"],
    ["damaged", "FILE_FORMAT"],
  ] as const) {
    const decoder = open(join(folder, name));
    await expect(decoder.model()).rejects.toMatchObject({ code });
    await expect(decoder.perform("decode", { codes: new Float32Array(3) })).rejects.toMatchObject({ code });
    await decoder.close();
  }
});

test("closing stops running tasks", async () => {
  const decoder = await openVae();
  await decoder.model();
  const working = [0, 1].map(() => decoder.perform("decode", { codes: new Float32Array(3 * 4096) }));
  const ends = Promise.allSettled(working);
  await decoder.close();
  expect((await ends).map((end) => end.status === "rejected" && end.reason.code)).toEqual(["ABORTED", "ABORTED"]);
  await expect(decoder.perform("decode", { codes: new Float32Array(3) })).rejects.toThrow(AbortError);
  await decoder.close();
});
