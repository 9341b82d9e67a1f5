import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeGroups, toCsv, Workplace } from "./workplace.js";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await Workplace.create();
  await workplace.write("map.csv", toCsv(makeGroups(100, 2, 2)));
  await workplace.write("labels.txt", Array.from({ length: 100 }, (_, i) => `${i % 2}\n`).join(""));
});
afterAll(() => workplace.remove());

it("draws a PNG picture of the requested size and reports its path", async () => {
  const { code, stdout, stderr } = await workplace.run([
    ...["plot", "map.csv", "--labels", "labels.txt", "--title", "Two groups", "-o", "map.png"],
    ...["--width", "640", "--height", "400", "--theme", "dark"],
  ]);
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: "Picture of 100 points written to map.png.\n",
    stderr: "",
  });
  const header = await readFile(workplace.path("map.png"));
  expect([header.readUInt32BE(16), header.readUInt32BE(20)]).toEqual([640, 400]);
});

it("draws an SVG picture", async () => {
  expect(await workplace.run(["plot", "map.csv", "-o", "map.svg", "--quiet"])).toMatchObject({ code: 0, stdout: "" });
  expect(await readFile(workplace.path("map.svg"), "utf8")).toContain("<svg");
});
