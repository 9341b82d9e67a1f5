import { totalmem } from "node:os";
import { expect, test } from "vitest";
import { allocate } from "../../src/io/allocation.js";

test("numbers that do not fit into free memory are rejected with the needed memory", () => {
  expect(allocate("a.npy", Float32Array, 7)).toEqual(new Float32Array(7));
  for (const length of [totalmem() / 4, 2 ** 53 - 1]) {
    expect(() => allocate("a.npy", Float64Array, Math.floor(length))).toThrow(
      expect.objectContaining({
        code: "OUT_OF_MEMORY",
        message: expect.stringMatching(/^a\.npy: \d+ numbers need \d+\.\d GiB, but only \d+\.\d GiB are free/),
      }),
    );
  }
});
