import { useEffect, useRef } from "preact/hooks";
import { paths } from "../../protocol.js";
import { cancelThumbnails, loadThumbnails, thumbnailsCome, withThumbnails } from "../map/thumbnails.js";
import { isOffline } from "../server-requests.js";
import { description } from "../state.js";
import styles from "./point-image.module.css";

/**
 * The image of a row, fitted into a square of `size` pixels. It comes from the server or from the sheets of an offline
 * file.
 */
export function PointImage({ row, size }: { row: number; size: number }) {
  const images = description.value?.images;
  if (!images) return null;
  const isSmall = Math.max(images.width, images.height) < size;
  if (isOffline) return <SheetImage row={row} size={size} />;
  return (
    <img
      class={isSmall ? `${styles.pointImage} ${styles.enlarged}` : styles.pointImage}
      src={paths.image(row)}
      width={size}
      height={size}
      alt={`Row ${row.toLocaleString("en")}`}
      decoding="async"
    />
  );
}

function SheetImage({ row, size }: { row: number; size: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const images = description.value?.images;
  const come = thumbnailsCome.value;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !images) return;
    const canvasStyle = context.canvas.style;
    canvasStyle.width = canvasStyle.height = `${size}px`;
    context.clearRect(0, 0, images.tileWidth, images.tileHeight);
    const missing = withThumbnails(images, [row], (_, bitmap, x, y, width, height) => {
      context.drawImage(bitmap, x, y, width, height, 0, 0, width, height);
    });
    loadThumbnails(images, context.canvas, missing);
    return () => cancelThumbnails(context.canvas);
  }, [row, images, come, size]);
  if (!images) return null;
  return (
    <canvas
      ref={canvas}
      class={`${styles.pointImage} ${styles.enlarged}`}
      width={images.tileWidth}
      height={images.tileHeight}
      role="img"
      aria-label={`Row ${row.toLocaleString("en")}`}
    />
  );
}
