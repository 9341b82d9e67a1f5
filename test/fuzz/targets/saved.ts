import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tsne } from "../../../src/tsne/index.js";
import type { ModelName } from "../../../src/vae/models/settings.js";
import { makeGroups, makeUniform } from "../../tsne/points.js";
import { type Envelope, promise, type Target, tolerate } from "../target.js";
import { isOurs } from "./files.js";

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "sigma-tsne-fuzz-seeds-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const sha256 = (...pieces: Uint8Array[]): Buffer => {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
};

const RUN_PRELUDE = 16;

/** The envelope of a saved run: header and arrays, without the lengths before them and the checksum after them. */
const runEnvelope: Envelope = {
  open(bytes) {
    const file = Buffer.from(bytes);
    if (file.length < RUN_PRELUDE + 32) return undefined;
    const end = RUN_PRELUDE + file.readUInt32LE(12);
    if (end > file.length - 32) return undefined;
    return [
      file.subarray(0, 12),
      Buffer.from(file.toString("utf8", RUN_PRELUDE, end).trimEnd()),
      file.subarray(end, -32),
    ];
  },
  seal([start = new Uint8Array(), header = new Uint8Array(), arrays = new Uint8Array()]) {
    const length = Buffer.alloc(4);
    const filled = Buffer.alloc(Math.ceil((RUN_PRELUDE + header.length) / 64) * 64 - RUN_PRELUDE, " ");
    filled.set(header);
    length.writeUInt32LE(filled.length);
    const content = Buffer.concat([start, length, filled, arrays]);
    return Buffer.concat([content, sha256(content)]);
  },
};

/**
 * The envelope of tensors in the safetensors format: header and data. The checksum covers the facts in the metadata,
 * the entries and the data.
 */
const tensorEnvelope: Envelope = {
  open(bytes) {
    const file = Buffer.from(bytes);
    if (file.length < 8) return undefined;
    const length = Number(file.readBigUInt64LE(0));
    if (length > file.length - 8) return undefined;
    try {
      const { __metadata__, ...entries } = JSON.parse(file.toString("utf8", 8, 8 + length));
      return [Buffer.from(__metadata__.facts), Buffer.from(JSON.stringify(entries)), file.subarray(8 + length)];
    } catch {
      return undefined;
    }
  },
  seal([facts = new Uint8Array(), entries = new Uint8Array(), data = new Uint8Array()]) {
    const text = Buffer.from(facts).toString();
    let rest = {};
    try {
      rest = JSON.parse(Buffer.from(entries).toString());
    } catch {}
    const digest = sha256(Buffer.from(JSON.stringify([text, Object.entries(rest)])), data).toString("hex");
    const header = Buffer.from(JSON.stringify({ __metadata__: { facts: text, sha256: digest }, ...rest }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return Buffer.concat([length, header, data]);
  },
};

/** Loads TensorFlow.js, which only these targets need. */
async function loadModels() {
  const [{ selectBackend }, { loadModel }, { createModel }, { readTensorFile }, { openRun }] = await Promise.all([
    import("../../../src/vae/backends/index.js"),
    import("../../../src/vae/models/index.js"),
    import("../../../src/vae/models/registry.js"),
    import("../../../src/vae/models/safetensors.js"),
    import("../../../src/vae/runs/index.js"),
  ]);
  await selectBackend("wasm", { threads: 1 });
  return { loadModel, createModel, readTensorFile, openRun };
}

const image = { height: 4, width: 3 };
const small = { ...image, hiddenDim: 4, zDim: 2 };

export const savedTargets: readonly Target[] = [
  {
    name: "run",
    extension: ".tsne",
    seeds: () =>
      inFolder(async (folder) => {
        const seeds: Uint8Array[] = [];
        const data = makeGroups(12, 3);
        const distances = makeUniform(12, 12, 1, 2);
        const all = [
          {},
          { sigma: makeUniform(12, 3, 0.1, 1) },
          { pca: 2, outputDimensions: 3 },
          { neighbors: { distances } },
        ];
        for (const options of all) {
          const run = new Tsne(data, { iterations: 5, threads: 1, ...options });
          await run.fit(3);
          const path = join(folder, "run");
          await run.save(path);
          seeds.push(await readFile(path));
        }
        return seeds;
      }),
    run: (_, path) =>
      tolerate(isOurs, async () => {
        const signal = AbortSignal.timeout(500);
        const run = await Tsne.load(path, { threads: 2, signal });
        const [n, d] = run.shape;
        await tolerate(
          isOurs,
          async () => {
            const sigma = run.hasSigma ? { sigma: new Float32Array(d).map(() => 0.5) } : {};
            const wide = Object.fromEntries(
              Object.entries(sigma).map(([name, row]) => [name, { data: row, rows: 1, cols: d }]),
            );
            const { embedding } = await run.place({ data: new Float32Array(d), rows: 1, cols: d }, { ...wide, signal });
            promise(embedding.data.every(Number.isFinite), "positions are finite");
          },
          async () => {
            const { embedding } = await run.fit(2);
            promise(embedding.rows === n && embedding.data.every(Number.isFinite), "an embedding is finite");
          },
          () => run.save(`${path}.again`),
        );
      }),
    envelope: runEnvelope,
  },
  {
    name: "model",
    extension: ".safetensors",
    seeds: () =>
      inFolder(async (folder) => {
        const { createModel } = await loadModels();
        const seeds: Uint8Array[] = [];
        const configurations: [ModelName, object][] = [
          ["ae", small],
          ["vae", small],
          ["gmvae", { ...small, clusters: 2 }],
          ["bnn-vae", small],
        ];
        for (const [name, configuration] of configurations) {
          const model = createModel(name, configuration as typeof image);
          await model.save(folder);
          model.dispose();
          seeds.push(await readFile(join(folder, "model.safetensors")));
        }
        return seeds;
      }),
    run: (_, path) =>
      tolerate(
        isOurs,
        async () => {
          const { tensors } = await (await loadModels()).readTensorFile(path);
          for (const { shape, values } of tensors.values()) {
            promise(
              shape.reduce((a, b) => a * b, 1) === values.length,
              "a tensor has as many numbers as its shape says",
            );
          }
        },
        async () => {
          const model = await (await loadModels()).loadModel(path);
          model.dispose();
        },
      ),
    envelope: tensorEnvelope,
  },
  {
    name: "run-configuration",
    extension: ".json",
    seeds: async () => [
      Buffer.from(
        JSON.stringify({ dataset: { count: 60, origin: { source: "micrographs", options: { count: 60 } } } }),
      ),
      Buffer.from("{}"),
    ],
    run: (bytes) =>
      inFolder((folder) =>
        tolerate(isOurs, async () => {
          const { createModel, openRun } = await loadModels();
          await writeFile(join(folder, "config.json"), bytes);
          const model = createModel("ae", small);
          await model.save(folder);
          model.dispose();
          (await openRun(folder)).model.dispose();
        }),
      ),
  },
];
