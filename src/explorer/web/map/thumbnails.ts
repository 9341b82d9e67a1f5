import { signal } from "@preact/signals";
import { MAX_THUMBNAILS, type ThumbnailDescription } from "../../protocol.js";
import { fetchSheet, fetchThumbnails, isOffline } from "../server-requests.js";

/** Rises whenever thumbnails were loaded. */
export const thumbnailsCome = signal(0);
/** How many of the thumbnails that the map shows are still to be loaded; 0 when all are there. */
export const missingThumbnails = signal(0);

/** Bytes of the browser's memory for decoded thumbnails. */
const MEMORY = 256 * 2 ** 20;
/** Requests at once: a browser allows six per server, of which the events of computations take one, and layouts shall not wait. */
const MAX_AT_ONCE = 3;
/** Pixels of the thumbnails in one request: so few that the first ones are there soon. */
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
/** The rows that each map, or each image of a panel, waits for. */
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
 * Draws the thumbnails of rows that were loaded, and requests the others.
 *
 * @param rows those that are to be loaded first come first
 * @param draw is called for each row whose thumbnail is there, with its place on a picture
 * @returns the rows whose thumbnails are still to be loaded
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
 * Loads the thumbnails of rows, the first ones first.
 *
 * @param place where they are shown: the rows take the place of those that were to be shown there before
 */
export function loadThumbnails(description: ThumbnailDescription, place: object, rows: readonly number[]): void {
  if (rows.length > 0) wanted.set(place, rows);
  else wanted.delete(place);
  countMissing();
  requestNext(description);
}

/** Loads no more thumbnails for a place that is not shown any more. */
export function cancelThumbnails(place: object): void {
  if (wanted.delete(place)) countMissing();
}

function countMissing(): void {
  let count = 0;
  for (const rows of wanted.values()) count += rows.length;
  missingThumbnails.value = count;
}

/** How long rows whose thumbnails could not be loaded are not requested again, in milliseconds. */
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

/** The rows of the next request: the first that are wanted. An offline file contains sheets of rows that are beside each other in the file. */
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

/** Where more thumbnails are in sight than memory takes, those that were loaded first stay. */
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
