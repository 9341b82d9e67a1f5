import { signal } from "@preact/signals";
import { MAX_THUMBNAILS, type ThumbnailDescription } from "../../protocol.js";
import { fetchSheet, fetchThumbnails, isOffline } from "../server-requests.js";

/** Increases whenever thumbnails were loaded. */
export const thumbnailsCome = signal(0);
/** Number of thumbnails in the visible maps that are not loaded yet. */
export const missingThumbnails = signal(0);

/** Memory limit for decoded thumbnails in bytes. */
const MEMORY = 256 * 2 ** 20;
/**
 * Maximum number of simultaneous requests. A browser allows six per server. One of them is used for the events of
 * computations, and some must stay free for layouts.
 */
const MAX_AT_ONCE = 3;
/** Number of thumbnail pixels per request, small enough that the first thumbnails arrive quickly. */
const PIXELS_TOGETHER = 2 ** 18;

/** Thumbnails that were loaded together. */
interface Sheet {
  readonly bitmap: ImageBitmap;
  readonly rows: ArrayLike<number>;
  used: number;
}

interface Tile {
  readonly sheet: Sheet;
  readonly place: number;
}

let tiles = new Map<number, Tile>();
let sheets = new Set<Sheet>();
let requested = new Set<number>();
let failed = new Set<number>();
/** The rows for which each map or each image of a panel is waiting. */
let wanted = new Map<object, readonly number[]>();
let running = 0;
let clock = 0;

/** Discards all thumbnails, because the points have changed. */
export function forgetThumbnails(): void {
  for (const { bitmap } of sheets) bitmap.close();
  tiles = new Map();
  sheets = new Set();
  requested = new Set();
  failed = new Set();
  wanted = new Map();
  missingThumbnails.value = 0;
}

/**
 * Draws the loaded thumbnails of rows, and requests the others.
 *
 * @param rows rows in order of priority
 * @param draw called for each row with a loaded thumbnail and the rectangle of the thumbnail in a picture
 * @returns the rows whose thumbnails are not loaded yet
 */
export function withThumbnails(
  description: ThumbnailDescription,
  rows: readonly number[],
  draw: (row: number, bitmap: ImageBitmap, x: number, y: number, width: number, height: number) => void,
): number[] {
  clock++;
  const missing: number[] = [];
  const { tileWidth, tileHeight, columns } = description;
  for (const row of rows) {
    const tile = tiles.get(row);
    if (!tile) {
      if (!failed.has(row)) missing.push(row);
      continue;
    }
    const { sheet, place } = tile;
    sheet.used = clock;
    draw(
      row,
      sheet.bitmap,
      (place % columns) * tileWidth,
      Math.floor(place / columns) * tileHeight,
      tileWidth,
      tileHeight,
    );
  }
  return missing;
}

/**
 * Loads the thumbnails of rows in the given order.
 *
 * @param place identifies the map or panel that shows them; these rows replace its earlier request
 */
export function loadThumbnails(description: ThumbnailDescription, place: object, rows: readonly number[]): void {
  if (rows.length > 0) wanted.set(place, rows);
  else wanted.delete(place);
  countMissing();
  requestNext(description);
}

/** Cancels loading thumbnails for a map or panel that is no longer visible. */
export function cancelThumbnails(place: object): void {
  if (wanted.delete(place)) countMissing();
}

function countMissing(): void {
  let count = 0;
  for (const rows of wanted.values()) count += rows.length;
  missingThumbnails.value = count;
}

/** Milliseconds before a thumbnail that could not be loaded is requested again. */
const PAUSE = 5000;

function requestNext(description: ThumbnailDescription): void {
  while (running < MAX_AT_ONCE && hasRoom(description)) {
    const rows = nextRows(description);
    if (rows.length === 0) return;
    const [current, own] = [sheets, requested];
    for (const row of rows) own.add(row);
    running++;
    load(rows)
      .then((blob) => createImageBitmap(blob))
      .then((bitmap) => {
        if (current !== sheets) bitmap.close();
        else keep({ bitmap, rows, used: clock });
      })
      .catch(() => {
        const missed = failed;
        for (const row of rows) missed.add(row);
        setTimeout(() => {
          for (const row of rows) missed.delete(row);
          thumbnailsCome.value++;
        }, PAUSE);
      })
      .finally(() => {
        for (const row of rows) own.delete(row);
        running--;
        if (current === sheets) thumbnailsCome.value++;
        requestNext(description);
      });
  }
}

/** The rows of the next request, in order of priority. An offline file only contains sheets of adjacent rows. */
function nextRows({ tileWidth, tileHeight, perSheet }: ThumbnailDescription): number[] {
  const most = isOffline
    ? 1
    : Math.max(1, Math.min(MAX_THUMBNAILS, Math.floor(PIXELS_TOGETHER / (tileWidth * tileHeight))));
  const rows: number[] = [];
  for (const waiting of wanted.values()) {
    for (const row of waiting) {
      if (rows.length === most) break;
      if (!requested.has(row) && !tiles.has(row) && !failed.has(row)) rows.push(row);
    }
  }
  if (!isOffline || rows.length === 0) return rows;
  const first = Math.floor(rows[0] / perSheet) * perSheet;
  return Array.from({ length: perSheet }, (_, i) => first + i);
}

const load = (rows: readonly number[]): Promise<Blob> =>
  isOffline ? fetchSheet(rows[0] / rows.length) : fetchThumbnails(Uint32Array.from(rows));

const bytesOf = ({ bitmap }: Sheet): number => 4 * bitmap.width * bitmap.height;

/** If more thumbnails are visible than fit in memory, the ones that were loaded first stay. */
function hasRoom({ tileWidth, tileHeight }: ThumbnailDescription): boolean {
  let inSight = 0;
  for (const sheet of sheets) if (sheet.used === clock) inSight += bytesOf(sheet);
  return inSight + 4 * tileWidth * tileHeight <= MEMORY || inSight === 0;
}

function keep(sheet: Sheet): void {
  sheets.add(sheet);
  for (let place = 0; place < sheet.rows.length; place++) tiles.set(sheet.rows[place], { sheet, place });
  let bytes = 0;
  for (const one of sheets) bytes += bytesOf(one);
  const oldest = [...sheets].sort((a, b) => a.used - b.used);
  for (const one of oldest) {
    if (bytes <= MEMORY || one.used === clock) break;
    bytes -= bytesOf(one);
    drop(one);
  }
}

function drop(sheet: Sheet): void {
  sheets.delete(sheet);
  for (let place = 0; place < sheet.rows.length; place++) {
    if (tiles.get(sheet.rows[place])?.sheet === sheet) tiles.delete(sheet.rows[place]);
  }
  sheet.bitmap.close();
}
