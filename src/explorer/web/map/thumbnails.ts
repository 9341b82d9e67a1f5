import { signal } from "@preact/signals";
import type { ThumbnailDescription } from "../../protocol.js";
import { fetchSheet } from "../server-requests.js";

/** Rises whenever a sheet has come. */
export const thumbnailsCome = signal(0);

/** What decoded sheets may take, in bytes of the browser's memory. */
const MEMORY = 256 * 2 ** 20;
/** Requests: a browser has six to a server, of which the events of runs take one, and layouts are not to wait. */
const MAX_AT_ONCE = 3;

interface Sheet {
  readonly bitmap: ImageBitmap;
  used: number;
}

let sheets = new Map<number, Sheet>();
let asked = new Set<number>();
let failed = new Set<number>();
let wanted: number[] = [];
let clock = 0;

/** Throws away what has come, when what is explored has changed. */
export function forgetThumbnails(): void {
  for (const { bitmap } of sheets.values()) bitmap.close();
  sheets = new Map();
  asked = new Set();
  failed = new Set();
  wanted = [];
}

/**
 * Draws the images of rows whose sheets are here, and asks for the sheets of the others, those that show most rows first.
 *
 * @param draw called for each row whose image is here, with where it lies
 */
export function withThumbnails(
  description: ThumbnailDescription,
  rows: readonly number[],
  draw: (row: number, bitmap: ImageBitmap, x: number, y: number, width: number, height: number) => void,
): void {
  clock++;
  const lacking = new Map<number, number>();
  const { tileWidth, tileHeight, columns, perSheet } = description;
  for (const row of rows) {
    const number = Math.floor(row / perSheet);
    const sheet = sheets.get(number);
    if (!sheet) {
      lacking.set(number, (lacking.get(number) ?? 0) + 1);
      continue;
    }
    sheet.used = clock;
    const at = row % perSheet;
    draw(row, sheet.bitmap, (at % columns) * tileWidth, Math.floor(at / columns) * tileHeight, tileWidth, tileHeight);
  }
  wanted = [...lacking].sort((a, b) => b[1] - a[1]).map(([number]) => number);
  fetchNext(description);
}

function fetchNext(description: ThumbnailDescription): void {
  const { tileWidth, tileHeight, perSheet } = description;
  const most = Math.max(4, Math.floor(MEMORY / (4 * tileWidth * tileHeight * perSheet)));
  while (asked.size < MAX_AT_ONCE) {
    const number = wanted.find((one) => !asked.has(one) && !sheets.has(one) && !failed.has(one));
    // Where more sheets are in sight than memory takes, the first to come stay.
    if (number === undefined || (sheets.size >= most && [...sheets.values()].every(({ used }) => used === clock)))
      return;
    const current = sheets;
    asked.add(number);
    fetchSheet(number)
      .then((blob) => createImageBitmap(blob))
      .then((bitmap) => {
        if (current !== sheets) return bitmap.close();
        if (sheets.size >= most) dropOldest();
        sheets.set(number, { bitmap, used: clock });
        thumbnailsCome.value++;
      })
      .catch(() => failed.add(number))
      .finally(() => {
        asked.delete(number);
        fetchNext(description);
      });
  }
}

function dropOldest(): void {
  let oldest: [number, Sheet] | undefined;
  for (const entry of sheets) if (!oldest || entry[1].used < oldest[1].used) oldest = entry;
  if (!oldest) return;
  oldest[1].bitmap.close();
  sheets.delete(oldest[0]);
}
