import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openEventFile } from "../../../src/vae/tensorboard/index.js";
import { ScalarReader } from "../../../src/vae/tensorboard/read-scalars.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "scalars-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("reads the last value of each tag that was logged since the last call", async () => {
  const reader = new ScalarReader(folder);
  expect(await reader.read()).toEqual({});
  const log = await openEventFile(folder);
  await log.write(1, { scalars: { loss: 3, kl: 1 }, histograms: { weights: [1, 2, 3] } });
  await log.write(2, { scalars: { loss: 2 } });
  expect(await reader.read()).toEqual({ loss: 2, kl: 1 });
  expect(await reader.read()).toEqual({});
  await log.write(3, { scalars: { loss: 0 } });
  expect(await reader.read()).toEqual({ loss: 0 });
  await log.close();
});

it("waits for records to be complete, and stops at damaged ones", async () => {
  const log = await openEventFile(folder);
  await log.write(1, { scalars: { loss: 1.5 } });
  await log.close();
  const [name = ""] = await readdir(folder);
  const path = join(folder, name);
  const whole = await readFile(path);
  const reader = new ScalarReader(folder);
  for (const length of [0, 5, 12, whole.length - 1]) {
    await writeFile(path, whole.subarray(0, length));
    expect(await reader.read()).toEqual({});
  }
  await appendFile(path, whole.subarray(-1));
  expect(await reader.read()).toEqual({ loss: 1.5 });
  await appendFile(path, Buffer.alloc(64, 0xff));
  expect(await reader.read()).toEqual({});
});

it("continues with the newest file, and returns nothing if there is no folder", async () => {
  await writeFile(join(folder, "events.out.tfevents.0000000001.a.1.0"), "");
  const reader = new ScalarReader(folder);
  expect(await reader.read()).toEqual({});
  const log = await openEventFile(folder);
  await log.write(1, { scalars: { loss: 4 } });
  expect(await reader.read()).toEqual({ loss: 4 });
  await log.close();
  expect(await new ScalarReader(join(folder, "nothing")).read()).toEqual({});
});
