import { mkdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeArray } from "../../src/io/index.js";
import { bars } from "../vae/tiny-dataset.js";
import { makeGroups, toCsv, Workplace } from "./workplace.js";

const n = 60;
let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  await workplace.write("map.csv", toCsv(makeGroups(n, 2, 2)));
  await workplace.write("means.csv", toCsv(makeGroups(n, 5, 3)));
  await workplace.write("short.csv", toCsv(makeGroups(n - 1, 5, 3)));
  await mkdir(workplace.path("notes"));
  await workplace.write("notes/read.me", "no table");
  const images = await bars(200).read(Array.from({ length: 200 }, (_, i) => i));
  await writeArray(workplace.path("bars.npy"), images, [200, 8, 8]);
});
afterAll(() => workplace.remove());

describe.each<[string, string[], number, string]>([
  ["no source", [], 2, "missing required argument 'source'"],
  ["an empty source", [""], 2, "<source>: expected a path"],
  ["a source that is not there", ["nothing"], 1, "nothing: no such file or folder"],
  ["a folder of something else", ["notes"], 1, "notes: is neither the folder of a training or a model"],
  ["a folder of several tables", ["."], 1, "means.csv: has a column"],
  ["another number of labels", ["means.csv", "--labels", "map.csv"], 1, "map.csv"],
  ["sigma of another shape", ["means.csv", "--sigma", "short.csv"], 2, "short.csv: expected 60 x 5"],
  [
    "data of other points",
    ["map.csv", "--input", "short.csv"],
    2,
    "short.csv: expected 60 rows, one per point, received 59",
  ],
  ["another number of images", ["map.csv", "--images", "bars.npy"], 2, "bars.npy: expected 60 images, one per point"],
  ["a part of data without a training", ["map.csv", "--part", "test"], 2, "--part: cannot be used with a map"],
  ["an unknown part", ["map.csv", "--part", "best"], 2, '--part: expected one of "all", "train", "validation", "test"'],
  ["a port above 65535", ["map.csv", "--port", "65536"], 2, "--port: expected an integer from 0 to 65535"],
  ["a port that is not a number", ["map.csv", "--port", "http"], 2, "--port: expected an integer"],
  [
    "a path as an origin",
    ["map.csv", "--frame-origins", "http://a,http://b/c"],
    2,
    "--frame-origins: expected origins",
  ],
  ["an address of another machine", ["map.csv", "--host", "192.0.2.1"], 2, "--host: "],
  ["a name of no machine", ["map.csv", "--host", "no.such.machine.invalid"], 2, "--host: "],
])("%s", (_, args, code, message) => {
  it("is rejected with an error of one line", async () => {
    const outcome = await workplace.run(["explore", ...args]);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toMatch(/^sigma-tsne explore: .*\n$/);
    expect(outcome.stderr).toContain(message);
  });
});
