import { mkdir, readdir, rm, symlink } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeGroups, toCsv, Workplace } from "./workplace.js";

let workplace: Workplace;
const data = makeGroups(60, 5, 3);

beforeAll(async () => {
  workplace = await Workplace.create();
  await mkdir(workplace.path("folder.npy"));
  await workplace.write("mu.csv", toCsv(data));
  await workplace.write("sd.csv", toCsv(data.map((row) => row.map(() => 0.5))));
  await workplace.write("short.csv", toCsv(data.slice(1)));
  await workplace.write("negative.csv", toCsv(data.map((row, i) => row.map((_, j) => (i === 4 && j === 2 ? -1 : 1)))));
  await workplace.write("nan.csv", toCsv(data.map((row, i) => (i === 7 ? ["nan", ...row.slice(1)] : row))));
  await workplace.write("two.csv", toCsv(data.slice(0, 2)));
  await workplace.write("ragged.csv", "1,2\n3\n4,5\n6,7\n");
  await workplace.write("map.csv", toCsv(data.map((row) => row.slice(0, 2))));
  await workplace.write("labels.txt", data.map((_, i) => `g${i % 3}\n`).join(""));
  await workplace.write("short.txt", "a\nb\nc\n");
  await workplace.write("init.csv", toCsv(data.map((row) => row.slice(0, 3))));
  await workplace.write("damaged.npy", Buffer.from("\x93NUMPY\x01\x00\xff", "latin1"));
  await symlink("mu.csv", workplace.path("link.csv"));
});
beforeEach(async () => {
  await rm(workplace.path("out"), { recursive: true, force: true });
  await mkdir(workplace.path("out"));
});
afterAll(() => workplace.remove());

const embed = (...args: string[]) => ["embed", "mu.csv", "-o", "out/y.npy", "--iterations", "10", ...args];
const embedFile = (mu: string, ...args: string[]) => ["embed", mu, "-o", "out/y.npy", "--iterations", "10", ...args];

describe.each<[string, string[], string]>([
  ["an unknown command", ["embd"], "sigma-tsne: unknown command 'embd' (Did you mean embed?)"],
  ["the help of an unknown command", ["embd", "--help"], "unknown command 'embd' (Did you mean embed?)"],
  ["help about an unknown command", ["help", "embd"], "unknown command 'embd' (Did you mean embed?)"],
  ["an unknown option", embed("--perplxity", "5"), "unknown option '--perplxity' (Did you mean --perplexity?)"],
  ["an unknown option of the program", ["--verbos"], "sigma-tsne: unknown option '--verbos'"],
  [
    "a missing argument",
    ["embed", "-o", "out/y.npy"],
    "<data>: expected a file of data, or --distances, --neighbors or --affinities instead",
  ],
  ["an argument too many", embed("sd.csv"), "too many arguments"],
  ["a missing output", ["embed", "mu.csv"], "'-o, --output <file>' not specified"],
  ["an option without its value", ["embed", "mu.csv", "-o"], "argument missing"],
  ["an empty output", ["embed", "mu.csv", "-o", ""], "--output: expected a file name that ends in"],
  ["an empty input", embed("--sigma", ""), '--sigma: expected a path, received ""'],
  ["a number with a tail", embed("--perplexity", "3x"), '--perplexity: expected a number of 1 or more, received "3x"'],
  ["an empty number", embed("--theta", ""), '--theta: expected a number, received ""'],
  ["a word for a number", embed("--seed", "abc"), '--seed: expected an integer, received "abc"'],
  ["a hexadecimal number", embed("--seed", "0x10"), '--seed: expected an integer, received "0x10"'],
  ["a fraction for an integer", embed("--iterations", "1.5"), '--iterations: expected an integer, received "1.5"'],
  ["an infinite number", embed("--learning-rate", "Infinity"), "--learning-rate: expected auto or a number"],
  ["a perplexity that is too large", embed("--perplexity", "20"), "--perplexity: expected 1 to (n - 1) / 3 = 19.66"],
  [
    "an animation in another format",
    embed("--animate", "map.mp4"),
    "--animate: expected a file name that ends in .gif",
  ],
  ["frames of no animation", embed("--snapshot-every", "5"), "--snapshot-every: cannot be used without onSnapshot"],
  ["a perplexity that is too small", embed("--perplexity", "0.5"), "--perplexity: expected a number of 1 or more"],
  ["theta above 1", embed("--theta", "1.5"), "--theta: expected a number from 0 to 1, received 1.5"],
  ["theta below 0", embed("--theta", "-0.1"), "--theta: expected a number from 0 to 1, received -0.1"],
  [
    "four dimensions",
    embed("--output-dimensions", "4"),
    "--output-dimensions: expected an integer from 1 to 3, received 4",
  ],
  [
    "no dimensions",
    embed("--output-dimensions", "0"),
    "--output-dimensions: expected an integer from 1 to 3, received 0",
  ],
  ["negative iterations", embed("--iterations", "-1"), "--iterations: expected an integer from 0"],
  ["no threads", embed("--threads", "0"), "--threads: expected an integer from 1"],
  ["a momentum of 1", embed("--final-momentum", "1"), "--final-momentum: expected a number from 0 to less than 1"],
  ["an exaggeration below 1", embed("--early-exaggeration", "0.5"), "--early-exaggeration: expected"],
  ["a negative exaggeration phase", embed("--early-exaggeration-iterations", "-1"), "--early-exaggeration-iterations:"],
  ["a variance floor of 0", embed("--sigma", "sd.csv", "--variance-floor", "0"), "--variance-floor: expected"],
  ["an unknown distance", embed("--distance", "euclidian"), "--distance: expected"],
  ["a distance that needs sigma", embed("--distance", "inverse-variance"), "--distance: expected"],
  ["sigma with PCA", embed("--sigma", "sd.csv", "--pca", "2"), "--pca: cannot be used with sigma"],
  ["more components than columns", embed("--pca", "6"), "--pca: expected an integer from 1 to 5, received 6"],
  ["rows that are no range", embed("--rows", "5"), "--rows: expected A:B, A: or :B"],
  ["rows beyond the data", embed("--rows", "5:61"), "--rows: expected"],
  ["an empty range of rows", embed("--rows", "5:5"), "--rows: expected"],
  ["sigma of another shape", embed("--sigma", "short.csv"), "short.csv: expected"],
  ["an initial embedding of another shape", embed("--init", "init.csv"), "init.csv: expected"],
  [
    "labels without an output that shows them",
    embed("--labels", "short.txt"),
    "--labels: cannot be used without --plot, --table and --animate, because only these outputs show labels",
  ],
  [
    "too few labels",
    embed("--labels", "short.txt", "--table", "out/t.csv"),
    "short.txt: expected 60 labels, one per point, received 3",
  ],
  [
    "an unknown extension of the embedding",
    ["embed", "mu.csv", "-o", "out/y.foo"],
    "--output: expected a file name that ends in",
  ],
  ["an unknown extension of the picture", embed("--plot", "out/y.jpg"), "--plot: expected a file name that ends in"],
  [
    "an output over the data",
    ["embed", "mu.csv", "-o", "mu.csv"],
    "--output: expected a file other than that of <data>",
  ],
  ["an output over a link to the data", ["embed", "mu.csv", "-o", "link.csv"], "a file other than that of <data>"],
  [
    "an output over sigma",
    ["embed", "mu.csv", "--sigma", "sd.csv", "-o", "sd.csv"],
    "a file other than that of --sigma",
  ],
  [
    "a picture of data that are not an embedding",
    ["plot", "mu.csv", "-o", "out/y.png"],
    "mu.csv: expected an embedding of 1, 2 or 3 columns",
  ],
  [
    "a picture of an unknown format",
    ["plot", "map.csv", "-o", "out/y.gif"],
    "--output: expected a file name that ends in",
  ],
  ["an unknown theme", ["plot", "map.csv", "-o", "out/y.png", "--theme", "blue"], "--theme: expected"],
  ["a picture that is too small", ["plot", "map.csv", "-o", "out/y.png", "--width", "10"], "--width: expected"],
  [
    "too few labels for a picture",
    ["plot", "map.csv", "-o", "out/y.png", "--labels", "short.txt"],
    "short.txt: expected 60",
  ],
  ["a demo of no points", ["demo", "-o", "out", "--points", "0"], "--points: expected"],
])("wrong usage: %s", (_, args, message) => {
  it("prints one line on standard error, exits with code 2 and writes no file", async () => {
    await expectFailure(args, 2, message);
  });
});

describe.each<[string, string[], string]>([
  ["data that are not there", embedFile("missing.csv"), "missing.csv: cannot be read: no such file or directory"],
  ["sigma that is not there", embed("--sigma", "missing.csv"), "missing.csv: cannot be read"],
  ["an initial embedding that is not there", embed("--init", "pcaa"), "pcaa: cannot be read"],
  ["labels that are not there", embed("--labels", "missing.txt", "--plot", "out/y.png"), "missing.txt: cannot be read"],
  ["damaged data", embedFile("damaged.npy"), "damaged.npy: "],
  ["rows of different length", embedFile("ragged.csv"), "ragged.csv: "],
  [
    "NaN in the data",
    embedFile("nan.csv"),
    'nan.csv: expected values everywhere, found none in row 7, column "0". Set the option missing to "drop"',
  ],
  [
    "NaN in a cut of the data",
    embedFile("nan.csv", "--rows", "5:40"),
    'nan.csv with --rows 5:40: expected values everywhere, found none in row 2, column "0"',
  ],
  ["a negative standard deviation", embed("--sigma", "negative.csv"), "negative.csv: expected"],
  ["two points", embedFile("two.csv"), "two.csv: expected"],
  [
    "an output folder that does not exist",
    ["embed", "mu.csv", "-o", "nowhere/y.npy"],
    "nowhere/y.npy: cannot be written",
  ],
  [
    "an output that is a folder",
    ["embed", "mu.csv", "-o", "folder.npy"],
    "folder.npy: is a folder: expected the path of a file",
  ],
  ["a picture folder that is not there", embed("--plot", "nowhere/y.png"), "nowhere/y.png: cannot be written"],
  ["an embedding to draw that is not there", ["plot", "missing.npy", "-o", "out/y.png"], "missing.npy: cannot be read"],
])("failure: %s", (_, args, message) => {
  it("prints one line on standard error, exits with code 1 and writes no file", async () => {
    await expectFailure(args, 1, message);
  });
});

it("prints the stack of an error with SIGMA_TSNE_DEBUG=1", async () => {
  const { code, stderr } = await workplace.run(embedFile("missing.csv"), { SIGMA_TSNE_DEBUG: "1" });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^sigma-tsne embed: missing\.csv: [^\n]+\nFileError: [\s\S]*\n {4}at /);
});

async function expectFailure(args: string[], code: number, message: string): Promise<void> {
  const outcome = await workplace.run(args);
  expect(outcome.stderr).toContain(message);
  // Standard error contains only the error, without progress. So the error was found before the run began.
  expect(outcome.stderr).toMatch(/^sigma-tsne( embed| plot| demo)?: [^\n]+\n$/);
  expect(outcome).toMatchObject({ code, stdout: "" });
  expect(await readdir(workplace.path("out"))).toEqual([]);
}
