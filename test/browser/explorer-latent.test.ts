import { readFile } from "node:fs/promises";
import type { Browser, Download, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ExplorationDescription, LatentVector } from "../../src/explorer/protocol.js";
import { paths } from "../../src/explorer/protocol.js";
import { launchChromium } from "./chromium.js";
import { isQuiet, openMap, type Served, serve, train, until } from "./explorer.js";

/** Numbers of code dimensions: one larger than the number of visible sliders, and two, for which there is a picture. */
const WIDE = 14;
let browser: Browser;
let page: Page;
let complaints: string[];
/** Failed requests that a test expects. */
let expected: RegExp | undefined;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

/** Explores a trained model in the surrounding tests and opens a new page for each test. */
function explore(zDim: number): () => { server: Served; explored: ExplorationDescription } {
  let run: Awaited<ReturnType<typeof train>>;
  let server: Served;
  let explored: ExplorationDescription;
  beforeAll(async () => {
    run = await train("--z-dim", `${zDim}`, "--epochs", "8", "--no-summary");
    server = await serve(run.folder);
    explored = await until(server, isQuiet);
  }, 300_000);
  afterAll(async () => {
    await server?.stop();
    await run?.remove();
  });
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 1000 }, reducedMotion: "no-preference" });
    complaints = [];
    expected = undefined;
    page.on("console", (message) => {
      if (message.type() === "error" && !expected?.test(message.text())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      const isOwn = origin === new URL(server.url).origin;
      if (!isOwn && !["data:", "blob:"].includes(protocol)) complaints.push(`asked for ${request.url()}`);
    });
    await openMap(page, server.url);
  });
  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
  });
  return () => ({ server, explored });
}

/** Chooses the point that is `steps` key presses to the right of the first point of the keyboard. */
async function choose(steps: number): Promise<void> {
  await page.locator("canvas.map-pane__top").first().focus();
  for (let i = 0; i < steps; i++) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
}

const openPanel = (id: string) => page.locator(`#tab-${id}`).click();
const said = (selector: string) => page.locator(selector).textContent();

/** The content of a picture; undefined while it is empty. */
const pixels = (title: string | RegExp): Promise<string | undefined> =>
  page.getByRole("img", { name: title, exact: true }).evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const empty = document.createElement("canvas");
    [empty.width, empty.height] = [canvas.width, canvas.height];
    const picture = canvas.toDataURL();
    return picture === empty.toDataURL() ? undefined : picture;
  });

async function shown(title: string | RegExp): Promise<string> {
  await expect.poll(() => pixels(title)).toBeDefined();
  return (await pixels(title)) as string;
}

describe("codes of many dimensions", () => {
  const running = explore(WIDE);
  const ofSliders = /slider values/;

  test("can be set by sliders, which begin at the mean of all codes or at the code of a chosen point", async () => {
    const { server, explored } = running();
    await openPanel("latent");
    await shown(ofSliders);
    await expect.poll(() => page.locator(".side-bar__panel").textContent()).toContain("mean of all codes");
    const mean = await pixels(ofSliders);
    await choose(1);
    await expect.poll(() => pixels(ofSliders)).not.toBe(mean);
    // The original image, its reconstruction, and the picture of the sliders.
    await expect.poll(() => page.locator(".pictures img").count()).toBe(2);
    for (const image of await page.locator(".pictures img").all()) {
      const width = () => image.evaluate((element) => (element as HTMLImageElement).naturalWidth);
      await expect.poll(width).toBe(explored.model?.width);
    }
    const row = Number(/Row ([\d,]+)/.exec((await said(".pictures")) ?? "")?.[1]?.replace(",", ""));
    const { mean: code } = (await (await fetch(new URL(paths.latentVector(row), server.url))).json()) as LatentVector;
    const names = await page.locator(".sliders > .sliders__slider > span:first-child").allTextContents();
    const values = await page
      .locator(".sliders > .sliders__slider input")
      .evaluateAll((all) => all.map((one) => (one as HTMLInputElement).valueAsNumber));
    expect(names).toHaveLength(10);
    for (const [i, name] of names.entries()) {
      // A slider rounds to its nearest step.
      expect(Math.abs(values[i] - code[Number(name.slice(1)) - 1])).toBeLessThan(0.05);
    }
    await expect.poll(() => page.locator(".sliders__slider .sliders__sigma").count()).toBe(WIDE);
    await expect.poll(() => page.locator(".sliders details summary").textContent()).toMatch(/^4 more dimensions/);
  });

  test("are decoded while a slider is dragged or moved by keys, and the slider can be reset", async () => {
    await choose(1);
    await openPanel("latent");
    const before = await shown(ofSliders);
    const slider = page.locator(".sliders__slider input").first();
    await slider.focus();
    await page.keyboard.press("End");
    await expect.poll(() => pixels(ofSliders)).not.toBe(before);
    await page.getByRole("button", { name: "Reset" }).click();
    await expect.poll(() => pixels(ofSliders)).toBe(before);
    await expect.poll(() => page.getByRole("button", { name: "Reset" }).isDisabled()).toBe(true);

    const box = await slider.boundingBox();
    if (!box) throw new Error("there is no slider");
    let answers = 0;
    page.on("response", (answer) => {
      if (answer.url().includes("/api/decode")) answers++;
    });
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    for (let i = 0; i <= 60; i++) await page.mouse.move(box.x + (box.width * i) / 60, box.y + box.height / 2);
    await page.mouse.up();
    await expect.poll(() => pixels(ofSliders)).not.toBe(before);
    expect(answers).toBeGreaterThan(0);
    await slider.dblclick();
    await expect.poll(() => pixels(ofSliders)).toBe(before);
    // This includes sliders in the closed section.
    await page.locator(".sliders summary").click();
    const last = page.locator(".sliders__slider input").last();
    await last.focus();
    await page.keyboard.press("Home");
    await expect.poll(() => page.locator(".sliders__slider output").last().textContent()).toMatch(/^−/);
  });

  test("can be drawn around a point, and drawn again on request", async () => {
    await choose(2);
    await openPanel("latent");
    const first = await shown("Draw 1");
    await expect.poll(() => page.getByRole("img", { name: /^Draw / }).count()).toBe(15);
    expect(await shown("Draw 2")).not.toBe(first);
    await page.getByRole("button", { name: "Draw again" }).click();
    await expect.poll(() => pixels("Draw 1")).not.toBe(first);
  });

  test("between two clicked points are played as an interpolation, and saved as a GIF of 100 frames", async () => {
    await openPanel("interpolation");
    await expect.poll(() => said(".controls__empty")).toContain("two points");
    const map = await page.locator("canvas.map-pane__top").boundingBox();
    if (!map) throw new Error("there is no map");
    await choose(1);
    await expect.poll(() => said(".controls__empty")).toContain("another point");
    await choose(3);
    await expect.poll(() => page.locator(".interpolation-panel__ends figcaption").allTextContents()).toHaveLength(2);
    const [from, to] = (await page.locator(".interpolation-panel__ends figcaption").allTextContents()).map((text) =>
      Number(/row ([\d,]+)/.exec(text)?.[1]?.replace(",", "")),
    );
    expect(from).not.toBe(to);
    // The animation starts automatically.
    await page.getByRole("button", { name: "Pause" }).waitFor();
    const frame = () => page.getByLabel("Frame", { exact: true }).inputValue();
    const at = await frame();
    await expect.poll(frame).not.toBe(at);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Play" }).waitFor();
    const still = await frame();
    const picture = await shown(/^Frame \d+ of 100/);
    await page.waitForTimeout(200);
    expect(await frame()).toBe(still);
    await page.getByLabel("Frame", { exact: true }).focus();
    await page.keyboard.press("End");
    await expect.poll(() => pixels("Frame 100 of 100")).not.toBe(picture);
    await page.keyboard.press("Home");
    const begin = await shown("Frame 1 of 100");

    for (const way of ["Linear", "Spherical"]) {
      await page.getByRole("button", { name: way }).click();
      await shown("Frame 1 of 100");
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Save as GIF" }).click(),
      ]);
      expect(download.suggestedFilename()).toBe(`interpolation-${from}-${to}-${way.toLowerCase()}.gif`);
      const facts = await sharp(await bytesOf(download)).metadata();
      expect(facts).toMatchObject({ format: "gif", pages: 100, loop: 0 });
    }
    await page.getByRole("button", { name: "Exchange A and B" }).click();
    await expect
      .poll(() => page.locator(".interpolation-panel__ends figcaption").first().textContent())
      .toContain("A row");
    await page.getByLabel("Frame", { exact: true }).focus();
    await page.keyboard.press("End");
    // The reversed interpolation ends where the original one began.
    await expect.poll(() => pixels("Frame 100 of 100")).toBe(begin);
  });

  test("of a dropped image are searched for, and the position of the image is marked in the map", async () => {
    const { server, explored } = running();
    const { width, height } = explored.model as { width: number; height: number };
    const image = Buffer.from(await (await fetch(new URL(paths.image(3), server.url))).arrayBuffer());
    const large = await sharp(image)
      .resize(10 * width, 10 * height, { kernel: "nearest" })
      .jpeg({ quality: 95 })
      .toBuffer();
    await openPanel("search");
    const before = await overlay();
    await drop(large, "digit.jpg", "image/jpeg");
    await shown(/as the model received it/);
    await shown("Its reconstruction");
    await expect.poll(() => page.locator(".search-panel__search-result .point-grid li").count()).toBe(12);
    expect(
      await page.locator(".search-panel__search-result .point-grid button").first().getAttribute("aria-label"),
    ).toBe("Row 3");
    expect((await said(".search-panel__search-result"))?.match(/ ± /g)).toHaveLength(2);
    await expect.poll(overlay).not.toBe(before);
    await page.getByRole("button", { name: "Clear" }).click();
    await expect.poll(overlay).toBe(before);
    await page.locator("input[type=file]").setInputFiles({
      name: "ink.png",
      mimeType: "image/png",
      buffer: await sharp(image).flatten().negate().png().toBuffer(),
    });
    await shown(/as the model received it/);
    await page.getByLabel(/Invert the brightness/).check();
    await expect
      .poll(() => page.locator(".search-panel__search-result .point-grid button").first().getAttribute("aria-label"))
      .toBe("Row 3");
  });

  test("cannot be searched for by a file that is not an image, and the next search works", async () => {
    await choose(1);
    await openPanel("search");
    expected = /400 \(Bad Request\)/;
    await drop(Buffer.from("no image at all"), "notes.txt", "text/plain");
    await expect.poll(() => page.getByRole("alert").textContent()).toContain("the image is not a PNG");
    await drop(Buffer.from("\x89PNG\r\n\x1a\n and nothing more", "latin1"), "broken.png", "image/png");
    await expect.poll(() => page.getByRole("alert").textContent()).toContain("cannot be decoded");
    await page.getByRole("button", { name: /^Search from row/ }).click();
    await expect.poll(() => page.locator(".search-panel__search-result .point-grid li").count()).toBe(12);
    await expect.poll(() => page.getByRole("alert").count()).toBe(0);
    // The map moves to a neighbor that is clicked in the result.
    await page.locator(".search-panel__search-result .point-grid button").nth(2).click();
    const name = await page
      .locator(".search-panel__search-result .point-grid button")
      .nth(2)
      .getAttribute("aria-label");
    await expect
      .poll(() => page.getByRole("button", { name: /^Search from row/ }).textContent())
      .toContain(Number(name?.slice(4)).toLocaleString("en"));
  });

  test("are shown in panels that fit a narrow screen, in light and dark mode", async () => {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 380, height: 800 });
    await choose(1);
    await choose(2);
    for (const id of ["latent", "interpolation", "search"]) {
      await openPanel(id);
      await page.waitForTimeout(300);
      const { wide, inside } = await page.evaluate(() => {
        const panel = document.querySelector(".side-bar__panel") as HTMLElement;
        return { wide: document.documentElement.scrollWidth, inside: panel.scrollWidth - panel.clientWidth };
      });
      expect([id, wide, inside]).toEqual([id, 380, 0]);
    }
  });

  const bytesOf = async (download: Download): Promise<Buffer> => readFile(await download.path());

  /** The content of the layer above the points. */
  const overlay = () =>
    page
      .locator("canvas.map-pane__top")
      .first()
      .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());

  /** Drops a file on the drop zone. */
  async function drop(content: Buffer, name: string, type: string): Promise<void> {
    const files = await page.evaluateHandle(
      ([text, fileName, fileType]) => {
        const transfer = new DataTransfer();
        const content = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
        transfer.items.add(new File([content], fileName, { type: fileType }));
        return transfer;
      },
      [content.toString("base64"), name, type],
    );
    for (const event of ["dragenter", "dragover", "drop"]) {
      await page.dispatchEvent(".search-panel__drop-zone", event, { dataTransfer: files });
    }
  }
});

describe("codes of two dimensions", () => {
  const running = explore(2);

  test("are set by clicks on the manifold and by arrow keys", async () => {
    await openPanel("latent");
    const picture = /slider values/;
    await shown(picture);
    const manifold = page.getByRole("button", { name: /^Manifold/ });
    await expect
      .poll(() => manifold.locator("img").evaluate((image) => (image as HTMLImageElement).naturalWidth))
      .toBe(20 * (running().explored.model?.width ?? 0));
    const box = await manifold.boundingBox();
    if (!box) throw new Error("there is no manifold");
    const before = await pixels(picture);
    const values = () => page.locator(".sliders__slider output").allTextContents();
    await page.mouse.click(box.x + 0.2 * box.width, box.y + 0.1 * box.height);
    await expect.poll(() => pixels(picture)).not.toBe(before);
    const [low, high] = (await values()).map((text) => Number(text.replace("−", "-"))) as [number, number];
    const names = await page.locator(".sliders__slider > span:first-child").allTextContents();
    const [across, up] = names[0] === "z1" ? [low, high] : [high, low];
    await page.mouse.click(box.x + 0.8 * box.width, box.y + 0.9 * box.height);
    await expect
      .poll(async () => {
        const [first, second] = (await values()).map((text) => Number(text.replace("−", "-"))) as [number, number];
        const [x, y] = names[0] === "z1" ? [first, second] : [second, first];
        return x > across && y < up;
      })
      .toBe(true);
    const there = await values();
    await manifold.focus();
    await page.keyboard.press("ArrowLeft");
    await expect.poll(values).not.toEqual(there);
    await page.keyboard.press("ArrowRight");
    await expect.poll(values).toEqual(there);
  });
});
