import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Download, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ExplorationDescription, paths } from "../../src/explorer/protocol.js";
import { Tsne, writeMatrix } from "../../src/index.js";
import { makeGroups } from "../tsne/points.js";
import { launchChromium } from "./chromium.js";
import {
  DATASET,
  isQuiet,
  loneliest,
  openMap,
  positionOf,
  type Served,
  serve,
  settle,
  start,
  stopAll,
  train,
  until,
} from "./explorer.js";

let run: Awaited<ReturnType<typeof train>>;
let server: Served;
let explored: ExplorationDescription;
let standard: Float32Array;
let aware: Float32Array;
/** A row that is far from other points in the standard map. */
let lone: number;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  [run, browser] = await Promise.all([train("--max-steps", "150"), launchChromium()]);
  server = await serve(run.folder);
  explored = await until(server, (one) => isQuiet(one) && one.abilities.uncertainty);
  [standard, aware] = await Promise.all([server.layout("standard"), server.layout("sigma-aware")]);
  lone = loneliest(standard);
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await stopAll();
  await run?.remove();
});

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1300, height: 850 }, acceptDownloads: true });
  complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith("http") && hostname !== "127.0.0.1") complaints.push(`asked for ${request.url()}`);
  });
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

const top = (side = 0) => page.locator("canvas.map-pane__top").nth(side);
const picture = (side = 0) => top(side).evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
const shot = (side = 0) => page.locator(".map-pane__canvas").nth(side).screenshot();
const choose = (text: string) => page.getByRole("button", { name: text, exact: true }).click();
const tab = (text: string) => page.getByRole("tab", { name: text }).click();

async function lassoAll(on = page): Promise<void> {
  const box = await on.locator("canvas.map-pane__top").first().boundingBox();
  if (!box) throw new Error("the map is not there");
  const corners = [
    [2, 2],
    [box.width - 2, 2],
    [box.width - 2, box.height - 2],
    [2, box.height - 2],
  ] as const;
  await on.keyboard.down("Shift");
  await on.mouse.move(box.x + 2, box.y + 2);
  await on.mouse.down();
  for (const [x, y] of corners) await on.mouse.move(box.x + x, box.y + y, { steps: 3 });
  await on.mouse.up();
  await on.keyboard.up("Shift");
}

async function download(
  act: () => Promise<unknown>,
  from = page,
): Promise<{ name: string; bytes: Buffer; path: string }> {
  const [come] = (await Promise.all([from.waitForEvent("download"), act()])) as [Download, unknown];
  // A browser derives the type of a file from its name.
  const path = join(run.home, come.suggestedFilename());
  await come.saveAs(path);
  return { name: come.suggestedFilename(), bytes: await readFile(path), path };
}

describe("the map", () => {
  beforeEach(() => openMap(page, server.url));

  test("shows image, label, sigma and neighbors of a point under the pointer", async () => {
    await page.mouse.move(...(await positionOf(page, standard, lone)));
    const card = page.locator(".hover-card");
    await card.locator(".hover-card__card-neighbors img").nth(5).waitFor();
    const text = (await card.textContent()) ?? "";
    expect(text).toContain(`Row${lone.toLocaleString("en")}`);
    expect(text).toMatch(/Label/);
    expect(text).toMatch(/Mean σ[\d.]+/);
    const image = card.locator(".hover-card__card-head img");
    await page.waitForFunction(
      () => document.querySelector<HTMLImageElement>(".hover-card__card-head img")?.naturalWidth,
    );
    await expect.poll(() => image.getAttribute("src")).toBe(`/api/images/${lone}`);
    await page.mouse.move(5, 5);
    await card.waitFor({ state: "detached" });
  });

  test("lets the user select points with a lasso and save the selection as CSV and Parquet", async () => {
    await lassoAll();
    await tab("Selection");
    await expect
      .poll(() => page.locator("#panel h2").textContent())
      .toBe(`${explored.n.toLocaleString("en")} of ${explored.n.toLocaleString("en")} points`);
    const csv = await download(() => choose("CSV"));
    expect(csv.name).toBe("selection.csv");
    const lines = csv.bytes.toString().trimEnd().split("\n");
    expect(lines).toHaveLength(explored.n + 1);
    expect(lines[0]).toMatch(/^row,.*label/);
    const parquet = await download(() => choose("Parquet"));
    expect(parquet.bytes.subarray(0, 4).toString()).toBe("PAR1");
    await choose("Clear");
    await page.getByText("Nothing selected").waitFor();
  });

  test("is moved by dragging and zoomed by the wheel until images are shown", async () => {
    const before = await shot();
    await page.mouse.move(...(await positionOf(page, standard, lone)));
    await page.mouse.down();
    await page.mouse.move(600, 500, { steps: 4 });
    await page.mouse.up();
    expect((await shot()).equals(before)).toBe(false);
    await page.keyboard.press("0");
    await settle(page);
    await page.keyboard.press("i");
    // The map is drawn in the next frame.
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    const bare = await picture();
    await page.keyboard.press("i");
    await page.waitForFunction(
      (old) => document.querySelector<HTMLCanvasElement>("canvas.map-pane__top")?.toDataURL() !== old,
      bare,
    );
  });

  test("can be colored by any column, and a click on a class in the legend selects its points", async () => {
    const first = page.locator(".colors-panel__classes button").first();
    const count = (await first.locator("small").textContent()) ?? "";
    await first.click();
    await tab("Selection");
    await expect.poll(() => page.locator("#panel h2").textContent()).toMatch(new RegExp(`^${count} of`));
    await tab("Colors");
    await page.keyboard.press("Escape");
    for (const { id, kind } of explored.columns) {
      await page.getByLabel("Color by").selectOption(id);
      if (kind === "number") await expect.poll(() => page.locator(".colors-panel__tick").count()).toBeGreaterThan(1);
      else await expect.poll(() => page.locator(".colors-panel__classes li").count()).toBeGreaterThan(1);
    }
  });

  test("can be shown as a map, a separated map or a wall", async () => {
    const map = await shot();
    await choose("Separated");
    await page.getByText("Computing").waitFor({ state: "detached" });
    await settle(page);
    const separated = await shot();
    expect(separated.equals(map)).toBe(false);
    await page.keyboard.press("w");
    await page.getByText("Computing").waitFor({ state: "detached" });
    await settle(page);
    expect((await shot()).equals(separated)).toBe(false);
    await page.keyboard.press("m");
    await settle(page);
    await expect.poll(() => page.locator("figcaption strong").first().textContent()).toBe("Standard");
  });

  test("is controlled by keys that move between points and choose points, and the help lists these keys", async () => {
    await top().focus();
    await page.keyboard.press("ArrowRight");
    const first = await page.locator(".hover-card dd").first().textContent();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await tab("Point");
    const heading = await page.locator("#panel h2").textContent();
    expect(heading).toMatch(/^Row \d/);
    expect(heading).not.toBe(`Row ${first}`);
    await expect.poll(() => page.locator(".point-grid img").count()).toBe(12);
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Keys" }).waitFor({ state: "hidden" });
    await page.keyboard.press("t");
    await expect
      .poll(() =>
        page.evaluate(() => getComputedStyle(document.querySelector(".page__stage") as Element).backgroundColor),
      )
      .toBe("rgb(18, 21, 26)");
  });

  test("can be saved as PNG and SVG", async () => {
    const save = async (kind: string) => {
      await page.locator(".export-menu__menu summary").click();
      return download(() => page.getByRole("button", { name: `Picture ${kind}` }).click());
    };
    const png = await save("PNG");
    expect([...png.bytes.subarray(1, 4)]).toEqual([..."PNG"].map((letter) => letter.charCodeAt(0)));
    expect(png.bytes.length).toBeGreaterThan(10_000);
    const svg = (await save("SVG")).bytes.toString();
    expect(svg.match(/M[\d.]+ [\d.]+h0/g)).toHaveLength(explored.n);
    expect(svg).toContain(">Standard</text>");
  });
});

describe("standard beside sigma-aware", () => {
  beforeEach(() => openMap(page, server.url));

  test("shows the point under the pointer in both maps", async () => {
    await choose("Side by side");
    await settle(page);
    const before = [await picture(0), await picture(1)];
    await page.mouse.move(...(await positionOf(page, standard, lone)));
    await expect.poll(() => picture(1)).not.toBe(before[1]);
    expect(await picture(0)).not.toBe(before[0]);
    const other = loneliest(aware);
    await page.mouse.move(...(await positionOf(page, aware, other, 1)));
    await expect.poll(() => page.locator(".hover-card dd").first().textContent()).toBe(other.toLocaleString("en"));
  });

  test("lists the points that moved most, and numbers them in both maps", async () => {
    await tab("Moved");
    await choose("Two maps side by side");
    await expect.poll(() => page.locator(".moved-panel__moved li").count()).toBeGreaterThan(3);
    await page.mouse.move(5, 5);
    await settle(page);
    const lengths = (await page.locator(".moved-panel__moved .controls__number").allTextContents()).map(Number);
    expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
    const before = [await picture(0), await picture(1)];
    await page.locator(".moved-panel__moved button").nth(1).hover();
    for (const side of [0, 1]) await expect.poll(() => picture(side)).not.toBe(before[side]);
  });

  test("can be morphed from one map to the other, by a slider and as an animation", async () => {
    await choose("Morph");
    await settle(page);
    const slider = page.getByLabel("Morph", { exact: true }).and(page.locator("input"));
    const shots: Buffer[] = [];
    for (const at of ["0", "0.5", "1"]) {
      await slider.fill(at);
      await settle(page);
      shots.push(await shot());
    }
    expect(shots[0]?.equals(shots[1])).toBe(false);
    expect(shots[1]?.equals(shots[2])).toBe(false);
    await top().focus();
    await page.keyboard.press("Space");
    await expect.poll(async () => Number(await slider.inputValue())).toBeLessThan(1);
    await choose("Pause");
  });

  test("shows the positional uncertainty of selected points", async () => {
    const sure = explored.layouts.find(({ hasCovariances }) => hasCovariances);
    expect(sure).toBeDefined();
    await choose(sure?.title ?? "");
    await settle(page);
    await lassoAll();
    await settle(page);
    const drawn = await picture();
    await page.locator("label", { hasText: "Uncertainty of selected points" }).click();
    await expect.poll(() => picture()).not.toBe(drawn);
  });
});

test("the page fits a narrow screen, in light and dark mode", async () => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 390, height: 800 });
  await openMap(page, server.url);
  for (const name of await page.getByRole("tab").allTextContents()) {
    await tab(name);
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  }
  const box = await top().boundingBox();
  expect(box?.height).toBeGreaterThan(250);
});

test("the explorer can be saved as one file that needs no server", async () => {
  await openMap(page, server.url);
  await page.locator(".export-menu__menu summary").click();
  const { path, name } = await download(() => page.getByRole("link", { name: /Explorer/ }).click());
  expect(name).toMatch(/\.html$/);
  const alone = await browser.newPage({ viewport: { width: 1300, height: 850 }, offline: true });
  const asked: string[] = [];
  alone.on("request", (request) => asked.push(request.url()));
  alone.on("pageerror", (error) => complaints.push(error.message));
  alone.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  const address = pathToFileURL(path).href;
  await openMap(alone, address);
  await alone.mouse.move(...(await positionOf(alone, standard, lone)));
  await alone.locator(".hover-card canvas").waitFor();
  await expect.poll(() => alone.locator(".hover-card").textContent()).toContain(`Row${lone.toLocaleString("en")}`);
  await alone.getByRole("button", { name: "Side by side" }).click();
  await expect.poll(() => alone.locator("canvas.map-pane__top").count()).toBe(2);
  await expect.poll(() => alone.getByRole("tab").allTextContents()).not.toContain("Progress");
  // The first click saves it, with the same columns and digits as the server.
  await alone.getByRole("button", { name: "One", exact: true }).click();
  await lassoAll(alone);
  await alone.getByRole("tab", { name: "Selection" }).click();
  const own = await download(() => alone.getByRole("button", { name: "CSV", exact: true }).click(), alone);
  const rows = Uint32Array.from({ length: explored.n }, (_, row) => row);
  const headers = { "content-type": "application/octet-stream" };
  const answer = await fetch(new URL(paths.selection("csv"), server.url), { method: "POST", headers, body: rows });
  expect(own.bytes.toString()).toBe(await answer.text());
  expect(asked.filter((url) => url !== address && !/^(data|blob):/.test(url))).toEqual([]);
  await alone.close();
});

test("a browser without WebGL shows a note, and the processor draws its maps", async () => {
  const bare = await launchChromium("--disable-3d-apis");
  const plain = await bare.newPage({ viewport: { width: 1300, height: 850 } });
  await openMap(plain, server.url);
  await plain.getByText("This browser has no WebGL graphics").waitFor();
  await plain.mouse.move(...(await positionOf(plain, standard, lone)));
  await plain.locator(".hover-card").waitFor();
  await bare.close();
});

test("WebGL draws what the processor draws", async () => {
  const pixels = async (hasCard: boolean) => {
    // Without a graphics card, the test only overrides the name of the renderer.
    if (hasCard) {
      await page.addInitScript(() => {
        const { getParameter } = WebGL2RenderingContext.prototype;
        WebGL2RenderingContext.prototype.getParameter = function (name: number) {
          return name === 0x9246 ? "a graphics card" : getParameter.call(this, name);
        };
      });
    }
    await openMap(page, server.url);
    await expect.poll(() => page.getByText("This browser has no WebGL graphics").count()).toBe(hasCard ? 0 : 1);
    const { data } = await sharp(
      await page.locator(".map-pane__canvas").screenshot({ mask: [page.locator(".controls__pill")] }),
    )
      .grayscale()
      .blur(3)
      .raw()
      .toBuffer({ resolveWithObject: true });
    return data;
  };
  const [processor, card] = [await pixels(false), await pixels(true)];
  expect(card).toHaveLength(processor.length);
  const differences = card.map((value, at) => Math.abs(value - processor[at]));
  const spread = processor.reduce((sum, value) => sum + (255 - value), 0) / processor.length;
  expect(spread).toBeGreaterThan(1);
  expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(0.1 * spread);
});

test("a page reports that its server was killed, and continues when the server is back", async () => {
  const other = await serve(run.folder);
  await openMap(page, other.url);
  complaints = [];
  await other.stop("SIGKILL");
  await page.locator(".page__notice").waitFor();
  const again = await serve(run.folder, "--port", new URL(other.url).port);
  await page.locator(".page__notice").waitFor({ state: "detached", timeout: 20_000 });
  await page.mouse.move(...(await positionOf(page, standard, lone)));
  await page.locator(".hover-card__card-neighbors img").first().waitFor();
  // The page would ask the stopped server again.
  await page.close();
  await again.stop();
  // Requests without a server are expected to fail.
  complaints = [];
});

test("the page shows the first map of points while it is being computed", async () => {
  const points = join(run.home, "points.npy");
  // The map of this number of points takes much longer than opening the page.
  await writeMatrix(points, makeGroups(40_000, 12));
  const live = await serve(points);
  await page.goto(live.url);
  await page.getByText("being computed, iteration").waitFor({ timeout: 100_000 });
  const before = await shot();
  await expect.poll(async () => (await shot()).equals(before)).toBe(false);
  await page.close();
  await live.stop();
});

/** Opens the progress panel of a run that was saved after ten iterations. */
async function openSavedRun(iterations: number): Promise<Served> {
  const path = join(run.home, `${iterations}.tsne`);
  const embedding = new Tsne(makeGroups(2000, 12), { iterations });
  await embedding.fit(10);
  await embedding.save(path);
  const live = await serve(path);
  await openMap(page, live.url);
  await tab("Progress");
  return live;
}

test("an embedding can be continued, watched and stopped repeatedly", async () => {
  const live = await openSavedRun(1e9);
  const iteration = async () =>
    Number((await page.locator(".computations-panel__figures b").first().textContent())?.replaceAll(",", ""));
  for (let stops = 0; stops < 2; stops++) {
    const before = await iteration();
    await choose("Continue");
    await expect.poll(iteration).toBeGreaterThan(before);
    if (stops === 0) await choose("Watch the map form");
    await page.getByText("being computed, iteration").waitFor();
    const picture = await shot();
    await expect.poll(async () => (await shot()).equals(picture)).toBe(false);
    await choose("Stop");
    await page.locator(".computations-panel__state[data-state=stopped]").waitFor();
  }
  await page.close();
  await live.stop();
});

test("a finished embedding is shown with its curve", async () => {
  const live = await openSavedRun(600);
  await choose("Continue");
  await page.locator(".computations-panel__finished .curve").waitFor({ timeout: 100_000 });
  await expect.poll(() => page.locator("figcaption strong").first().textContent()).toBe("Map");
  await page.close();
  await live.stop();
});

test("the page shows a running training with the parts of its loss", async () => {
  const folder = join(run.home, "training");
  const training = start("train", "--run-dir", folder, ...DATASET, "--epochs", "1000000", "--quiet");
  const ended = once(training, "exit");
  let live: Served | undefined;
  try {
    await expect.poll(() => existsSync(join(folder, "config.json"))).toBe(true);
    live = await serve(folder);
    await page.goto(live.url);
    await tab("Progress");
    const titles = () => page.locator(".computations-panel__run .curve figcaption span").allTextContents();
    await expect.poll(titles).toEqual(expect.arrayContaining(["Loss", "train/kl", "train/reconstruction"]));
  } finally {
    training.kill("SIGINT");
    await page.close();
    await live?.stop();
    await ended;
  }
}, 150_000);
