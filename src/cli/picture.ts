import type { MatrixLike } from "../matrix.js";
import type { MapOptions } from "../plot/index.js";
import { withTypedNames } from "./failure.js";

/** Draws points as the picture that {@link preparePicture} was asked for. */
export type Draw = (
  points: MatrixLike,
  content?: Omit<MapOptions, "theme" | "width" | "height" | "format">,
) => Promise<Uint8Array>;

/**
 * Loads the drawing code and checks, before long work, what the picture shall be.
 *
 * @param flag the option that `path` was typed for, for errors
 * @throws {ArgumentError} for an extension or a look that cannot be drawn
 */
export async function preparePicture(
  flag: string,
  path: string,
  look: Pick<MapOptions, "theme" | "width" | "height"> = {},
): Promise<Draw> {
  const { drawMap, pictureFormat } = await import("../plot/index.js");
  const format = await withTypedNames({ path: flag }, async () => pictureFormat(path));
  return (points, content = {}) => drawMap(points, { ...look, ...content, format });
}
