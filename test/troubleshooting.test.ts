import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  assignToGrid,
  compare,
  type MatrixLike,
  positionUncertainty,
  readMatrix,
  runTsne,
  Tsne,
  writeComparison,
  writeMatrix,
} from "../src/index.js";
import { createModel, loadModel, openDataset, selectBackend, train } from "../src/vae/index.js";

/** The messages in the headings of the page. An ellipsis stands for text that varies. */
const headings = [...readFileSync("docs/troubleshooting.md", "utf8").matchAll(/^### `(.*)`$/gm)]
  .map(([, message]) => message)
  // This message comes from Node.js.
  .filter((message) => !message.startsWith("Cannot find package"));

const rows = Array.from({ length: 30 }, (_, i) => [Math.sin(i), i, Math.cos(i)]);
const ones = rows.map(() => [1, 1, 1]);
const produced: string[] = [];
let folder: string;

/** Causes the errors as the page describes them, and collects their messages. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "troubleshooting-"));
  const path = (name: string) => join(folder, name);
  const refuse = async (work: () => unknown) => {
    const error = await Promise.resolve()
      .then(work)
      .catch((reason: Error) => reason);
    expect(error, String(work)).toBeInstanceOf(Error);
    produced.push((error as Error).message);
  };
  await refuse(() => createModel("vae", { height: 4, width: 4 }));
  await refuse(() => selectBackend("node"));
  await refuse(() => runTsne([...rows, [1, Number.NaN, 2]]));
  await refuse(() => runTsne(rows, { sigma: rows.map(() => [1, -1, 1]) }));
  await refuse(() => runTsne(rows, { sigma: rows.slice(1) }));
  await refuse(() => runTsne(rows.slice(1, 3)));
  await refuse(() => runTsne([[1, 2], [1]]));
  await refuse(() => runTsne(rows, { perplexity: 50 }));
  const few: MatrixLike = rows.map(() => [1, 2, 3]);
  await refuse(() => runTsne(rows, { perplexity: 9, neighbors: { indices: few, distances: few } }));
  await refuse(() => runTsne(rows, { distance: "wasserstein" }));
  await refuse(() => runTsne(rows, { sigma: ones, pca: 2 }));
  await refuse(() => runTsne(rows, { method: "fft", outputDimensions: 3 }));
  await refuse(() => runTsne(rows, { perplexty: 5 } as never));
  await refuse(() => runTsne(rows, { signal: AbortSignal.abort() }));
  await refuse(() => runTsne(rows, { learningRate: 1e30 }));
  await refuse(() => runTsne({ data: new Float32Array(3e6), shape: [3e6, 1] }, { perplexity: 9e5 }));

  await refuse(() => readMatrix(path("nothing.npy")));
  await writeFile(path("empty.csv"), "");
  await refuse(() => readMatrix(path("empty.csv")));
  await writeFile(path("words.csv"), "a,b\n1,2\n3,x\n5,6\n");
  await refuse(() => readMatrix(path("words.csv")));
  await writeFile(path("table.csv.gz"), gzipSync("a,b\n1,2\n").subarray(0, 20));
  await refuse(() => readMatrix(path("table.csv.gz")));
  await writeFile(path("lists.jsonl"), '{"u": [1, 2], "v": [3, 4]}\n{"u": [5, 6], "v": [7, 8]}\n');
  await refuse(() => readMatrix(path("lists.jsonl")));
  await writeFile(path("document.pdf"), "%PDF-1.7");
  await refuse(() => readMatrix(path("document.pdf")));
  await writeMatrix(path("full.npy"), rows);
  await writeFile(path("cut.npy"), (await readFile(path("full.npy"))).subarray(0, 200));
  await refuse(() => readMatrix(path("cut.npy")));
  await refuse(() => readMatrix(path("full.npy"), { rows: [10, 50] }));
  await refuse(() => writeMatrix(path("map.txt"), rows));
  await refuse(() => writeMatrix(path("no/such/map.npy"), rows));
  await mkdir(path("other"));
  await writeFile(path("other/file"), "");
  const comparison = await compare(rows, { sigma: ones, iterations: 5 });
  await refuse(() => writeComparison(path("other"), comparison));

  const run = new Tsne(rows, { iterations: 500 });
  await refuse(() => run.place(rows));
  const fitting = run.fit();
  await refuse(() => run.fit());
  await fitting;
  await refuse(() => positionUncertainty(run, { draws: 3 }));
  await writeFile(path("no.tsne"), "hello");
  await refuse(() => Tsne.load(path("no.tsne")));
  await run.save(path("run.tsne"));
  const bytes = await readFile(path("run.tsne"));
  bytes[bytes.length - 100] = bytes[bytes.length - 100] ^ 1;
  await writeFile(path("damaged.tsne"), bytes);
  await refuse(() => Tsne.load(path("damaged.tsne")));
  await refuse(() =>
    assignToGrid(
      [
        [0.1, 0.2],
        [0.3, 0.4],
        [0.5, 0.1],
        [0.9, 0.9],
        [0.2, 0.7],
      ],
      { rows: 2, columns: 2 },
    ),
  );

  await refuse(() => openDataset("mnst"));
  await refuse(() => openDataset("mnist", { download: false, cacheDir: path("cache") }));
  await refuse(() => loadModel(path("other")));
  await selectBackend("cpu");
  const dataset = await openDataset("micrographs", { count: 40, size: 32 });
  const model = (side: number, zDim: number) =>
    createModel("vae", { height: side, width: side, zDim, hiddenDim: 4, numLayers: 1, likelihood: "learned-gaussian" });
  await refuse(() => train(model(28, 2), dataset, { epochs: 1 }));
  await refuse(() => train(model(32, 2), dataset, { epochs: 3, learningRate: 1e30 }));
  await train(model(32, 2), dataset, { epochs: 1, folder: path("run") });
  await refuse(() => train(model(32, 3), dataset, { epochs: 2, folder: path("run") }));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Messages that no test can cause in a reasonable time. They are searched for in the source files. */
const IN_SOURCES: readonly (readonly [RegExp, string])[] = [
  [/no native binary can be used/, "native/addon/binding.cjs"],
  [/^SIGMA_TSNE_BACKEND must be/, "native/addon/binding.cjs"],
  [/cannot compute in this browser/, "src/browser/computer.ts"],
  [/^not enough memory/, "src/binding.ts"],
  [/^…: is a saved run of format version/, "src/tsne/run-file.ts"],
  [/no more threads/, "native/support/failure.cpp"],
  [/another training \(process/, "src/vae/training/lock.ts"],
];

test.each(headings)("%s", (heading) => {
  const pieces = heading.split("…");
  const source = IN_SOURCES.find(([pattern]) => pattern.test(heading))?.[1];
  if (source !== undefined) {
    // Join strings that are split over several lines.
    const text = readFileSync(source, "utf8").replace(/["`] \+\s*["`]/g, "");
    for (const piece of pieces) expect(text).toContain(piece.replace(/^: /, ""));
    return;
  }
  const escaped = pieces.map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`^${escaped.join(".*")}$`, "s");
  expect(produced.filter((message) => pattern.test(message))).not.toEqual([]);
});
