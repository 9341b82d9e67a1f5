import { createCanvas, type Image, loadImage } from "@napi-rs/canvas";

/** A decoded picture. */
export interface Pixels {
  width: number;
  height: number;
  /** Red, green and blue at a pixel. */
  at(x: number, y: number): [number, number, number];
}

export async function pixelsOf(picture: Uint8Array): Promise<Pixels> {
  const image = (await loadImage(Buffer.from(picture))) as Image;
  const canvas = createCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  return {
    width: image.width,
    height: image.height,
    at(x, y) {
      const start = 4 * (y * image.width + x);
      return [data[start], data[start + 1], data[start + 2]];
    },
  };
}
