import { useLayoutEffect, useRef } from "preact/hooks";
import { description } from "../state.js";
import styles from "./decoded-image.module.css";

/** Draws one image of a picture with a row of images, fitted into a square of `size` pixels. */
export function DecodedImage({
  picture,
  index = 0,
  size,
  title,
}: {
  picture: ImageBitmap | undefined;
  index?: number;
  size: number;
  title: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const model = description.value?.model;
  const { width, height } = model ?? { width: 1, height: 1 };
  // A layout effect draws before the next frame, so that the image follows a slider without delay.
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !picture) return;
    context.clearRect(0, 0, width, height);
    context.drawImage(picture, index * width, 0, width, height, 0, 0, width, height);
  }, [picture, index, width, height]);
  const scale = size / Math.max(width, height);
  return (
    <canvas
      ref={canvas}
      class={scale > 1 ? `${styles.tile} ${styles.enlarged}` : styles.tile}
      width={width}
      height={height}
      style={{ width: `${width * scale}px`, height: `${height * scale}px` }}
      role="img"
      aria-label={title}
    />
  );
}
