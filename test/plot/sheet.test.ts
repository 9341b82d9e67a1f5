import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { drawSheet, type SheetRow } from "../../src/plot/index.js";

const gray = (value: number, length = 16) => new Float32Array(length).fill(value);

async function colorsOf(picture: Uint8Array): Promise<{ colors: Set<string>; width: number; height: number }> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const colors = new Set<string>();
  for (let at = 0; at < data.length; at += 3) colors.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
  return { colors, width: info.width, height: info.height };
}

describe("drawSheet", () => {
  const shape = { height: 4, width: 4, channels: 1 };
  const rows: SheetRow[] = [
    {
      example: { pixels: gray(0.2), caption: "row 1" },
      tiles: [{ pixels: gray(0.6), caption: "0.5", detail: "row 2" }],
    },
    { example: { caption: "vector 0" }, tiles: [{ pixels: gray(1), caption: "2" }] },
  ];

  it("shows every image in its own gray values, with the same bytes each time", async () => {
    const picture = await drawSheet(rows, shape, { title: "Nearest" });
    const { colors } = await colorsOf(picture);
    for (const value of [51, 153]) expect(colors).toContain(`${value},${value},${value}`);
    expect(Buffer.from(await drawSheet(rows, shape, { title: "Nearest" })).equals(Buffer.from(picture))).toBe(true);
  });

  it("shows colors, and scales values outside 0 to 1", async () => {
    const red = Float32Array.from({ length: 48 }, (_, at) => (at % 3 === 0 ? 0.8 : 0.4));
    const color = [{ example: { pixels: red, caption: "" }, tiles: [] }];
    expect((await colorsOf(await drawSheet(color, { ...shape, channels: 3 }))).colors).toContain("204,102,102");
    const wide = Float32Array.from({ length: 16 }, (_, at) => (at < 4 ? -50 : at < 8 ? 150 : at < 12 ? 0 : Number.NaN));
    const { colors } = await colorsOf(await drawSheet([{ example: { pixels: wide, caption: "" }, tiles: [] }], shape));
    for (const value of [0, 64, 255]) expect(colors).toContain(`${value},${value},${value}`);
  });

  it("continues in the next line if there are many images, and reduces large images", async () => {
    const tiles = (count: number) => Array.from({ length: count }, () => ({ pixels: gray(0.5), caption: "1" }));
    const sizeOf = async (count: number) =>
      colorsOf(await drawSheet([{ example: rows[0]?.example, tiles: tiles(count) }], shape));
    const [ten, eleven] = [await sizeOf(10), await sizeOf(11)];
    expect(eleven.width).toBe(ten.width);
    expect(eleven.height).toBeGreaterThan(ten.height);
    const large = { height: 900, width: 300, channels: 1 };
    const one = [{ example: { pixels: gray(0.5, 270_000), caption: "" }, tiles: [] }];
    expect((await colorsOf(await drawSheet(one, large))).height).toBeLessThan(400);
  });

  it("draws an SVG picture on request", async () => {
    const svg = Buffer.from(await drawSheet(rows, shape, { title: "Near <b>", format: "svg" })).toString();
    expect(svg).toContain("<title>Near &#60;b&#62;</title>");
  });

  it("rejects an empty sheet, more rows than fit a picture, and unknown options", async () => {
    await expect(drawSheet([], shape)).rejects.toMatchObject({ code: "TOO_FEW_POINTS" });
    const many = Array.from({ length: 200 }, () => rows[1]);
    await expect(drawSheet(many, shape)).rejects.toMatchObject({ code: "OUT_OF_RANGE", argument: "rows" });
    await expect(drawSheet(rows, shape, { titel: "x" } as object)).rejects.toMatchObject({ code: "UNKNOWN_OPTION" });
  });
});
