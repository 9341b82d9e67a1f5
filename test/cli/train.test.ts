import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readLabels, readMatrix, writeArray } from "../../src/io/index.js";
import { type Outcome, Workplace } from "./workplace.js";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
});
afterAll(() => workplace.remove());

const data = ["--count", "60", "--size", "32"];
const tiny = [
  ...data,
  "--hidden-dim",
  "16",
  "--z-dim",
  "2",
  "--batch-size",
  "8",
  "--backend",
  "wasm",
  "--threads",
  "2",
];

/** Trains in `folder` and returns the exit code and the output. */
function train(folder: string, options: readonly string[] = []): Promise<Outcome> {
  return workplace.run(["train", "--run-dir", folder, ...tiny, ...options]);
}

describe("train", () => {
  it("writes a run with model, figures and logs, which the other commands can read", async () => {
    const outcome = await train("run", ["--epochs", "2", "--json"]);
    expect(outcome).toMatchObject({ code: 0 });
    expect(outcome.stderr).toMatch(/^TensorFlow\.js 4\S* in WebAssembly .*\n/);
    expect(outcome.stderr).toMatch(
      /epoch 2: loss -?[\d.]+ \(reconstruction -?[\d.]+, kl [\d.e-]+\); validation -?[\d.]+/,
    );
    expect(JSON.parse(outcome.stdout)).toMatchObject({ folder: "run", model: "vae", steps: 12, isStoppedEarly: false });
    expect((await readdir(workplace.path("run"))).sort()).toEqual([
      "checkpoint",
      "config.json",
      "logs",
      "metrics.json",
      "model",
    ]);
    const logs = (await readdir(workplace.path("run/logs"))).sort();
    expect(logs).toEqual(
      expect.arrayContaining(["codes_metadata.tsv", "codes_sprite.png", "codes_tensors.tsv", "projector_config.pbtxt"]),
    );
    expect(logs.filter((name) => name.includes("tfevents"))).toHaveLength(1);

    const encoded = await workplace.run(["encode", "run", "-o", "codes", "--quiet", "--json"]);
    expect(JSON.parse(encoded.stdout)).toMatchObject({
      n: 60,
      d: 2,
      files: ["vae_embeddings.npy", "vae_errors.npy", "labels.txt"],
    });
    expect((await readMatrix(workplace.path("codes/vae_embeddings.npy"))).shape).toEqual([60, 2]);
    expect((await readMatrix(workplace.path("codes/vae_errors.npy"))).data.every((sd) => sd > 0)).toBe(true);
    expect(await readLabels(workplace.path("codes/labels.txt"))).toHaveLength(60);

    const noisy = ["encode", "run", "--part", "test", "-o", "noisy", "--draws", "4", "--uncertainty"];
    const measured = await workplace.run([...noisy, "noise", "--quiet", "--json"]);
    expect(JSON.parse(measured.stdout)).toMatchObject({
      n: 6,
      files: ["vae_embeddings.npy", "vae_errors.npy", "labels.txt"],
      uncertainty: "noise",
      noise: { imagesWithout: 0 },
    });
    expect((await readMatrix(workplace.path("noisy/vae_errors.npy"))).data.every((sd) => sd > 0)).toBe(true);
    await writeArray(workplace.path("noise.npy"), Float32Array.of(0, 0.1, 0.1, 0.2, 0.2, 0.2), [6]);
    const given = await workplace.run([...noisy, "noise", "--noise", "noise.npy"]);
    expect(given.stdout).toContain(
      "by noise of 0 to 0.2 (median 0.2) in the images. No noise was found in 1 of 6 images",
    );
    expect(Array.from((await readMatrix(workplace.path("noisy/vae_errors.npy"))).row(0))).toEqual([0, 0]);
    const means = await readMatrix(workplace.path("noisy/vae_embeddings.npy"));
    await workplace.run([...noisy, "noise", "--noise", "noise.npy", "--extrapolate"]);
    const moved = await readMatrix(workplace.path("noisy/vae_embeddings.npy"));
    expect(moved.row(0)).toEqual(means.row(0));
    expect(moved.row(1)).not.toEqual(means.row(1));
    const views = await workplace.run([...noisy, "augmentation", "--views", "flips", "--shift", "2"]);
    expect(views.stdout).toContain("the spread of the codes over views of each image");
    const refused = async (...typed: string[]) => {
      const { code, stderr } = await workplace.run([...noisy, ...typed]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused("weights")).toContain("encode: --uncertainty: expected noise or augmentation, because");
    expect(await refused("noise", "--noise", "2")).toContain("--noise: expected a standard deviation from 0 to 1");
    expect(await refused("noise", "--draws", "1")).toContain("--draws: expected an integer from 2");
    expect(await refused("noise", "--shift", "1")).toContain("--shift: expected no value without uncertainty");

    const evaluated = await workplace.run(["evaluate-model", "run", "--draws", "5", "--json", "--quiet"]);
    expect(JSON.parse(evaluated.stdout)).toMatchObject({
      model: "vae",
      count: 6,
      estimator: "importance-sampling",
      dimensions: { isActive: { length: 2 } },
    });
    const table = await workplace.run(["evaluate-model", "run", "--draws", "5"]);
    expect(table.stdout).toMatch(/log-likelihood +-?\d+\.\d\d/);
    expect(table.stdout).toMatch(/squared error, noisy input +0\.\d{5}/);
  });

  it("writes runs that can be decoded, sampled, interpolated, drawn and compared", async () => {
    const made = await train("drawn", ["--epochs", "1", "--no-summary", "--figures", "--quiet"]);
    expect(made).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(await readdir(workplace.path("drawn/figures"))).toContain("manifold.png");
    const again = await workplace.run(["figures", "drawn", "--grid-size", "3", "--json", "--quiet"]);
    expect(JSON.parse(again.stdout)).toMatchObject({ output: "drawn/figures", model: "vae", count: 6 });

    await workplace.write("ends.csv", "0,0\n1,-1\n2,2\n");
    const decoded = await workplace.run(["decode", "drawn", "ends.csv", "--rows", "1:", "-o", "decoded.npy", "--json"]);
    expect(JSON.parse(decoded.stdout)).toEqual({ output: "decoded.npy", model: "vae", n: 2 });
    const images = await readFile(workplace.path("decoded.npy"));
    expect(images.toString("latin1")).toContain("'shape': (2, 32, 32)");
    expect(await workplace.run(["sample", "drawn", "-o", "samples.png", "--count", "4"])).toMatchObject({ code: 0 });
    const walk = ["interpolate", "drawn", "0", "5", "--frames", "3", "--gif", "walk.gif", "--json"];
    const walked = JSON.parse((await workplace.run([...walk, "-o", "walk.npy"])).stdout);
    expect(walked).toMatchObject({ files: ["walk.gif", "walk.npy"], frames: 3, from: { length: 2 } });
    expect((await readFile(workplace.path("walk.gif"))).subarray(0, 6).toString()).toBe("GIF89a");
    const between = ["interpolate", "drawn", "2", "1", "--codes", "ends.csv", "-o", "between.png", "--json", "--quiet"];
    expect(JSON.parse((await workplace.run(between)).stdout)).toMatchObject({ from: [2, 2], to: [1, -1] });

    const options = ["--models", "ae,vae", "--epochs", "1", "--hidden-dim", "8", "--draws", "2", "--grid-size", "2"];
    const compared = await workplace.run(["compare-models", ...options, ...data, "-o", "compared"]);
    expect(compared).toMatchObject({ code: 0 });
    expect(compared.stdout).toMatch(/^\| vae +\| +-?\d/m);
    const runs = ["drawn", "runs/AE_MICROGRAPHS_learned_2_8_1"];
    const known = await workplace.run([
      "compare-models",
      ...runs,
      "-o",
      "compared",
      "--draws",
      "2",
      "--json",
      "--quiet",
    ]);
    expect(JSON.parse(known.stdout).models.map((row: { name: string }) => row.name)).toEqual(["vae", "ae"]);
  });

  it("writes checkpoints, at which an unfinished run can be measured", async () => {
    expect(await train("stopped", ["--epochs", "1", "--no-summary", "--quiet"])).toMatchObject({ code: 0 });
    await rm(workplace.path("stopped/model"), { recursive: true });
    const { code, stdout, stderr } = await workplace.run(["evaluate-model", "stopped", "--draws", "2", "--json"]);
    expect(stderr).toContain("The training in stopped is not done; its checkpoint after epoch 1, step 6 is used.");
    expect([code, JSON.parse(stdout).count]).toEqual([0, 6]);
  });

  it("names a run after its settings", async () => {
    const args = [
      "train",
      ...tiny,
      "--max-steps",
      "1",
      "--model",
      "gmvae",
      "--output-variance",
      "0.001",
      "--clusters",
      "3",
      "--extra",
      "try",
      "--stretch",
      "2",
      "--no-summary",
    ];
    expect(await workplace.run(args)).toMatchObject({ code: 0 });
    const folder = workplace.path("runs/GMV_MICROGRAPHS_0001_2_2_3_16_2_try");
    expect((await readdir(folder)).sort()).toEqual(["checkpoint", "config.json", "metrics.json", "model"]);
    const config = JSON.parse(await readFile(`${folder}/config.json`, "utf8"));
    expect(config).toMatchObject({
      configuration: { likelihood: "gaussian", outputVariance: 0.001 },
      // A percentage on the command line is a share in the library.
      dataset: { origin: { nameOrPath: "micrographs", options: { stretch: 0.02 } } },
    });
  });
});

describe("impossible requests are rejected before any work, in one line:", () => {
  it.each([
    [["train", "--model", "gmvea"], 'unknown model "gmvea"; did you mean "gmvae"?'],
    [["train", "--model", "GAN"], 'unknown model "GAN"; use "aae"'],
    [["train", "--model_type", "2"], "unknown option '--model_type'; use --model"],
    [["train", "--drop_prob", "0.3"], "unknown option '--drop_prob'; use --dropout"],
    [["train", "--l_rate", "0.01"], "unknown option '--l_rate'; use --learning-rate"],
    [["train", "--drop_prob=0.3"], "unknown option '--drop_prob=0.3'; use --dropout"],
    [["train", "--results=1"], "unknown option '--results=1'; use --figures"],
    [["train", "--summary=1"], "unknown option '--summary=1'; leave it out, because the command does this anyway"],
    [["train", "--model", "3"], 'unknown model "3"; use "conv-gmvae"'],
    [["train", "--train", "1"], "unknown option '--train'; leave it out, because the command does this anyway"],
    [["train", "--sigma", "0.001"], "unknown option '--sigma'; use --output-variance"],
    [["train", "--dataset", "fashon-mnist"], 'did you mean "fashion-mnist"?'],
    [["train", "--z-dim", "0"], "--z-dim: expected an integer from 1 to 4096, received 0"],
    [["train", "--clusters", "3"], "--clusters: vae does not support this setting"],
    [["train", "--backend", "gpu"], "--backend: expected one of auto, node, wasm, cpu"],
    [["train", "--noise", "2"], "--noise: expected a number from 0 to 1"],
    [
      ["train", "--patience", "3"],
      "--patience: cannot be used without --early-stopping, because only early stopping uses it",
    ],
    [["train", "--stretch", "60"], '--stretch: expected a percentage from 0 to below 50, received "60"'],
    [["train", "--class", "zebra", ...data], "--class: expected one of"],
    [["sample", "run", "-o", "samples.jpg"], "--output: expected a file name that ends in .npy"],
    [
      ["sample", "run", "-o", "samples.npy", "--cluster", "1"],
      "--cluster: cannot be used for vae, which has no components",
    ],
    [["interpolate", "run", "0", "1"], "--gif: expected a file for the frames: give --gif, --output or both"],
    [["interpolate", "run", "0", "6", "--gif", "walk.gif"], "<B>: expected a number from 0 to 5"],
    [["compare-models", "run", "./run", "-o", "x"], "[runs...]: expected each run once, received ./run more than once"],
    [["compare-models", "run", "--models", "ae", "-o", "x"], "--models: expected runs or --models, but not both"],
    [["train", "--model", "micrograph-vae", "--experiment", "6"], "--experiment: expected an integer from 1 to 5"],
  ] as const)("%j", async (args, message) => {
    const outcome = await workplace.run(args);
    expect(outcome.stderr.trimEnd().split("\n").at(-1)).toContain(message);
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
  });

  it("folders and files of other programs", async () => {
    const last = ({ stderr }: Outcome) => stderr.trimEnd().split("\n").at(-1);
    await train("damaged", ["--max-steps", "3"]);
    const checkpoint = workplace.path("damaged/checkpoint/checkpoint.safetensors");
    const bytes = await readFile(checkpoint);
    await writeFile(checkpoint, bytes.subarray(0, bytes.length - 9));
    expect(last(await train("damaged", ["--max-steps", "3", "--resume"]))).toContain("the checkpoint is damaged");
    await writeFile(checkpoint, bytes);
    expect(last(await train("damaged", ["--max-steps", "3", "--resume", "--model", "ae"]))).toMatch(
      /model: .* was made with "vae", this training has "ae"/,
    );
    await mkdir(workplace.path("other"));
    await workplace.write("other/notes.txt", "mine");
    for (const [folder, what] of [
      ["other", "contains other files, and was not changed"],
      ["other/notes.txt", "is a file: expected the path of a folder"],
    ] as const) {
      expect(last(await train(folder))).toBe(
        `sigma-tsne train: ${folder}: ${what}; use --run-dir or --extra for another folder`,
      );
    }
    expect(last(await workplace.run(["encode", "nowhere", "-o", "x"]))).toContain("nowhere: no such file or folder");
    await writeFile(workplace.path("damaged/model/model.safetensors"), bytes.subarray(0, 100));
    expect(last(await workplace.run(["encode", "damaged", "-o", "x"]))).toContain("is damaged");
    const small = await workplace.run(["encode", "run", "micrographs", "--count", "10", "--size", "40", "-o", "x"]);
    expect(small).toMatchObject({ code: 2 });
    expect(last(small)).toContain("expected images of 32 x 32 x 1, for which the model was made, received 40 x 40 x 1");
  });
});
