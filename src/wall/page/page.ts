import OpenSeadragon from "openseadragon";
import type { WallPayload } from "../payload.js";

const byId = <T extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as T;
const payload = JSON.parse(byId("data").textContent ?? "") as WallPayload;
const { rows, columns, width, height, cell, pitch, gap, labels, names } = payload;
const bytesOf = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
const imageAt = new Int32Array(bytesOf(payload.imageAt));
const cellOf = new Map(Array.from(imageAt.entries(), ([index, image]) => [image, index]));
const textOf = labels && new Uint32Array(bytesOf(labels.textOf));
const colorOf = labels && new Uint32Array(bytesOf(labels.colorOf));
const dark = matchMedia("(prefers-color-scheme: dark)");
const tint = byId<HTMLInputElement>("tint");
/** Number of images that are visible side by side after a search for an image. */
const AROUND = 9;
/** Opacity of the colors over the images. */
const OPACITY = 0.5;

const viewer = OpenSeadragon({
  element: byId("wall"),
  tileSources: {
    width,
    height,
    tileSize: payload.tile,
    tileOverlap: 0,
    // Smaller levels are never needed.
    minLevel: Math.min(8, payload.topLevel),
    maxLevel: payload.topLevel,
    getTileUrl: (level: number, x: number, y: number) => `wall_files/${level}/${x}_${y}.webp`,
  } as unknown as OpenSeadragon.TileSourceOptions,
  // A page from a disk may draw its pictures on a canvas but cannot use them as WebGL textures.
  drawer: "canvas",
  showNavigationControl: false,
  showNavigator: true,
  navigatorPosition: "BOTTOM_RIGHT",
  navigatorSizeRatio: 0.16,
  navigatorBackground: "var(--chrome)",
  navigatorBorderColor: "var(--line)",
  animationTime: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 0.5,
  gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
  gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: true },
  maxZoomPixelRatio: Math.max(4, 384 / Math.max(cell.width, cell.height)),
  minZoomImageRatio: 0.6,
  visibilityRatio: 0.5,
  // Switches to the next smaller level earlier than usual, because the reduced gaps between images would cause a moiré
  // pattern.
  minPixelRatio: 0.9,
});

/** The layer above the tiles: the colors of the labels, and a frame around the image under the pointer. */
const over = document.createElement("canvas");
over.setAttribute("aria-hidden", "true");
byId("wall").append(over);
const pen = over.getContext("2d") as CanvasRenderingContext2D;
/** The colors of the labels, with one pixel per cell. */
const tints = document.createElement("canvas");
let pointed: number | undefined;

function paintTints(): void {
  if (!labels || !colorOf) return;
  [tints.width, tints.height] = [columns, rows];
  const brush = tints.getContext("2d") as CanvasRenderingContext2D;
  const colors = dark.matches ? labels.dark : labels.light;
  imageAt.forEach((image, index) => {
    if (image < 0) return;
    brush.fillStyle = colors[colorOf[image]];
    brush.fillRect(index % columns, Math.floor(index / columns), 1, 1);
  });
}

/** Converts pixels of the wall to pixels of the window. */
const toWindow = (x: number, y: number) =>
  viewer.viewport.imageToViewerElementCoordinates(new OpenSeadragon.Point(x, y));

function paintOver(): void {
  const { clientWidth, clientHeight } = byId("wall");
  const ratio = devicePixelRatio;
  if (over.width !== clientWidth * ratio) over.width = clientWidth * ratio;
  if (over.height !== clientHeight * ratio) over.height = clientHeight * ratio;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, clientWidth, clientHeight);
  if (!viewer.world.getItemAt(0)) return;
  if (tint.checked) {
    const [start, end] = [toWindow(0, 0), toWindow(width, height)];
    pen.imageSmoothingEnabled = false;
    pen.globalAlpha = OPACITY;
    pen.drawImage(tints, start.x, start.y, end.x - start.x, end.y - start.y);
    pen.globalAlpha = 1;
  }
  if (pointed === undefined) return;
  const [left, top] = [
    (pointed % columns) * pitch.x + (gap >> 1),
    Math.floor(pointed / columns) * pitch.y + (gap >> 1),
  ];
  const [start, end] = [toWindow(left, top), toWindow(left + cell.width, top + cell.height)];
  const style = getComputedStyle(over);
  for (const [color, lineWidth] of [
    [style.outlineColor, 6],
    [style.color, 3],
  ] as const) {
    pen.strokeStyle = color;
    pen.lineWidth = lineWidth;
    pen.strokeRect(start.x - 2, start.y - 2, end.x - start.x + 4, end.y - start.y + 4);
  }
}

function point(index: number | undefined): void {
  const image = index === undefined ? -1 : imageAt[index];
  pointed = image < 0 ? undefined : index;
  byId("point").textContent = image < 0 ? summary : describe(image, index as number);
  paintOver();
}

const summary = `${cellOf.size - Number(cellOf.has(-1))} images in ${rows} rows of ${columns}`;

function describe(image: number, index: number): string {
  const label = labels && textOf ? labels.texts[textOf[image]] : undefined;
  const facts = [
    `Image ${image}`,
    ...(label === undefined ? [] : [`label ${label}`]),
    ...(names ? [names[image]] : []),
    `row ${Math.floor(index / columns)}, column ${index % columns}`,
  ];
  return facts.join(" · ");
}

/** The cell at a pixel of the window, as an index in `imageAt`. */
function cellAt(x: number, y: number): number | undefined {
  if (!viewer.world.getItemAt(0)) return undefined;
  const at = viewer.viewport.viewerElementToImageCoordinates(new OpenSeadragon.Point(x, y));
  const [column, row] = [Math.floor(at.x / pitch.x), Math.floor(at.y / pitch.y)];
  return column >= 0 && column < columns && row >= 0 && row < rows ? row * columns + column : undefined;
}

function show(index: number): void {
  const [across, down] = [AROUND * pitch.x, AROUND * pitch.y];
  const [x, y] = [((index % columns) + 0.5) * pitch.x, (Math.floor(index / columns) + 0.5) * pitch.y];
  viewer.viewport.fitBounds(viewer.viewport.imageToViewportRectangle(x - across / 2, y - down / 2, across, down));
  point(index);
}

/** Moves to the next image in a direction and skips empty cells. */
function step(right: number, down: number): void {
  const { clientWidth, clientHeight } = byId("wall");
  let index = pointed;
  if (index === undefined) {
    const middle = cellAt(clientWidth / 2, clientHeight / 2);
    if (middle !== undefined && imageAt[middle] >= 0) {
      point(middle);
      return;
    }
    index = middle ?? 0;
  }
  let [column, row] = [index % columns, Math.floor(index / columns)];
  do {
    column += right;
    row += down;
    if (column < 0 || row < 0 || column >= columns || row >= rows) return;
  } while (imageAt[row * columns + column] < 0);
  point(row * columns + column);
  const [x, y] = [(column + 0.5) * pitch.x, (row + 0.5) * pitch.y];
  const { x: left, y: top } = toWindow(x, y);
  if (left < 0 || top < 0 || left > clientWidth || top > clientHeight) {
    viewer.viewport.panTo(viewer.viewport.imageToViewportCoordinates(x, y));
  }
}

const zoom = (factor: number) => {
  viewer.viewport.zoomBy(factor);
  viewer.viewport.applyConstraints();
};

const DIRECTIONS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

viewer.addHandler("canvas-key", (event) => {
  const { key } = event.originalEvent;
  const direction = DIRECTIONS[key];
  // The library's own keys would also rotate and mirror the wall.
  event.preventDefaultAction = true;
  if (direction) step(...direction);
  else if (key === "+" || key === "=") zoom(1.5);
  else if (key === "-" || key === "_") zoom(1 / 1.5);
  else if (key === "0") viewer.viewport.goHome();
  else return;
  event.originalEvent.preventDefault();
});
viewer.addHandler("open", () => point(undefined));
for (const change of ["animation", "update-viewport", "resize"] as const) viewer.addHandler(change, paintOver);
viewer.canvas.setAttribute("aria-label", `${payload.title}, ${summary}`);
viewer.canvas.setAttribute("role", "application");
byId("wall").addEventListener("pointermove", (event) => {
  const { left, top } = byId("wall").getBoundingClientRect();
  point(cellAt(event.clientX - left, event.clientY - top));
});
byId("wall").addEventListener("pointerleave", () => point(undefined));

byId("controls").addEventListener("submit", (event) => event.preventDefault());
byId<HTMLInputElement>("find").addEventListener("change", (event) => {
  const typed = (event.target as HTMLInputElement).value;
  const index = typed === "" ? undefined : cellOf.get(Number(typed));
  if (index !== undefined && Number(typed) >= 0) show(index);
  else if (typed !== "") byId("point").textContent = `There is no image ${typed}.`;
});
byId("closer").addEventListener("click", () => zoom(1.5));
byId("farther").addEventListener("click", () => zoom(1 / 1.5));
byId("whole").addEventListener("click", () => viewer.viewport.goHome());
tint.addEventListener("change", paintOver);
byId("tinting").hidden = !labels;
dark.addEventListener("change", () => {
  paintTints();
  showLegend();
  paintOver();
});

function showLegend(): void {
  if (!labels?.classes) return;
  const colors = dark.matches ? labels.dark : labels.light;
  const space = "http://www.w3.org/2000/svg";
  const entries = labels.classes.map(({ name, count }, code) => {
    const swatch = document.createElementNS(space, "svg");
    swatch.setAttribute("viewBox", "0 0 10 10");
    swatch.setAttribute("aria-hidden", "true");
    const disc = document.createElementNS(space, "circle");
    for (const [key, value] of Object.entries({ cx: "5", cy: "5", r: "5", fill: colors[code] })) {
      disc.setAttribute(key, value);
    }
    swatch.append(disc);
    const entry = document.createElement("span");
    const number = document.createElement("small");
    number.textContent = count.toLocaleString("en");
    entry.append(swatch, `${name} `, number);
    return entry;
  });
  byId("legend").replaceChildren(...entries);
}
paintTints();
showLegend();
