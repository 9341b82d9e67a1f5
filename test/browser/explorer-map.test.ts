import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { paths } from "../../src/explorer/protocol.js";
import { Matrix, writeMatrix } from "../../src/index.js";
import { launchChromium } from "./chromium.js";
import { openMap, type Served, serve, settle, stopAll } from "./explorer.js";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

let home: string;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "sigma-tsne-map-"));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await stopAll();
  await rm(home, { recursive: true, force: true });
});

function watch(opened: Page): Page {
  complaints = [];
  opened.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  opened.on("pageerror", (error) => complaints.push(error.message));
  return opened;
}

beforeEach(async () => {
  page = watch(await browser.newPage({ viewport: { width: 1300, height: 850 } }));
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
});

/** Points in clusters, n x 2. Each cluster is an evenly filled disc. */
function clusters(n: number, count: number): Matrix {
  const data = new Float32Array(2 * n);
  for (let row = 0; row < n; row++) {
    const cluster = row % count;
    const [angle, distance] = [row * 2.39996, Math.sqrt(row / n)];
    data[2 * row] = distance * Math.cos(angle) + 5 * Math.cos((6.2832 * cluster) / count);
    data[2 * row + 1] = distance * Math.sin(angle) + 5 * Math.sin((6.2832 * cluster) / count);
  }
  return new Matrix(data, n, 2);
}

const overlay = () =>
  page
    .locator("canvas.map-pane__top")
    .first()
    .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());

/** Records the texts that are drawn on the maps from now on. */
async function recordTexts(): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const texts = new Set<string>();
    Object.assign(window, { drawnTexts: texts });
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (text: string, ...rest: [number, number]) {
      texts.add(text);
      return fillText.call(this, text, ...rest);
    };
  });
  return () => page.evaluate(() => [...(window as unknown as { drawnTexts: Set<string> }).drawnTexts]);
}

describe("names on the map", () => {
  let server: Served;
  const words = ["planet orbit", "violin sonata", "goal keeper", "bread oven"];
  beforeAll(async () => {
    const [n, kinds] = [2000, 4];
    const { data } = clusters(n, kinds);
    const lines = Array.from({ length: n }, (_, row) => {
      const text = `${words[row % kinds]} item ${Math.floor(row / kinds)} of the list ${(row * 7919) % 5003}`;
      return `${data[2 * row]},${data[2 * row + 1]},kind ${row % kinds},${text}`;
    });
    await writeFile(join(home, "texts.csv"), `x,y,kind,text\n${lines.join("\n")}\n`);
    server = await serve(join(home, "texts.csv"));
  });
  afterAll(() => server?.stop());

  test("are values of a column, words of texts or classes, and can be turned off", async () => {
    const drawnTexts = await recordTexts();
    await openMap(page, server.url);
    await expect.poll(drawnTexts).toEqual(expect.arrayContaining(["kind 0", "kind 1", "kind 2", "kind 3"]));
    await page.getByLabel("Name regions by").selectOption({ label: "text" });
    await expect
      .poll(async () =>
        (await drawnTexts())
          .filter((text) => !text.startsWith("kind"))
          .map((text) => text.split(", ").sort().join(" ")),
      )
      .toEqual(expect.arrayContaining(["orbit planet", "sonata violin", "goal keeper", "bread oven"]));
    const named = await overlay();
    await page.getByLabel("Names on the map").selectOption("none");
    await expect.poll(overlay).not.toBe(named);
    const bare = await overlay();
    await page.getByLabel("Names on the map").selectOption("classes");
    await expect.poll(overlay).not.toBe(bare);
    await page.getByLabel("Names on the map").selectOption("none");
    await expect.poll(overlay).toBe(bare);
    await page.getByText("Contours of density").click();
    await expect.poll(overlay).not.toBe(bare);
    await expect.poll(() => page.evaluate(() => location.hash)).toContain("names=none&named-by=column:text&contours=1");
  });

  test("the first click on a point opens its panel", async () => {
    await openMap(page, server.url);
    await page.locator("canvas.map-pane__top").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#panel h2").textContent()).toMatch(/^Row \d/);
    await expect.poll(() => page.getByRole("tab", { name: "Point" }).getAttribute("aria-selected")).toBe("true");
  });

  test.each([
    ["light", { colorScheme: "light" }, 1300],
    ["dark", { colorScheme: "dark" }, 1300],
    ["narrow", { colorScheme: "light" }, 390],
    ["narrow and dark", { colorScheme: "dark" }, 390],
    ["forced colors", { forcedColors: "active" }, 1300],
  ] as const)("axe finds nothing on the page: %s", async (_name, media, width) => {
    await page.emulateMedia(media);
    // The content security policy of the page allows no other scripts, so this script is added before the policy
    // applies.
    await page.addInitScript({ path: axe });
    await page.setViewportSize({ width, height: 844 });
    await openMap(page, server.url);
    await page.locator(".colors-panel__classes button").first().click();
    await page.getByRole("button", { name: "Table" }).click();
    const tabs = await page.getByRole("tab").allTextContents();
    for (const tab of tabs) {
      await page.getByRole("tab", { name: tab }).click();
      const violations = await page.evaluate(async () => {
        const { axe } = window as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        };
        return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
      });
      expect([tab, violations]).toEqual([tab, []]);
    }
  });
});

describe("many points without a graphics card", () => {
  const n = 400_000;
  let server: Served;
  beforeAll(async () => {
    await writeMatrix(join(home, "many.npy"), clusters(n, 8));
    server = await serve(join(home, "many.npy"));
  });
  afterAll(() => server?.stop());

  test("are drawn by a worker: a subset while the map moves, and all points when it stops", async () => {
    await page.addInitScript(() => {
      const counts: number[] = [];
      Object.assign(window, { counts });
      const Own = Worker;
      window.Worker = class extends Own {
        constructor(...given: ConstructorParameters<typeof Worker>) {
          super(...given);
          this.addEventListener("message", ({ data }) => counts.push((data as { count: number }).count));
        }
      };
    });
    await openMap(page, server.url);
    const counts = () => page.evaluate(() => (window as unknown as { counts: number[] }).counts);
    await expect.poll(() => counts()).toContain(n);
    const before = (await counts()).length;
    await page.mouse.move(400, 400);
    await page.mouse.down();
    for (let step = 0; step < 12; step++) {
      await page.mouse.move(400 + 10 * step, 400);
      await page.waitForTimeout(40);
    }
    await page.mouse.up();
    await page.locator("canvas.map-pane__base[data-drawn=all]").waitFor();
    const drawn = (await counts()).slice(before);
    expect(drawn.filter((count) => count < n).length).toBeGreaterThan(2);
    expect(Math.min(...drawn)).toBeGreaterThan(1000);
    expect(drawn.at(-1)).toBe(n);
  });
});

describe("a wall", () => {
  const [n, side] = [3000, 8];
  let server: Served;
  beforeAll(async () => {
    await writeMatrix(join(home, "points.npy"), clusters(n, 5));
    const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${n}, ${side}, ${side}), }`.padEnd(117);
    const pixels = Uint8Array.from({ length: n * side * side }, (_, i) => (255 * Math.floor(i / (side * side))) / n);
    const start = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${header}\n`, "latin1");
    await writeFile(join(home, "images.npy"), Buffer.concat([start, pixels]));
    server = await serve(join(home, "points.npy"), "--images", join(home, "images.npy"));
  });
  afterAll(() => server?.stop());

  test("loads the images of the visible rows, those in the middle first, and shows how many are missing", async () => {
    const requests: Uint32Array[] = [];
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route(`**${paths.thumbnailsOf}`, async (route) => {
      requests.push(new Uint32Array(new Uint8Array(route.request().postDataBuffer() ?? Buffer.alloc(0)).buffer));
      await held;
      await route.continue();
    });
    await openMap(page, server.url);
    requests.length = 0;
    await page.keyboard.press("w");
    await page.getByText("Computing").waitFor({ state: "detached" });
    await settle(page);
    await page.mouse.move(400, 450);
    for (let step = 0; step < 8; step++) await page.mouse.wheel(0, -120);
    await page.getByText(/^ ?Loading \d+ images/).waitFor();
    release();
    await page.locator(".map-pane__loading-images").waitFor({ state: "detached" });
    const asked = requests.flatMap((rows) => [...rows]);
    // Each visible row is requested once. The other rows are not requested.
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked.length).toBeGreaterThan(20);
    const wall = await server.layout("wall:map");
    expect(wall.length).toBe(2 * n);
  });
});
