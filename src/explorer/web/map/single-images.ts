import { paths } from "../../protocol.js";
import { ask, isOffline } from "../server-requests.js";
import { thumbnailsCome } from "./thumbnails.js";

/** Number of original images that are kept in memory. */
const MAX_KEPT = 120;
const MAX_AT_ONCE = 3;

let images = new Map<number, ImageBitmap | "requested" | "failed">();

/** Discards all images, because the points have changed. */
export function forgetSingleImages(): void {
  for (const image of images.values()) if (typeof image !== "string") image.close();
  images = new Map();
}

/**
 * The image of a row in its original size, which is finer than its thumbnail; undefined until it is loaded. The first
 * call requests it.
 */
export function singleImage(row: number): ImageBitmap | undefined {
  const known = images.get(row);
  if (known === undefined && !isOffline) request(row);
  if (known === undefined || typeof known === "string") return undefined;
  // Inserting the entry again makes it the newest one. The image that was not drawn for the longest time is dropped
  // first.
  images.delete(row);
  images.set(row, known);
  return known;
}

function request(row: number): void {
  const current = images;
  let running = 0;
  for (const image of current.values()) if (image === "requested") running++;
  if (running >= MAX_AT_ONCE) return;
  current.set(row, "requested");
  ask(paths.image(row))
    .then((answer) => answer.blob())
    .then((blob) => createImageBitmap(blob))
    .then((bitmap) => {
      if (current !== images) bitmap.close();
      else current.set(row, bitmap);
      for (const [oldest, image] of current) {
        if (current.size <= MAX_KEPT) break;
        if (typeof image !== "string") image.close();
        current.delete(oldest);
      }
    })
    // If this fails, the thumbnail remains visible.
    .catch(() => current.set(row, "failed"))
    .finally(() => {
      thumbnailsCome.value++;
    });
}
