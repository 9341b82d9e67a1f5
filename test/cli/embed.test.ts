import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readMatrix, writeMatrix } from "../../src/io/index.js";
import { makeGroups, toCsv, Workplace } from "./workplace.js";

const n = 150;
const groups = 3;
const data = makeGroups(n, 6, groups);
const quick = ["--iterations", "120", "--early-exaggeration-iterations", "60", "--perplexity", "10", "--quiet"];

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  await workplace.write("mu.csv", toCsv(data));
  await workplace.write("sd.csv", toCsv(data.map((row, i) => row.map((_, j) => 0.1 + ((i + j) % 5) / 5))));
  await workplace.write("labels.txt", data.map((_, i) => `group ${i % groups}\n`).join(""));
  await writeMatrix(workplace.path("mu.npy"), data);
});
afterAll(() => workplace.remove());

it("writes the embedding, prints one sentence, and shows facts and stages on standard error", async () => {
  const { code, stdout, stderr } = await workplace.run([
    ...["embed", "mu.csv", "--sigma", "sd.csv", "-o", "said.npy"],
    ...["--iterations", "200", "--threads", "1", "--perplexity", "10"],
  ]);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^Embedding of 150 points written to said\.npy: KL \d+\.\d{4} after 200 iterations, variance floor \d\.\d+, \d+\.\d s\.\n$/,
  );
  const [columns, ...lines] = stderr.split("\n");
  expect(columns).toBe("mu.csv: Data: 6 columns (without names: 0 ... 5).");
  expect(lines[0]).toBe(
    "150 points x 6 values, inverse-variance distance, perplexity 10, threads 1, up to 1 MiB of memory",
  );
  expect(lines).toContain("optimization");
  expect(stderr).toMatch(/\niteration 1\d\d of 200, KL \d+\.\d{4}\n/);
  expect(stderr).not.toContain("\x1b");
});

it("prints only one JSON object on one line to standard output with --json", async () => {
  const { code, stdout, stderr } = await workplace.run([
    ...["embed", "mu.csv", "--sigma", "sd.csv", "-o", "object.npy", "--plot", "object.png", "--json", "--seed", "7"],
    ...["--threads", "2", "--labels", "labels.txt", ...quick],
  ]);
  expect(code).toBe(0);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^\{[^\n]*\}\n$/);
  const number = expect.any(Number);
  expect(JSON.parse(stdout)).toEqual({
    n,
    input_dimensions: 6,
    columns: "Data: 6 columns (without names: 0 ... 5).",
    notes: [],
    dropped_rows: 0,
    output_dimensions: 2,
    kl: number,
    iterations: 120,
    optimizer: "curvature",
    stopped: "iterations",
    method: "barnes-hut",
    distance: "inverse-variance",
    variance_floor: number,
    neighbors: "exact",
    recall: 1,
    perplexity: 10,
    theta: 0.5,
    learning_rate: null,
    threads: 2,
    seed: 7,
    pca: null,
    output: "object.npy",
    plot: "object.png",
    save: null,
    table: null,
    uncertainty: null,
    animation: null,
    snapshots: null,
    seconds: {
      total: number,
      read: number,
      pca: number,
      neighbors: number,
      affinities: number,
      initialization: number,
      optimization: number,
      write: number,
    },
  });
  const picture = await readFile(workplace.path("object.png"));
  expect(picture.subarray(1, 4).toString()).toBe("PNG");
});

it("reports the exact method and the principal components in --json", async () => {
  const { stdout } = await workplace.run([
    ...["embed", "mu.npy", "-o", "exact.npy", "--theta", "0", "--pca", "3", "--json", ...quick],
  ]);
  expect(JSON.parse(stdout)).toMatchObject({
    method: "exact",
    pca: 3,
    input_dimensions: 6,
    distance: "euclidean",
    plot: null,
  });
});

it("prints nothing at all with --quiet", async () => {
  const outcome = await workplace.run(["embed", "mu.npy", "-o", "quiet.npy", ...quick]);
  expect(outcome).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
});

it("writes the same bytes with any number of threads", async () => {
  for (const threads of ["1", "2"]) {
    const args = [
      "embed",
      "mu.csv",
      "--sigma",
      "sd.csv",
      "-o",
      `threads${threads}.npy`,
      "--threads",
      threads,
      ...quick,
    ];
    expect((await workplace.run(args)).code).toBe(0);
  }
  const [one, two] = await Promise.all(["1", "2"].map((threads) => readFile(workplace.path(`threads${threads}.npy`))));
  expect(one?.equals(two as Buffer)).toBe(true);
});

it("computes the same embedding from CSV and .npy input, for both output formats", async () => {
  for (const args of [
    ["embed", "mu.csv", "-o", "from-csv.csv"],
    ["embed", "mu.npy", "-o", "from-npy.npy"],
  ]) {
    expect((await workplace.run([...args, ...quick])).code).toBe(0);
  }
  const text = await readMatrix(workplace.path("from-csv.csv"));
  const binary = await readMatrix(workplace.path("from-npy.npy"));
  expect(text.shape).toEqual([n, 2]);
  // Numbers from text are float64 and have the digits of float32 numbers.
  expect(Float32Array.from(text.data)).toEqual(binary.data);
});

it("separates known groups", async () => {
  await workplace.run(["embed", "mu.npy", "-o", "groups.npy", ...quick, "--iterations", "400"]);
  const embedding = await readMatrix(workplace.path("groups.npy"));
  const nearestIsOfOwnGroup = Array.from({ length: n }, (_, i) => {
    const distances = Array.from({ length: n }, (_, j) =>
      i === j
        ? Infinity
        : (embedding.at(i, 0) - embedding.at(j, 0)) ** 2 + (embedding.at(i, 1) - embedding.at(j, 1)) ** 2,
    );
    return distances.indexOf(Math.min(...distances)) % groups === i % groups;
  });
  expect(nearestIsOfOwnGroup.filter(Boolean).length).toBeGreaterThan(0.95 * n);
});

it("applies --rows to every file with as many rows as the data", async () => {
  await workplace.write("mu-cut.csv", toCsv(data.slice(20, 120)));
  await workplace.write("sd-cut.csv", toCsv(data.slice(20, 120).map((row) => row.map(() => 0.3))));
  await workplace.write("sd-all.csv", toCsv(data.map((row) => row.map(() => 0.3))));
  const runs = {
    "before.csv": ["mu-cut.csv", "--sigma", "sd-cut.csv"],
    "within.csv": ["mu.csv", "--sigma", "sd-all.csv", "--rows", "20:120", "--labels", "labels.txt", "--table", "t.csv"],
    "mixed.csv": ["mu.csv", "--sigma", "sd-cut.csv", "--rows", "20:-30"],
  };
  const embeddings = [];
  for (const [output, args] of Object.entries(runs)) {
    expect(await workplace.run(["embed", ...args, "-o", output, ...quick])).toMatchObject({ code: 0, stderr: "" });
    embeddings.push(await readFile(workplace.path(output), "utf8"));
  }
  expect(embeddings[1]).toBe(embeddings[0]);
  expect(embeddings[2]).toBe(embeddings[0]);
});

it("starts from the embedding of an --init file", async () => {
  const start = data.map((row) => row.slice(0, 2).map(Math.fround));
  await workplace.write("start.csv", toCsv(start));
  const args = ["embed", "mu.npy", "--init", "start.csv", "-o", "stay.npy", "--quiet", "--iterations", "0"];
  expect(await workplace.run(args)).toMatchObject({ code: 0, stderr: "" });
  const stay = await readMatrix(workplace.path("stay.npy"));
  const center = [0, 1].map((j) => start.reduce((sum, row) => sum + row[j], 0) / n);
  const shift = [0, 1].map((j) => stay.at(0, j) - start[0]?.[j]);
  // The core may shift an embedding so that its center is 0. The shift does not change the distances between points.
  for (const j of [0, 1]) expect([0, -center[j]].some((by) => Math.abs(by - shift[j]) < 1e-5)).toBe(true);
  start.forEach((row, i) => {
    for (const j of [0, 1]) expect(stay.at(i, j)).toBeCloseTo(row[j] + shift[j], 5);
  });
});

it.each(["1", "3"])("draws an embedding of %s dimensions", async (dimensions) => {
  const args = [
    "embed",
    "mu.npy",
    "-o",
    `dimensions${dimensions}.tsv`,
    "--output-dimensions",
    dimensions,
    "--plot",
    `dimensions${dimensions}.svg`,
    ...quick,
  ];
  expect(await workplace.run([...args, "--labels", "labels.txt"])).toMatchObject({ code: 0, stderr: "" });
  expect((await readMatrix(workplace.path(`dimensions${dimensions}.tsv`))).shape).toEqual([n, Number(dimensions)]);
  expect(await readFile(workplace.path(`dimensions${dimensions}.svg`), "utf8")).toContain("<svg");
});

it("replaces an existing output file", async () => {
  await workplace.write("again.csv", "old");
  expect((await workplace.run(["embed", "mu.npy", "-o", "again.csv", ...quick])).code).toBe(0);
  expect((await workplace.run(["embed", "mu.npy", "-o", "again.csv", "--seed", "2", ...quick])).code).toBe(0);
  expect((await readMatrix(workplace.path("again.csv"))).rows).toBe(n);
  expect((await readdir(workplace.folder)).filter((name) => name.includes(".tmp"))).toEqual([]);
});

it("draws an animation and writes snapshots", async () => {
  const { code, stdout } = await workplace.run([
    ...[
      "embed",
      "mu.csv",
      "-o",
      "end.npy",
      "--animate",
      "forming.gif",
      "--snapshots",
      "forming.npy",
      "--labels",
      "labels.txt",
    ],
    ...["--snapshot-every", "50", "--json", ...quick],
  ]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ animation: "forming.gif", snapshots: "forming.npy" });
  const gif = await readFile(workplace.path("forming.gif"));
  expect(gif.subarray(0, 6).toString("latin1")).toBe("GIF89a");
  const snapshots = await readFile(workplace.path("forming.npy"));
  // The snapshots of the iterations 0, 50, 100 and 120, the last one.
  expect(snapshots.toString("latin1")).toContain(`'shape': (4, ${n}, 2)`);
  const end = await readFile(workplace.path("end.npy"));
  expect(Buffer.compare(snapshots.subarray(-n * 8), end.subarray(-n * 8))).toBe(0);
});

it("accepts auto or a number as variance floor, and reports the floor in use", async () => {
  const floorOf = async (...flags: string[]) => {
    const { stdout } = await workplace.run([
      ...["embed", "mu.csv", "--sigma", "sd.csv", "-o", "floor.npy", "--json", ...quick, ...flags],
    ]);
    return JSON.parse(stdout).variance_floor as number | null;
  };
  const estimated = await floorOf();
  expect(estimated).toBeGreaterThan(0);
  expect(await floorOf("--variance-floor", "auto")).toBe(estimated);
  expect(await floorOf("--variance-floor", "0.01")).toBe(0.01);
  expect(await floorOf("--distance", "expected")).toBeNull();
});

it("warns about a value far beyond all others, on standard error and in the notes", async () => {
  const rows = data.map((row, i) => (i === 20 ? row.map((value, j) => (j === 4 ? 1e30 : value)) : row));
  await workplace.write("fill.csv", toCsv(rows));
  const shown = await workplace.run(["embed", "fill.csv", "-o", "fill.npy", ...quick.slice(0, -1)]);
  expect(shown).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Row 20 lies .* column 4 is 1e\+30\./m) });
  const { stdout } = await workplace.run(["embed", "fill.csv", "-o", "fill.npy", "--json", ...quick]);
  expect(JSON.parse(stdout).notes).toContainEqual(expect.stringMatching(/^Row 20 lies/));
});

it("warns about a wide start, and rescales it with --rescale-init", async () => {
  await workplace.write("wide.csv", toCsv(data.map((_, i) => [Math.sin(i) * 1e4, Math.cos(i) * 1e4])));
  const wide = ["embed", "mu.csv", "-o", "wide.npy", "--init", "wide.csv", "--json", ...quick];
  const plain = JSON.parse((await workplace.run(wide)).stdout);
  expect(plain.notes).toContainEqual(expect.stringContaining("initial embedding"));
  expect(JSON.parse((await workplace.run([...wide, "--rescale-init"])).stdout).notes).toEqual([]);
});
