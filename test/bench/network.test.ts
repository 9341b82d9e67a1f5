import { expect, test } from "vitest";
import { formatNetworks, generateImages, type NetworkRecord } from "../../bench/network.js";

const run = { round: 0, load: 0, loss: 100, peakMib: 50, description: "" };

const RECORD: NetworkRecord = {
  date: "2026-01-02T00:00:00Z",
  machine: { cpu: "a processor", cores: 2, memoryGib: 8, system: "Linux", load: 0 },
  versions: { node: "20" },
  images: { name: "made up", n: 1000 },
  settings: { threads: 2, batch: 128, epochs: 2, rounds: 2, timeout: 10 },
  failures: [{ network: "conv", trainer: "wasm", failure: "Error: no such kernel" }],
  runs: [
    { ...run, network: "dense", trainer: "ours", seconds: [9, 2], cpu: [9, 1] },
    { ...run, network: "dense", trainer: "wasm", seconds: [8, 12], cpu: [8, 12] },
    { ...run, network: "dense", trainer: "ours", seconds: [3, 4], cpu: [2, 2], round: 1 },
    { ...run, network: "dense", trainer: "wasm", seconds: [40, 24], cpu: [40, 24], round: 1 },
  ],
};

test("the epochs of one round that use the least processor time are compared, and failures are reported", () => {
  const table = formatNetworks(RECORD);
  expect(table).toContain(
    "| **dense**: 784-400-20 | sigma-tsne, native kernels in WebAssembly | 1.50 | 2.50 | 1.00 | 100.0 | 50 |",
  );
  expect(table).toContain("|  | TensorFlow.js, WebAssembly | 16.0 | 16.0 | 10.0 | 100.0 | 50 |");
  expect(table).toContain("Error: no such kernel");
  expect(table).toContain("1,000 images (made up), batches of 128");
});

test("generated images have values from 0 to 1", () => {
  const { data, rows, cols } = generateImages(3);
  expect([rows, cols]).toEqual([3, 784]);
  expect(data.every((value) => value >= 0 && value <= 1)).toBe(true);
  expect(data.some((value) => value > 0)).toBe(true);
});
